"""Which language a reader gets."""

from dataclasses import dataclass

from flask import Flask, Response, g, has_request_context, request
from flask_login import current_user

from techauction.wording import in_chinese

COOKIE = "language"
DEFAULT = "zh_Hans_CN"


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the pages: as Babel names it, as HTML does, and in its own words."""

    locale: str
    tag: str
    name: str


LANGUAGES = {"zh": Language("zh_Hans_CN", "zh-Hans-CN", "中文"), "en": Language("en", "en", "English")}


def selected() -> str:
    """Return the reader's locale: by `?lang`, then the cookie, the user, what the browser accepts, else Chinese."""
    if not has_request_context():
        return DEFAULT
    for short in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if short in LANGUAGES:
            return LANGUAGES[short].locale
    if current_user and current_user.is_authenticated and current_user.locale:
        return str(current_user.locale)
    accepted = request.accept_languages.best_match(["zh-CN", "zh", "zh-Hans-CN", "en"])
    return LANGUAGES["en"].locale if accepted == "en" else DEFAULT


def current() -> Language:
    """Return the language of the page that is being made."""
    return LANGUAGES["zh"] if in_chinese() else LANGUAGES["en"]


def remember(response: Response) -> Response:
    """Keep a language asked for by `?lang` for the pages after this one."""
    if (short := request.args.get("lang")) in LANGUAGES and short != request.cookies.get(COOKIE):
        keep(response, str(short))
    if "private" not in g:
        response.vary.add("Accept-Language")
    return response


def keep(response: Response, short: str) -> None:
    """Set the cookie that says which language to use."""
    response.set_cookie(
        COOKIE, short, max_age=365 * 24 * 3600, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
    )


def register(app: Flask) -> None:
    """Let `?lang` be remembered, and templates know the language."""
    app.after_request(remember)
    app.context_processor(lambda: {"language": current(), "languages": LANGUAGES})

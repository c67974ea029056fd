"""What somebody had written when the sign-in was gone: carried through the next sign-in, and back to its form.

It goes from page to page in the browser, in hidden fields: nothing of it is kept on the server, and nothing stands in an
address. At its form it is shown, and no more: whoever wrote it must press again, so a forged request gains nothing.
"""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from techauction.db import ONLY_SHOWN, OnlyShown
from techauction.web import navigation
from techauction.web.addresses import safe_next

SHOW, PAGE = "_show", "_page"
"""Fields of a post that only shows its form again; `PAGE`: where the form stood."""
NEVER_KEPT = frozenset({"password", "present", "new", "again", "csrf_token", SHOW, PAGE})
"""Passwords, and what belongs to one page only. A test looks for fields of passwords with other names."""
MOST_SIGNS = 90_000
"""More is not kept: in a form's encoding each sign may take nine bytes, and a body has a bound."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was written, where it was going, and the page on which it was written."""

    to: str
    page: str
    fields: tuple[tuple[str, str], ...]

    def packed(self) -> str:
        """Return it as one hidden field holds it."""
        return json.dumps([self.to, self.page, self.fields], ensure_ascii=False)


def written() -> Kept | None:
    """Return what this request wrote; nothing where it came from elsewhere, or wrote too much."""
    if request.method != "POST" or not comes_from_own_page():
        return None
    fields = tuple((name, value) for name, value in request.form.items(multi=True) if name not in NEVER_KEPT)
    if sum(len(name) + len(value) for name, value in fields) > MOST_SIGNS:
        return None
    to = request.full_path if request.query_string else request.path
    return Kept(to, page_before() or "", fields)


def unpacked(text: str | None) -> Kept | None:
    """Return what a hidden field holds, if it can be that and leads to a page of this installation."""
    try:
        to, page, fields = json.loads(text or "")
        kept = Kept(str(to), safe_next(str(page)) or "", tuple((str(name), str(value)) for name, value in fields))
    except (ValueError, TypeError, RecursionError):
        return None
    return kept if safe_next(kept.to) else None


def comes_from_own_page() -> bool:
    """Return whether a page of this installation sent the request: every browser says so with a post."""
    origin = request.headers.get("Origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.host


def page_before() -> str | None:
    """Return the page on which the form stood."""
    said = urlsplit(request.headers.get("Referer", ""))
    before = f"{said.path}?{said.query}" if said.query else said.path
    return safe_next(request.form.get(PAGE)) or (safe_next(before) if said.netloc == request.host else None)


def back_to_its_form(kept: Kept) -> str:
    """Return the page with one button, which leads back to the form."""
    g.private = True
    fields = [(name, value) for name, value in kept.fields if name not in NEVER_KEPT]
    return render_template("account/kept.html", to=kept.to, fields=[*fields, (SHOW, "yes"), (PAGE, kept.page)])


def is_only_shown() -> bool:
    """Return whether this request shows a form again, and does nothing."""
    return bool(g.get(ONLY_SHOWN))


def register(app: Flask) -> None:
    """Have a post that brings something back do nothing, whatever its view would do."""

    @app.before_request
    def only_show() -> None:
        if request.method == "POST" and SHOW in request.form:
            setattr(g, ONLY_SHOWN, True)
            flash(_("What you had written is back. Nothing has been sent yet: look at it, then press again."), "info")

    def show_its_page(_error: OnlyShown) -> ResponseReturnValue:
        return redirect(safe_next(request.form.get(PAGE)) or navigation.home(), 303)

    app.register_error_handler(OnlyShown, show_its_page)

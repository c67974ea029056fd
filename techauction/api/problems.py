"""How the API says no: RFC 9457 problems, with the refusal's code and facts, in the caller's language."""

from http import HTTPStatus

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from techauction.api.wire import packed
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.roundfile import RoundFileWrong
from techauction.db import db
from techauction.saleroom import answers
from techauction.wording import say

KIND = "application/problem+json"
STATUS = {
    "not_signed_in": 401,
    "token_ended": 401,
    "scope_missing": 403,
    "no_such": 404,
    "call_unreadable": 422,
    "json_key_twice": 422,
    "child_too_slow": 503,
    "children_busy": 503,
    "load_going": 503,
    "round_file_wrong": 422,
    "too_many_calls": 429,
}
"""The HTTP status of a refusal."""
_AGAIN_S: dict[int, str] = {429: "60", 503: "20"}
SAID = {
    400: _l("This request cannot be read"),
    405: _l("This address does not take this kind of request."),
    413: _l("That is too large"),
    500: _l("Something broke on our side"),
    503: _l("The house is busy"),
}


def refused(refusal: Refusal) -> Response:
    """Return the answer to a call that was refused."""
    facts: dict[str, object] = dict(refusal.as_json())
    if isinstance(refusal, RoundFileWrong):
        facts["problems"] = [{"path": _json_path(path), "what": what} for path, what in refusal.faults]
    with force_locale(_locale()):
        return _problem(STATUS[refusal.code], refusal.code, say(refusal), facts)


def failed(error: HTTPException) -> ResponseReturnValue:
    """Return the answer to a call that the web itself refuses, or that broke."""
    if isinstance(error, (InternalServerError, ServiceUnavailable)):
        # Whatever failed may have left the session unusable.
        db.session.rollback()
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    if status is HTTPStatus.NOT_FOUND:
        return refused(NoSuch())
    with force_locale(_locale()):
        said = SAID.get(status) or SAID[500 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 400]
        answer = _problem(status, status.phrase.lower().replace(" ", "_"), str(said), {})
    answer.headers.extend(
        (name, value) for name, value in error.get_headers() if name.lower() not in ("content-type", "content-length")
    )
    return answer


def _problem(status: int, code: str, sentence: str, facts: dict[str, object]) -> Response:
    answer = Response(packed({**facts, "type": "about:blank", "title": sentence, "status": status, "code": code}), status)
    answer.content_type = KIND
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = answers.CHALLENGE
    if status in _AGAIN_S:
        answer.headers["Retry-After"] = _AGAIN_S[status]
    return answer


def _json_path(path: str) -> str:
    return path if path == "$" else f"$.{path}"


def _locale() -> str:
    """Return the caller's language: as the call accepts, else as the user chose, else Chinese."""
    accepted = request.accept_languages.best_match(["zh", "en"])
    chosen = g.caller.locale if "caller" in g else None
    return "en" if (accepted or chosen) == "en" else "zh_Hans_CN"

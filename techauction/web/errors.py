"""Pages for what went wrong."""

import sqlite3
from collections.abc import Callable, Mapping
from http import HTTPStatus

import psycopg
import structlog
from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, InternalServerError, ServiceUnavailable

from techauction.children import ChildrenBusy, ChildTooSlow
from techauction.db import db
from techauction.postgresql import CommitUnknown, is_away
from techauction.web.account.asking import out_of_date

log = structlog.get_logger()
Answer = Callable[[HTTPException], ResponseReturnValue]

SAID = {
    400: (_l("This request cannot be read"), _l("Go back, load the page again, and repeat what you did.")),
    403: (_l("This page is not yours to open"), _l("Your account has another role. Sign in with the one that may see it.")),
    404: (_l("There is no such page"), _l("The address is wrong, or what stood here is not yours to see.")),
    405: (_l("This cannot be done here"), _l("The page does not take this kind of request.")),
    413: (_l("That is too large"), _l("Send a smaller file or a shorter text.")),
    422: (_l("Something written is not in order"), _l("Go back and look at what is marked.")),
    429: (_l("Too many tries"), _l("Wait some minutes, then try again.")),
    500: (_l("Something broke on our side"), _l("It was noted. Try again; if it stays, tell us the number below.")),
    503: (_l("The house is busy"), _l("Try again in a few seconds.")),
}
FORGED = (
    _l("This form is out of date"),
    _l("It was opened under another sign-in, or cookies are off. Load it again, then send it."),
)


class DatabaseAway(ServiceUnavailable):
    """The database does not answer."""


class InDoubt(ServiceUnavailable):
    """What was asked is done here, and may not outlive this server."""


BY_DATABASE: tuple[type[Exception], ...] = (SQLAlchemyError, sqlite3.Error, psycopg.Error)
"""What comes of the database: a transaction's begin, and the hot path's statements, raise what the driver raised."""

UNKEEPABLE = (OverflowError, UnicodeEncodeError, DataError)
"""What the databases raise at values that they have no room or no signs for: a number of 20 digits, half a sign, a NUL.

Fields say so themselves where they can; this is the net under those that do not.
"""


class AtWork(ServiceUnavailable):
    """What takes long is being done for others."""


class TooSlow(ServiceUnavailable):
    """What was asked takes longer than a page waits."""


class LinkNeeded(Forbidden):
    """The demonstration's sign-in is opened by the link that it printed."""


LINK_NEEDED = (
    _l("This needs the demonstration's link"),
    _l("Open the link that stands in the terminal where the demonstration runs. It lets this browser in from then on."),
)
IN_DOUBT = (
    _l("It is not known whether this was kept"),
    _l("It was done, but the second server has not said that it has it too. Look whether it stands before you do it again."),
)
AT_WORK = (
    _l("Others are verifying or exporting just now"),
    _l("Only a few such jobs are done at once, so that no bid waits for them. Try again in a few seconds."),
)
TOO_SLOW = (
    _l("This takes longer than a page can wait"),
    _l("Ask whoever runs the server: the command line does the same without a limit."),
)
APART: Mapping[type[HTTPException], tuple[LazyString, LazyString]] = {
    CSRFError: FORGED,
    AtWork: AT_WORK,
    TooSlow: TOO_SLOW,
    InDoubt: IN_DOUBT,
    LinkNeeded: LINK_NEEDED,
}


def register(app: Flask, apart: Mapping[str, Answer]) -> None:
    """Have the app answer errors with pages in the reader's language; `apart` says what has its own way below a path."""

    def answer(error: HTTPException) -> ResponseReturnValue:
        own = (each for path, each in apart.items() if request.path.startswith(f"{path}/"))
        return next(own, _answer)(error)

    def fail(error: Exception) -> ResponseReturnValue:
        away = is_away(error)
        log.error("database_failed", path=request.path, error=str(error)[:200], exc_info=None if away else error)
        return answer(DatabaseAway() if away else InternalServerError(original_exception=error))

    app.register_error_handler(HTTPException, answer)
    for kind in BY_DATABASE:
        app.register_error_handler(kind, fail)
    app.register_error_handler(CommitUnknown, lambda _error: answer(InDoubt()))
    app.register_error_handler(ChildrenBusy, lambda _error: answer(AtWork()))
    app.register_error_handler(ChildTooSlow, lambda _error: answer(TooSlow()))

    def unkeepable(error: Exception) -> ResponseReturnValue:
        # The session is of no use after that; the page reads who is signed in.
        db.session.rollback()
        log.warning("unkeepable", path=request.path, error=type(error).__name__)
        return answer(BadRequest())

    for kind in UNKEEPABLE:
        app.register_error_handler(kind, unkeepable)


def _answer(error: HTTPException) -> ResponseReturnValue:
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if error.response is not None or code < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    if isinstance(error, (InternalServerError, DatabaseAway)):
        # Whatever failed may have left the session unusable; the page reads who is signed in.
        db.session.rollback()
    if isinstance(error, CSRFError):
        log.info("csrf_refused", reason=str(error.description))
        if (answer := out_of_date()) is not None:
            return answer
    title, advice = APART.get(type(error)) or SAID.get(code, SAID[500 if code >= 500 else 400])  # noqa: PLR2004
    headers = [(name, value) for name, value in error.get_headers() if name.lower() not in ("content-type", "content-length")]
    if isinstance(error, DatabaseAway):
        return _broken(code), code, headers
    try:
        page = render_template("errors/error.html", code=code, title=title, advice=advice)
    except BY_DATABASE:
        # Without the database nobody knows who reads this, nor in which language.
        page = _broken(code)
    return page, code, headers


def _broken(code: int) -> str:
    return current_app.jinja_env.get_template("errors/broken.html").render(code=code)

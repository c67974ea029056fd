"""How the API writes its answers, and reads numbers: JSON with integer fen, instants in UTC with their offset."""

import json
import re
from dataclasses import fields, is_dataclass
from datetime import datetime

from flask import Response, request

from techauction.core.refusal import Refusal
from techauction.queries.paging import Paging

MOST_PAGES = 1_000_000
MOST_A_PAGE = 200
A_PAGE = 50
_NUMBER = re.compile(r"[0-9]{1,7}")


class CallUnreadable(Refusal):
    """A parameter is not what the API takes there."""

    code = "call_unreadable"

    def __init__(self, field: str) -> None:
        super().__init__(field=field)


def packed(value: object) -> str:
    """Return the value as JSON; what has fields is an object."""
    return json.dumps(value, separators=(",", ":"), default=_plain)


def answered(value: object, status: int = 200, **headers: str) -> Response:
    """Return an answer of JSON."""
    return Response(packed(value), status, headers={**headers}, content_type="application/json")


def paged(name: str, entries: object, paging: Paging) -> Response:
    """Return a page of a list; `next` is the number of the page after, or null."""
    return answered({name: entries, "page": paging.number, "pages": paging.pages, "total": paging.total, "next": paging.after})


def page_asked() -> tuple[int, int]:
    """Return which page of a list is asked for, and how many entries a page has.

    :raises CallUnreadable: it is no page
    """
    return _number("page", 1, most=MOST_PAGES), _number("per_page", A_PAGE, most=MOST_A_PAGE)


def _number(name: str, default: int, *, most: int) -> int:
    said = request.args.get(name)
    if said is None:
        return default
    if not _NUMBER.fullmatch(said) or not 1 <= int(said) <= most:
        raise CallUnreadable(name)
    return int(said)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    assert is_dataclass(value)
    return {field.name: getattr(value, field.name) for field in fields(value)}

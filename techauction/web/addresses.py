"""What an address may name: ids that a database has room for, text that it keeps, and pages of this installation."""

from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, request
from werkzeug.routing import IntegerConverter, UnicodeConverter, ValidationError

LARGEST_ID = 2**31 - 1
Member = TypeVar("Member", bound=StrEnum)


class IdConverter(IntegerConverter):
    """A whole number that may be an id; no other is looked for, because not every database can be asked for it."""

    regex = r"[0-9]{1,10}"

    def to_python(self, value: str) -> int:
        """Return the number.

        :raises ValidationError: no id is so large
        """
        number = int(value)
        if number > LARGEST_ID:
            raise ValidationError
        return number


class NameConverter(UnicodeConverter):
    """A text between two slashes; one with a NUL in it names nothing."""

    def to_python(self, value: str) -> str:
        """Return the text.

        :raises ValidationError: PostgreSQL cannot be asked for it
        """
        if "\x00" in value:
            raise ValidationError
        return value


def member(kind: type[Member], text: str) -> Member | None:
    """Return the member of an enumeration that a field or an argument names, if it is one."""
    return next((each for each in kind if each.value == text), None)


def identifier(text: str) -> int | None:
    """Return the id that a field or an argument names, if it can be one."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_ID))):
        return None
    return int(text) if int(text) <= LARGEST_ID else None


def safe_next(wanted: str | None) -> str | None:
    """Return where to go after the sign-in, if it is a page of this installation."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return None
    if any(ord(sign) < ord(" ") or sign == "\\" for sign in wanted):
        return None
    parts = urlsplit(wanted)
    return None if parts.scheme or parts.netloc else wanted


def register(app: Flask) -> None:
    """Have every address and its arguments looked at before a page is."""
    app.url_map.converters |= {"int": IdConverter, "default": NameConverter, "string": NameConverter}

    @app.before_request
    def no_nul() -> None:
        for name, value in request.args.items(multi=True):
            if "\x00" in name or "\x00" in value:
                abort(400)

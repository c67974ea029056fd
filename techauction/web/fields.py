"""Form fields that read amounts, rates and times as people write them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectMultipleField, StringField, TextAreaField, ValidationError
from wtforms.validators import Regexp
from wtforms.widgets import CheckboxInput, DateTimeLocalInput, Input, ListWidget, TextInput

from techauction.clock import SHANGHAI
from techauction.core import amount
from techauction.core.money import Money
from techauction.core.refusal import Refusal
from techauction.queries.choices import Choice
from techauction.web.filters import named
from techauction.wording import say, word

_RATE = re.compile(r"(?P<whole>[0-9]{1,3})(?:\.(?P<part>[0-9]{1,2}))?\s*%?")
_MOST_BPS = 10_000
YEARS = range(1970, 3000)
"""Years that somebody may mean. At the ends of the calendar no other zone, and no later close, could be reckoned."""
_UNSEEN = [
    sign
    for sign in map(chr, chain(range(0x10000), range(0xE0000, 0xE0080)))
    if unicodedata.category(sign) in ("Cc", "Cf") and sign not in "\t\n\r"
]
"""Signs that nobody sees; some of them turn the order of what stands around them, so that a title would read otherwise."""
_LINE = str.maketrans({"\t": " ", "\n": " ", "\r": " ", **dict.fromkeys(_UNSEEN, "")})
_LINES = str.maketrans({"\r": "", **dict.fromkeys(_UNSEEN, "")})


Beside = Mapping[type[Refusal], str]
"""Beside which of a form's fields a refusal is said."""


class Form(FlaskForm):  # type: ignore[misc]  # the library has no types
    """A form. Text is stripped; CSRF is the app's business, not the form's."""

    BESIDE: ClassVar[Beside] = {}

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """No token of the form's own, and text without spaces around it or signs that nobody sees."""

        csrf = False

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            """Return the field, which strips text unless it is a password."""
            kind = unbound_field.field_class
            if issubclass(kind, StringField) and not issubclass(kind, PasswordField):
                kept = _lines if issubclass(kind, TextAreaField) else _line
                options = {**options, "filters": (*unbound_field.kwargs.get("filters", ()), kept)}
            return super().bind_field(form, unbound_field, options)

    def refuse(self, refusal: Refusal, beside: str | None = None) -> None:
        """Say the refusal beside the field of that name, else where the form has it, else at its head."""
        sentence, beside = say(refusal), beside or self.BESIDE.get(type(refusal))
        if beside is not None and beside in self._fields:
            field = self._fields[beside]
            field.errors = [*field.errors, sentence]
        else:
            self.form_errors.append(sentence)


class _TextRead(Field):
    """A text that means something. Its data is None where nothing was written; what cannot be read is shown as it is."""

    widget: Input = TextInput()

    def read(self, text: str) -> object:
        """Return what the text means.

        :raises ValueError: with what is wrong
        """
        raise NotImplementedError

    def written(self, data: Any) -> str:
        """Return the text that means it."""
        raise NotImplementedError

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the text.

        :raises ValueError: with what is wrong
        """
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        self.data = self.read(text) if text else None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.written(self.data)


class MoneyField(_TextRead):
    """An amount of money: `1,230,000`, `123万`, `¥1204.58万`. Its data is `Money`."""

    data: Money | None

    def read(self, text: str) -> Money:
        """Return the amount."""
        try:
            return amount.read(text)
        except Refusal as refusal:
            raise ValueError(say(refusal)) from refusal

    def written(self, data: Money) -> str:
        """Return yuan."""
        return data.in_yuan()


class PercentField(_TextRead):
    """A rate in per cent with at most two places. Its data is in basis points."""

    data: int | None

    def read(self, text: str) -> int:
        """Return the basis points."""
        found = _RATE.fullmatch(text)
        points = int(found["whole"]) * 100 + int((found["part"] or "").ljust(2, "0")) if found else None
        if points is None or points > _MOST_BPS:
            raise ValueError(_("Write a rate from 0 to 100 with at most two decimal places."))
        return points

    def written(self, data: int) -> str:
        """Return per cent."""
        whole, part = divmod(data, 100)
        return f"{whole}.{part:02d}".rstrip("0").rstrip(".") if part else str(whole)


class ShanghaiDateTimeField(_TextRead):
    """A date and time as read off a clock in Shanghai. Its data is an aware instant in UTC."""

    widget = DateTimeLocalInput()
    data: datetime | None

    def read(self, text: str) -> datetime:
        """Return the instant."""
        try:
            local = datetime.fromisoformat(text)
        except ValueError as error:
            raise ValueError(_("Write a date and a time.")) from error
        if local.year not in YEARS:
            raise ValueError(_("Write a date and a time."))
        if local.tzinfo is None:
            local = local.replace(tzinfo=SHANGHAI)
        return local.astimezone(UTC)

    def written(self, data: datetime) -> str:
        """Return the clock's reading."""
        local = data.astimezone(SHANGHAI)
        return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")


class CheckboxesField(SelectMultipleField):
    """Several things to tick, under one heading."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def choices(members: Iterable[StrEnum]) -> list[tuple[str, str]]:
    """Return members of an enumeration as a form offers them, in the reader's words."""
    return [(each.value, word(each)) for each in members]


def keyed(offered: Iterable[Choice]) -> list[tuple[str, str]]:
    """Return markets or fields as a form offers them, in the reader's language."""
    return [(each.key, named(each.name)) for each in offered]


def an_email_address() -> Regexp:
    """Return the validator of an e-mail address; whether it exists is seen when something is sent."""
    return Regexp(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z", message=_l("Write an e-mail address."))


class SaidBeside(ValidationError):
    """A refusal said beside the field that a validator looks at."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(say(refusal))


def _line(text: Any) -> Any:
    # A browser's one-line field sends no line break: it would break a notice's subject in two.
    return text.translate(_LINE).strip() if isinstance(text, str) else text


def _lines(text: Any) -> Any:
    return text.translate(_LINES).strip() if isinstance(text, str) else text

"""Form fields that read amounts, rates and times as people write them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import chain
from typing import Any, ClassVar

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectMultipleField, StringField, TextAreaField, ValidationError
from wtforms.validators import Regexp
from wtforms.widgets import CheckboxInput, DateInput, DateTimeLocalInput, Input, ListWidget, TextInput

from techauction.clock import SHANGHAI
from techauction.core import amount
from techauction.core.digits import narrow, whole
from techauction.core.money import Money
from techauction.core.refusal import Refusal
from techauction.db import ONLY_SHOWN
from techauction.queries.choices import Choice
from techauction.web.filters import named
from techauction.wording import say, word

_RATE = re.compile(r"(?P<whole>[0-9]{1,3})(?:\.(?P<part>[0-9]{1,2}))?\s*%?")
_MOST_BPS = 10_000
_DATE = re.compile(r"(?P<year>[0-9]{4})\s*[-/.年]\s*(?P<month>[0-9]{1,2})\s*[-/.月]\s*(?P<day>[0-9]{1,2})(?![0-9])\s*日?")
_CLOCK = re.compile(r"(?<![0-9])(?P<hour>[0-9]{1,2})\s*[时點点]\s*(?:(?P<minute>[0-9]{1,2})\s*分?)?$")
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

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether everything can be read; never for what was brought back after a sign-in, which is only shown."""
        return not g.get(ONLY_SHOWN) and bool(super().validate(extra_validators))

    def refuse(self, refusal: Refusal, beside: str | None = None) -> None:
        """Say the refusal beside the field of that name, else where the form has it, else at its head."""
        sentence, beside = say(refusal), beside or self.BESIDE.get(type(refusal))
        if beside is not None and beside in self._fields:
            field = self._fields[beside]
            field.errors = [*field.errors, sentence]
        else:
            self.form_errors.append(sentence)


class TextRead(Field):
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


class MoneyField(TextRead):
    """An amount of money: `1,230,000`, `123万`, `1.2亿`, `人民币100万元整`. Its data is `Money`."""

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


class PercentField(TextRead):
    """A rate in per cent with at most two places. Its data is in basis points."""

    data: int | None

    def read(self, text: str) -> int:
        """Return the basis points."""
        found = _RATE.fullmatch(narrow(text))
        points = int(found["whole"]) * 100 + int((found["part"] or "").ljust(2, "0")) if found else None
        if points is None or points > _MOST_BPS:
            raise ValueError(_("Write a rate from 0 to 100 with at most two decimal places."))
        return points

    def written(self, data: int) -> str:
        """Return per cent."""
        whole, part = divmod(data, 100)
        return f"{whole}.{part:02d}".rstrip("0").rstrip(".") if part else str(whole)


def as_iso(text: str) -> str:
    """Return a date, perhaps with a time, in ISO 8601, of `２０２６／１１／２ 10:00` or `2026年11月2日10时` too."""

    def date_of(found: re.Match[str]) -> str:
        return f"{found['year']}-{found['month']:0>2}-{found['day']:0>2} "

    def clock_of(found: re.Match[str]) -> str:
        return f"{found['hour']:0>2}:{found['minute'] or 0:0>2}"

    return _CLOCK.sub(clock_of, _DATE.sub(date_of, narrow(text).replace("T", " "), count=1)).strip().replace("  ", " ")


class WholeField(TextRead):
    """A whole number, in whatever width its digits are typed. Its data is an int."""

    data: int | None

    def __call__(self, **kwargs: Any) -> Any:
        """Return the input, for which telephones show digits."""
        return super().__call__(**{"inputmode": "numeric", **kwargs})

    def read(self, text: str) -> int:
        """Return the number."""
        found = whole(text)
        if found is None:
            raise ValueError(_("Write a whole number."))
        return found

    def written(self, data: int) -> str:
        """Return the digits."""
        return str(data)


class DayField(TextRead):
    """A day: `2026-11-02`, `2026/11/2`, `2026年11月2日`. Its data is a date."""

    widget = DateInput()
    data: date | None

    def read(self, text: str) -> date:
        """Return the day."""
        try:
            day = date.fromisoformat(as_iso(text))
        except ValueError as error:
            raise ValueError(_("Write the day.")) from error
        if day.year not in YEARS:
            raise ValueError(_("Write the day."))
        return day

    def written(self, data: date) -> str:
        """Return the day as ISO 8601 has it."""
        return data.isoformat()


class ShanghaiDateTimeField(TextRead):
    """A date and time as read off a clock in Shanghai. Its data is an aware instant in UTC."""

    widget = DateTimeLocalInput()
    data: datetime | None

    def read(self, text: str) -> datetime:
        """Return the instant."""
        try:
            local = datetime.fromisoformat(as_iso(text))
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

"""Form fields that read amounts, rates and times as people write them."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectMultipleField, StringField, TextAreaField, ValidationError
from wtforms.validators import Regexp
from wtforms.widgets import CheckboxInput, DateTimeLocalInput, ListWidget, TextInput

from techauction.clock import SHANGHAI
from techauction.core import amount
from techauction.core.money import Money
from techauction.core.refusal import Refusal
from techauction.wording import say

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


class Form(FlaskForm):  # type: ignore[misc]  # the library has no types
    """A form. Text is stripped; CSRF is the app's business, not the form's."""

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
        """Say the refusal beside the field of that name, or at the head of the form."""
        sentence = say(refusal)
        if beside is not None and beside in self._fields:
            field = self._fields[beside]
            field.errors = [*field.errors, sentence]
        else:
            self.form_errors.append(sentence)


class MoneyField(Field):
    """An amount of money: `1,230,000`, `123万`, `¥1204.58万`. Its data is `Money`, or None where nothing was written."""

    widget = TextInput()
    data: Money | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.data.in_yuan()

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the amount.

        :raises ValueError: with the sentence of the refusal
        """
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            self.data = amount.read(valuelist[0])
        except Refusal as refusal:
            raise ValueError(say(refusal)) from refusal


class PercentField(Field):
    """A rate in per cent with at most two places. Its data is in basis points."""

    widget = TextInput()
    data: int | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if self.data is None:
            return ""
        whole, part = divmod(self.data, 100)
        return f"{whole}.{part:02d}".rstrip("0").rstrip(".") if part else str(whole)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the rate.

        :raises ValueError: with what is wrong
        """
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        found = _RATE.fullmatch(valuelist[0].strip())
        points = int(found["whole"]) * 100 + int((found["part"] or "").ljust(2, "0")) if found else None
        if points is None or points > _MOST_BPS:
            raise ValueError(_("Write a rate from 0 to 100 with at most two decimal places."))
        self.data = points


class ShanghaiDateTimeField(Field):
    """A date and time as read off a clock in Shanghai. Its data is an aware instant in UTC."""

    widget = DateTimeLocalInput()
    data: datetime | None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if self.data is None:
            return ""
        local = self.data.astimezone(SHANGHAI)
        return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the time.

        :raises ValueError: with what is wrong
        """
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            local = datetime.fromisoformat(valuelist[0].strip())
        except ValueError as error:
            raise ValueError(_("Write a date and a time.")) from error
        if local.year not in YEARS:
            raise ValueError(_("Write a date and a time."))
        if local.tzinfo is None:
            local = local.replace(tzinfo=SHANGHAI)
        self.data = local.astimezone(UTC)


class CheckboxesField(SelectMultipleField):
    """Several things to tick, under one heading."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


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

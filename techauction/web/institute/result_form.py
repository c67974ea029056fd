"""The form of a result: what it is, and on which terms it is to be sold."""

from collections.abc import Mapping
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from techauction.core.consigning import Instrument, ResultListed
from techauction.core.described import Described, Terms
from techauction.core.increment import is_odd, usual
from techauction.core.terms import LONGEST_RESULT_TITLE_EN, LONGEST_RIGHTS, LONGEST_SUMMARY, LONGEST_TITLE
from techauction.queries.institute import ResultPage
from techauction.web.editing import EditForm
from techauction.web.fields import Beside, MoneyField
from techauction.wording.words import MATURITY

_NEEDED = _l("This is needed.")
_YES, _NO = "yes", "no"


class ResultForm(EditForm):
    """A result with its round and its terms."""

    BESIDE: ClassVar[Beside] = {ResultListed: "title_zh"}

    CALLED: ClassVar[Mapping[str, str]] = {"reserve_announced": "announced"}

    round = SelectField(_l("Round"), [InputRequired(_l("Choose a round."))], coerce=int)
    title_zh = StringField(_l("Title in Chinese"), [InputRequired(_NEEDED), Length(max=LONGEST_TITLE)])
    title_en = StringField(_l("Title in English"), [Length(max=LONGEST_RESULT_TITLE_EN)])
    summary_zh = TextAreaField(_l("Summary in Chinese"), [Length(max=LONGEST_SUMMARY)])
    summary_en = TextAreaField(_l("Summary in English"), [Length(max=LONGEST_SUMMARY)])
    field = SelectField(_l("Field"), [InputRequired(_l("Choose a field."))])
    maturity = SelectField(_l("Maturity"), coerce=int, choices=list(MATURITY.items()), default=6)
    owners = StringField(_l("Owners of the rights"), [InputRequired(_NEEDED), Length(max=LONGEST_RIGHTS)])
    rights = StringField(_l("Rights"), [InputRequired(_NEEDED), Length(max=LONGEST_RIGHTS)])
    instrument = SelectField(_l("What the buyer gets"), [InputRequired(_l("Choose what the buyer gets."))])
    start = MoneyField(_l("Start price"))
    increment = MoneyField(_l("Increment"))
    odd_increment = BooleanField(_l("Yes, I mean this increment"))
    announced = RadioField(
        _l("Reserve"),
        [InputRequired(_l("Say whether a reserve is announced."))],
        choices=[
            (_NO, _l("No reserve: the highest bid buys")),
            (_YES, _l("A reserve is announced, and sealed by our sealing officer")),
        ],
        default=_NO,
    )

    def validate_increment(self, field: MoneyField) -> None:
        """Ask again for an increment that does not suit the start price.

        :raises ValidationError: with the question
        """
        start = self.start.data
        if start and field.data and is_odd(field.data, start) and not self.odd_increment.data:
            said = {"increment": field.data, "start": start, "usual": usual(start)}
            raise ValidationError(
                _(
                    "%(increment)s is unusual at a start price of %(start)s; %(usual)s would be usual. Tick that you mean it.",
                    **said,
                )
            )

    def round_id(self) -> int:
        """Return the id of the round chosen."""
        return int(self.round.data)

    def described(self) -> Described:
        """Return the result as it is described."""
        return Described(
            title_zh=str(self.title_zh.data),
            title_en=self.title_en.data or str(self.title_zh.data),
            summary_zh=str(self.summary_zh.data or ""),
            summary_en=str(self.summary_en.data or ""),
            field=str(self.field.data),
            maturity=int(self.maturity.data),
            instrument=Instrument(self.instrument.data),
            owners=str(self.owners.data),
            rights=str(self.rights.data),
        )

    def terms(self) -> Terms:
        """Return the terms; an increment that was not written suits the start price."""
        start, increment = self.start.data, self.increment.data
        if start is not None and increment is None:
            increment = usual(start)
        return Terms(start=start, increment=increment, reserve_announced=self.announced.data == _YES)


def filled(page: ResultPage) -> dict[str, Any]:
    """Return what the form shows of a result."""
    return {
        "title_zh": page.title.zh,
        "title_en": "" if page.title.en == page.title.zh else page.title.en,
        "summary_zh": page.summary.zh,
        "summary_en": page.summary.en,
        "field": page.field_key,
        "maturity": page.maturity,
        "owners": page.owners,
        "rights": page.rights,
        "instrument": page.instrument.value,
        "start": page.start,
        "increment": page.increment,
        "announced": _YES if page.reserve_announced else _NO,
    }

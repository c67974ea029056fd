"""The form of a result: what it is, and on which terms it is to be sold."""

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from techauction.core.consigning import Instrument, ResultListed
from techauction.queries.institute import ResultPage
from techauction.services.consigning import Described, Terms
from techauction.web.fields import Beside, Form, MoneyField
from techauction.wording.words import MATURITY

_NEEDED = _l("This is needed.")
_YES, _NO = "yes", "no"


class ResultForm(Form):
    """A result with its round and its terms."""

    BESIDE: ClassVar[Beside] = {ResultListed: "title_zh"}

    round = SelectField(_l("Round"), [InputRequired(_l("Choose a round."))], coerce=int)
    title_zh = StringField(_l("Title in Chinese"), [InputRequired(_NEEDED), Length(max=200)])
    title_en = StringField(_l("Title in English"), [InputRequired(_NEEDED), Length(max=300)])
    summary_zh = TextAreaField(_l("Summary in Chinese"), [Length(max=20_000)])
    summary_en = TextAreaField(_l("Summary in English"), [Length(max=20_000)])
    field = SelectField(_l("Field"), [InputRequired(_l("Choose a field."))])
    maturity = SelectField(_l("Maturity"), coerce=int, choices=list(MATURITY.items()), default=6)
    owners = StringField(_l("Owners of the rights"), [InputRequired(_NEEDED), Length(max=500)])
    rights = StringField(_l("Rights"), [InputRequired(_NEEDED), Length(max=500)])
    instrument = SelectField(_l("What the buyer gets"), [InputRequired(_l("Choose what the buyer gets."))])
    start = MoneyField(_l("Start price"))
    increment = MoneyField(_l("Increment"))
    announced = RadioField(
        _l("Reserve"),
        [InputRequired(_l("Say whether a reserve is announced."))],
        choices=[
            (_NO, _l("No reserve: the highest bid buys")),
            (_YES, _l("A reserve is announced, and sealed by our sealing officer")),
        ],
        default=_NO,
    )

    def round_id(self) -> int:
        """Return the id of the round chosen."""
        return int(self.round.data)

    def described(self) -> Described:
        """Return the result as it is described."""
        return Described(
            title_zh=str(self.title_zh.data),
            title_en=str(self.title_en.data),
            summary_zh=str(self.summary_zh.data or ""),
            summary_en=str(self.summary_en.data or ""),
            field=str(self.field.data),
            maturity=int(self.maturity.data),
            instrument=Instrument(self.instrument.data),
            owners=str(self.owners.data),
            rights=str(self.rights.data),
        )

    def terms(self) -> Terms:
        """Return the terms."""
        return Terms(start=self.start.data, increment=self.increment.data, reserve_announced=self.announced.data == _YES)


def filled(page: ResultPage) -> dict[str, Any]:
    """Return what the form shows of a result."""
    return {
        "title_zh": page.title.zh,
        "title_en": page.title.en,
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

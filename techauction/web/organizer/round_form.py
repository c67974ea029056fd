"""The form of a round: everything that a market decides before it is announced."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, ClassVar, TypeVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from techauction.clock import SHANGHAI
from techauction.core.admission import DepositKind, DepositRule
from techauction.core.days import SpecialDays, day_of, working_day_from
from techauction.core.lot import ExtensionKind
from techauction.core.planned import PlannedRound
from techauction.core.refusal import Refusal
from techauction.core.round import CustodianUnfit, MarketHasLots, Problem, Regime, RoundNotReady, SlugOnRecord, SlugTaken
from techauction.core.terms import (
    FREE_PERIOD,
    LONGEST_NOTE,
    LONGEST_SLUG,
    LONGEST_TITLE,
    MIN_ADMITTED,
    NUMBERS,
    SLUG,
    registration_end,
    reserve_deadline,
    unsaid,
)
from techauction.db import db
from techauction.services.rounds import slug_must_be_free
from techauction.web.addresses import identifier
from techauction.web.editing import EditForm
from techauction.web.fields import (
    Beside,
    CheckboxesField,
    MoneyField,
    PercentField,
    SaidBeside,
    ShanghaiDateTimeField,
    TextRead,
    WholeField,
    choices,
)
from techauction.wording import say_problem

T = TypeVar("T")

_NEEDED = _l("This is needed.")
_WHOLE = _l("Write a whole number from %(min)d to %(max)d.")
_SIGNS = _l("Use small letters, digits and single hyphens.")
_AHEAD = timedelta(days=14)
_OPENS = time(10)


def _whole(label: Any, name: str) -> WholeField:
    """Return the field of a number, which may be left empty where it has no default of its own."""
    number = NUMBERS[name]
    needed = Optional() if number.default is None else InputRequired(_NEEDED)
    return WholeField(label, [needed, NumberRange(number.least, number.most, _WHOLE)], default=number.default)


def _percent(label: Any, name: str) -> PercentField:
    return PercentField(label, default=NUMBERS[name].default)


def _at(label: Any) -> ShanghaiDateTimeField:
    return ShanghaiDateTimeField(label, [InputRequired(_l("Write a date and a time."))])


class RoundForm(EditForm):
    """A round's names, times and rules; what it does not say itself has the rules' defaults."""

    BESIDE: ClassVar[Beside] = {
        SlugTaken: "slug",
        SlugOnRecord: "slug",
        MarketHasLots: "markets",
        CustodianUnfit: "custodian",
    }

    round_id: int | None = None
    """The draft that is changed, if one is."""

    CALLED: ClassVar[Mapping[str, str]] = {"custodian_id": "custodian"}

    title_zh = StringField(_l("Title in Chinese"), [InputRequired(_NEEDED), Length(max=LONGEST_TITLE)])
    title_en = StringField(_l("Title in English"), [Length(max=LONGEST_TITLE)])
    slug = StringField(
        _l("Name in the web address"),
        [InputRequired(_NEEDED), Length(max=LONGEST_SLUG), Regexp(rf"(?:{SLUG})\Z", message=_SIGNS)],
    )
    markets = CheckboxesField(_l("Markets that take part"))
    regime = SelectField(_l("Whose rules hold"))
    custodian = SelectField(_l("Custodian of the reserves"), default="")
    of = HiddenField()
    rehearsal = BooleanField(_l("This is a rehearsal: it needs no notice, and is marked as one everywhere"))

    registration_closes_at = _at(_l("Registration and deposits close"))
    reserve_deadline_at = _at(_l("Reserves may be sealed until"))
    opens_at = _at(_l("Opens"))
    closes_at = _at(_l("First lot closes"))
    stagger_s = _whole(_l("Seconds from one lot's close to the next"), "stagger_s")

    extension_kind = SelectField(_l("How a late bid moves the close"))
    extension_trigger_s = _whole(_l("Timed period, in seconds"), "extension_trigger_s")
    extension_length_s = _whole(_l("Moved by, in seconds"), "extension_length_s")
    extension_cap_s = _whole(_l("In all at most, in seconds"), "extension_cap_s")

    max_steps = _whole(_l("Increments that one bid may rise"), "max_steps")
    collar = _whole(_l("Second confirmation over this multiple"), "collar")
    min_admitted = _whole(_l("Paddles admitted, at least"), "min_admitted")
    min_bidding = _whole(_l("Paddles that bid, at least"), "min_bidding")
    gap_s = _whole(_l("Absence that interrupts a lot, in seconds"), "gap_s")
    raise_own_bid = BooleanField(_l("Whoever leads may raise the own bid"))

    deposit_kind = SelectField(_l("Deposit"))
    deposit_share_bps = _percent(_l("Share of the start price"), "deposit_share_bps")
    deposit_reason = StringField(_l("Why the share is unusual"), [Length(max=LONGEST_NOTE)])
    deposit_fixed = MoneyField(_l("Fixed sum"))
    buyer_bps = _percent(_l("Buyer's commission"), "buyer_bps")
    seller_bps = _percent(_l("Institute's commission"), "seller_bps")
    commission_agreed = BooleanField(_l("Commission over 5 per cent a side was agreed"))
    commission_note = StringField(_l("What was agreed"), [Length(max=LONGEST_NOTE)])
    listing_share_bps = _percent(_l("Listing market's share of the commission"), "listing_share_bps")

    def offer(self, markets: list[tuple[str, str]], organizers: list[tuple[str, str]]) -> None:
        """Offer the markets, the own organizers, and the words of our enumerations."""
        self.custodian.choices = [("", _("Nobody: no reserve is shown before the hammer")), *organizers]
        self.markets.choices = markets
        self.regime.choices = choices(Regime)
        self.extension_kind.choices = choices(ExtensionKind)
        self.deposit_kind.choices = choices(DepositKind)

    def validate_deposit_fixed(self, field: MoneyField) -> None:
        """Say that a fixed sum is missing where one is meant."""
        if self.deposit_kind.data == DepositKind.FIXED and field.data is None and not field.errors:
            raise ValidationError(_("Write the sum, or choose a share of the start price."))

    def validate_slug(self, field: StringField) -> None:
        """Say beside the name for addresses if another round has it."""
        try:
            slug_must_be_free(db.session(), str(field.data), besides=self.round_id)
        except Refusal as refusal:
            raise SaidBeside(refusal) from refusal

    def validate_custodian(self, field: SelectField) -> None:
        """Say beside the custodian if these rules know none."""
        if field.data and self.regime.data != Regime.AUCTION:
            raise SaidBeside(CustodianUnfit())

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether a round can be kept as a draft: with everything else it says what lacks a word."""
        fine = super().validate(extra_validators)
        if not self._is_readable():
            return False
        problems = tuple(unsaid(self.planned(host="")))
        self.mark(problems)
        return fine and not problems

    def _is_readable(self) -> bool:
        """Return whether a round can be made of what was sent, whatever its names are."""
        texts = [each for each in self if isinstance(each, TextRead) and each is not self.deposit_fixed]
        chosen = (self.regime, self.extension_kind, self.deposit_kind)
        unread = [each for each in texts if each.data is None and (each.errors or each.flags.required)]
        return not unread and not any(each.errors for each in chosen)

    def planned(self, *, host: str, synthetic: bool = False) -> PlannedRound:
        """Return the round as it is planned; the host market always takes part."""
        return PlannedRound(
            slug=str(self.slug.data),
            title_zh=str(self.title_zh.data),
            title_en=self.title_en.data or str(self.title_zh.data),
            host_market=host,
            markets=tuple(dict.fromkeys([host, *(self.markets.data or ())])),
            regime=Regime(self.regime.data),
            rehearsal=bool(self.rehearsal.data),
            synthetic=synthetic,
            registration_closes_at=_said(self.registration_closes_at.data),
            reserve_deadline_at=_said(self.reserve_deadline_at.data),
            opens_at=_said(self.opens_at.data),
            closes_at=_said(self.closes_at.data),
            stagger_s=_said(self.stagger_s.data),
            extension_kind=ExtensionKind(self.extension_kind.data),
            extension_trigger_s=_said(self.extension_trigger_s.data),
            extension_length_s=_said(self.extension_length_s.data),
            extension_cap_s=self.extension_cap_s.data,
            max_steps=_said(self.max_steps.data),
            raise_own_bid=bool(self.raise_own_bid.data),
            collar=_said(self.collar.data),
            min_admitted=self.min_admitted.data or MIN_ADMITTED[Regime(self.regime.data)],
            min_bidding=_said(self.min_bidding.data),
            gap_s=_said(self.gap_s.data),
            deposit=DepositRule(
                kind=DepositKind(self.deposit_kind.data),
                share_bps=self.deposit_share_bps.data or 0,
                fixed=self.deposit_fixed.data,
            ),
            buyer_bps=self.buyer_bps.data or 0,
            seller_bps=self.seller_bps.data or 0,
            listing_share_bps=self.listing_share_bps.data or 0,
            commission_agreed=bool(self.commission_agreed.data),
            commission_note=self.commission_note.data or "",
            deposit_reason=self.deposit_reason.data or "",
            custodian_id=identifier(self.custodian.data or ""),
        )

    def refuse(self, refusal: Refusal, beside: str | None = None) -> None:
        """Say the refusal; what lacks a word, beside each field that lacks it."""
        if isinstance(refusal, RoundNotReady):
            self.mark(refusal.problems)
        else:
            super().refuse(refusal, beside)

    def mark(self, problems: tuple[Problem, ...]) -> None:
        """Say beside the fields what keeps the round from being published."""
        for problem in problems:
            if problem.lot is None and problem.field in self._fields:
                field = self._fields[problem.field]
                field.errors = [*field.errors, say_problem(problem)]


def label_of(problem: Problem) -> str:
    """Return what the form calls the field of a problem; a lot's and the list of lots have names of their own."""
    names: dict[str, str] = {"start": _("Start price"), "increment": _("Increment"), "lots": _("Lots")}
    name = names[problem.field] if problem.field in names else str(getattr(RoundForm, problem.field).args[0])
    return name if problem.lot is None else f"{_('Lot %(number)s', number=problem.lot)} · {name}"


def blank(now: datetime, special: SpecialDays) -> dict[str, datetime]:
    """Return the times that a new round begins with: on a working day two weeks ahead, from ten to two."""
    day = working_day_from(day_of(now + _AHEAD), special)
    opens_at = datetime.combine(day, _OPENS, SHANGHAI)
    return {
        "opens_at": opens_at,
        "closes_at": opens_at + FREE_PERIOD,
        "registration_closes_at": registration_end(opens_at, special, now),
        "reserve_deadline_at": reserve_deadline(opens_at, now),
    }


def filled(planned: PlannedRound) -> dict[str, Any]:
    """Return what the form shows of a round that is planned."""
    names = [name for name in PlannedRound.__slots__ if name not in ("deposit", "host_market", "synthetic", "custodian_id")]
    return {name: getattr(planned, name) for name in names} | {
        "markets": list(planned.markets),
        "regime": planned.regime.value,
        "title_en": "" if planned.title_en == planned.title_zh else planned.title_en,
        "custodian": str(planned.custodian_id or ""),
        "extension_kind": planned.extension_kind.value,
        "deposit_kind": planned.deposit.kind.value,
        "deposit_share_bps": planned.deposit.share_bps,
        "deposit_fixed": planned.deposit.fixed,
    }


def _said(value: T | None) -> T:
    assert value is not None
    return value

"""The form of a round: everything that a market decides before it is announced."""

from datetime import datetime, time, timedelta
from typing import Any, ClassVar, TypeVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from techauction.clock import SHANGHAI
from techauction.core.admission import DepositKind, DepositRule
from techauction.core.lot import ExtensionKind
from techauction.core.planned import PlannedRound
from techauction.core.round import CustodianUnfit, MarketHasLots, Problem, Regime, SlugOnRecord, SlugTaken
from techauction.web.fields import (
    Beside,
    CheckboxesField,
    Form,
    MoneyField,
    PercentField,
    ShanghaiDateTimeField,
    WholeField,
    choices,
)
from techauction.wording import say_problem

T = TypeVar("T")

_NEEDED = _l("This is needed.")
_WHOLE = _l("Write a whole number from %(min)d to %(max)d.")
_SIGNS = _l("Use small letters, digits and single hyphens.")
_AHEAD = timedelta(days=14)
_OPENS, _CLOSES, _REGISTRATION, _RESERVES = time(10), time(14), time(17), time(9, 30)


def _whole(label: Any, least: int, most: int, default: int) -> WholeField:
    return WholeField(label, [InputRequired(_NEEDED), NumberRange(least, most, _WHOLE)], default=default)


def _at(label: Any) -> ShanghaiDateTimeField:
    return ShanghaiDateTimeField(label, [InputRequired(_l("Write a date and a time."))])


class RoundForm(Form):
    """A round's names, times and rules; what it does not say itself has the rules' defaults."""

    BESIDE: ClassVar[Beside] = {
        SlugTaken: "slug",
        SlugOnRecord: "slug",
        MarketHasLots: "markets",
        CustodianUnfit: "custodian",
    }

    title_zh = StringField(_l("Title in Chinese"), [InputRequired(_NEEDED), Length(max=200)])
    title_en = StringField(_l("Title in English"), [InputRequired(_NEEDED), Length(max=200)])
    slug = StringField(
        _l("Name in the web address"),
        [InputRequired(_NEEDED), Length(max=64), Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$", message=_SIGNS)],
    )
    markets = CheckboxesField(_l("Markets that take part"))
    regime = SelectField(_l("Whose rules hold"))
    custodian = SelectField(_l("Custodian of the reserves"), default="")
    rehearsal = BooleanField(_l("This is a rehearsal: it needs no notice, and is marked as one everywhere"))

    registration_closes_at = _at(_l("Registration and deposits close"))
    reserve_deadline_at = _at(_l("Reserves may be sealed until"))
    opens_at = _at(_l("Opens"))
    closes_at = _at(_l("First lot closes"))
    stagger_s = _whole(_l("Seconds from one lot's close to the next"), 0, 86_400, 0)

    extension_kind = SelectField(_l("How a late bid moves the close"))
    extension_trigger_s = _whole(_l("Timed period, in seconds"), 1, 3_600, 300)
    extension_length_s = _whole(_l("Moved by, in seconds"), 1, 3_600, 300)
    extension_cap_s = WholeField(_l("All moves together, at most, in seconds"), [Optional(), NumberRange(0, 604_800, _WHOLE)])

    max_steps = _whole(_l("Increments that one bid may rise"), 1, 10_000, 10)
    collar = _whole(_l("Second confirmation over this multiple of the price"), 0, 10_000, 3)
    min_admitted = _whole(_l("Paddles admitted, at least"), 1, 10_000, 2)
    min_bidding = _whole(_l("Paddles that bid, at least"), 1, 10_000, 1)
    gap_s = _whole(_l("Absence of the server that interrupts a lot, in seconds"), 0, 3_600, 10)
    raise_own_bid = BooleanField(_l("Whoever leads may raise the own bid"))

    deposit_kind = SelectField(_l("Deposit"))
    deposit_share_bps = PercentField(_l("Share of the start price"), default=1_000)
    deposit_fixed = MoneyField(_l("Fixed sum"))
    buyer_bps = PercentField(_l("Buyer's commission"), default=0)
    seller_bps = PercentField(_l("Institute's commission"), default=0)
    listing_share_bps = PercentField(_l("Listing market's share of the commission"), default=5_000)

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

    def planned(self, *, host: str, synthetic: bool = False) -> PlannedRound:
        """Return the round as it is planned; the host market always takes part."""
        return PlannedRound(
            slug=str(self.slug.data),
            title_zh=str(self.title_zh.data),
            title_en=str(self.title_en.data),
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
            min_admitted=_said(self.min_admitted.data),
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
            custodian_id=int(self.custodian.data) if self.custodian.data else None,
        )

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


def blank(now: datetime) -> dict[str, datetime]:
    """Return the times that a new round begins with: two weeks ahead, ten to two, registration until the evening before."""
    day = (now + _AHEAD).astimezone(SHANGHAI).date()
    return {
        "opens_at": datetime.combine(day, _OPENS, SHANGHAI),
        "closes_at": datetime.combine(day, _CLOSES, SHANGHAI),
        "registration_closes_at": datetime.combine(day - timedelta(days=1), _REGISTRATION, SHANGHAI),
        "reserve_deadline_at": datetime.combine(day, _RESERVES, SHANGHAI),
    }


def filled(planned: PlannedRound) -> dict[str, Any]:
    """Return what the form shows of a round that is planned."""
    names = [name for name in PlannedRound.__slots__ if name not in ("deposit", "host_market", "synthetic", "custodian_id")]
    return {name: getattr(planned, name) for name in names} | {
        "markets": list(planned.markets),
        "regime": planned.regime.value,
        "custodian": str(planned.custodian_id or ""),
        "extension_kind": planned.extension_kind.value,
        "deposit_kind": planned.deposit.kind.value,
        "deposit_share_bps": planned.deposit.share_bps,
        "deposit_fixed": planned.deposit.fixed,
    }


def _said(value: T | None) -> T:
    assert value is not None
    return value

"""A whole round as one JSON file: its shape, its defaults, and everything that may be wrong with it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from techauction.core.admissible import MOST_ADMISSIONS, Admissible
from techauction.core.admission import DepositKind, DepositRule
from techauction.core.consigning import MOST_LOT, Instrument
from techauction.core.days import SpecialDays
from techauction.core.lot import ExtensionKind, Format
from techauction.core.money import LARGEST_FEN, Money
from techauction.core.paddle import LEAST_PADDLE, MOST_PADDLE
from techauction.core.planned import PlannedBidder, PlannedLot, PlannedOrganisation, PlannedRound, RoundFile
from techauction.core.provinces import PROVINCES
from techauction.core.reading import Faults, Part
from techauction.core.refusal import Refusal
from techauction.core.round import Regime
from techauction.core.terms import (
    FREE_PERIOD,
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_PERSON,
    LONGEST_RESULT_TITLE_EN,
    LONGEST_RIGHTS,
    LONGEST_SUMMARY,
    LONGEST_TITLE,
    MIN_ADMITTED,
    NUMBERS,
    registration_end,
    reserve_deadline,
)

_UNSAID = datetime(2999, 1, 1, tzinfo=UTC)
"""Stands in for an opening that was not said or cannot be read, so that the rest is read too."""


MOST_BYTES = 32 * 1024 * 1024
MOST_LOTS = 10_000
MOST_ORGANISATIONS = 20_000
MOST_MARKETS = 100
MOST_RUNGS = 100
"""How much a round file may hold (and `MOST_ADMISSIONS`)."""


class RoundFileWrong(Refusal):
    """The file cannot be loaded: the first `faults`, each a path and what is wrong there, and how many `more` there are."""

    code = "round_file_wrong"

    def __init__(self, faults: Sequence[tuple[str, str]], more: int = 0) -> None:
        self.faults = tuple(faults)
        self.more = more
        super().__init__(problems="; ".join(self.problems) + (f"; and {more} more" if more else ""), more=more)

    @property
    def count(self) -> int:
        """Return how many faults the file has."""
        return len(self.faults) + self.more

    @property
    def problems(self) -> tuple[str, ...]:
        """Return the faults in words, each as `path: what`."""
        return tuple(f"{path}: {what}" for path, what in self.faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an installation has: keys, and the special days, each as `2026-10-01` with whether people work on it."""

    markets: Collection[str]
    fields: Collection[str]
    kinds: Collection[str]
    special: Mapping[str, bool] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return it as JSON values, of which it is made again by name."""
        keys = {"markets": self.markets, "fields": self.fields, "kinds": self.kinds}
        return {name: sorted(each) for name, each in keys.items()} | {"special": dict(self.special)}

    def days(self) -> SpecialDays:
        """Return the special days."""
        return {date.fromisoformat(day): works for day, works in self.special.items()}


def read(plain: object, known: Known, faults: Faults, now: datetime) -> RoundFile:
    """Return the file as far as it can be read, noting all its faults; with any of them noted it must not be used."""
    whole = Part(plain, "", faults)
    planned = _round(whole.part("round"), known, faults, now)
    institutes = [_institute(part, known) for part in whole.each("institutes", most=MOST_ORGANISATIONS, required=True)]
    places = {each.key: place for place, each in enumerate(institutes)}
    _unique(institutes, "key", "credit_code", faults=faults)
    homes = [each.market for each in institutes]
    lots = [
        _lot(part, number, planned, known, places=places, homes=homes)
        for number, part in enumerate(whole.each("lots", most=MOST_LOTS, required=True), 1)
    ]
    _unique(lots, "number", faults=faults)
    admissible = Admissible(
        {lot.number: institutes[lot.institute].credit_code if lot.institute < len(institutes) else "" for lot in lots}
    )
    bidders = [_bidder(part, known, admissible) for part in whole.each("enterprises", most=MOST_ORGANISATIONS)]
    if len(institutes) + len(bidders) > MOST_ORGANISATIONS:
        faults.note("enterprises", f"must have at most {MOST_ORGANISATIONS} entries, the institutes counted")
    if admissible.counted > MOST_ADMISSIONS:
        faults.note("enterprises", f"must not come to more than {MOST_ADMISSIONS} admissions to lots")
    _unique([each.enterprise for each in bidders], "key", "credit_code", faults=faults)
    numbers: set[int] = set()
    for bidder in bidders:
        if bidder.paddle in numbers:
            faults.note(f"{bidder.enterprise.path}.paddle", f"{bidder.paddle} is given twice")
        numbers.add(bidder.paddle)
    whole.refuse_others()
    return RoundFile(round=planned, institutes=tuple(institutes), lots=tuple(lots), bidders=tuple(bidders))


def _round(part: Part, known: Known, faults: Faults, now: datetime) -> PlannedRound:
    if not part.has("opens_at"):
        part.note("opens_at", "is missing")
    opens_at = part.instant("opens_at") or _UNSAID
    host = part.known("host_market", known.markets)
    regime = part.one_of("regime", Regime, Regime.EXCHANGE)
    title = part.text("title_zh", most=LONGEST_TITLE)
    deposit_kind = part.one_of("deposit_kind", DepositKind, DepositKind.SHARE)
    fixed = part.money_or_none("deposit_fixed_fen", least=0)
    if deposit_kind is DepositKind.FIXED and not faults.any_under(part.at("deposit_fixed_fen")) and fixed is None:
        part.note("deposit_fixed_fen", "is missing")
    read_round = PlannedRound(
        slug=part.slug("slug"),
        title_zh=title,
        title_en=part.text("title_en", title, most=LONGEST_TITLE),
        host_market=host,
        markets=_markets(part, host, known),
        regime=regime,
        rehearsal=part.flag("rehearsal", default=False),
        synthetic=part.flag("synthetic", default=False),
        registration_closes_at=part.instant("registration_closes_at") or registration_end(opens_at, known.days(), now),
        reserve_deadline_at=part.instant("reserve_deadline_at") or reserve_deadline(opens_at, now),
        opens_at=opens_at,
        closes_at=part.instant("closes_at") or opens_at + FREE_PERIOD,
        stagger_s=_number(part, "stagger_s"),
        extension_kind=part.one_of("extension_kind", ExtensionKind, ExtensionKind.FROM_BID),
        extension_trigger_s=_number(part, "extension_trigger_s"),
        extension_length_s=_number(part, "extension_length_s"),
        extension_cap_s=_number(part, "extension_cap_s") if part.has("extension_cap_s") else None,
        max_steps=_number(part, "max_steps"),
        raise_own_bid=part.flag("raise_own_bid", default=False),
        collar=_number(part, "collar"),
        min_admitted=_number(part, "min_admitted", MIN_ADMITTED[regime]),
        min_bidding=_number(part, "min_bidding"),
        gap_s=_number(part, "gap_s"),
        deposit=DepositRule(kind=deposit_kind, share_bps=_number(part, "deposit_share_bps"), fixed=fixed),
        buyer_bps=_number(part, "buyer_bps"),
        seller_bps=_number(part, "seller_bps"),
        listing_share_bps=_number(part, "listing_share_bps"),
        commission_agreed=part.flag("commission_agreed", default=False),
        commission_note=part.text("commission_note", "", most=LONGEST_NOTE, lines=True),
        deposit_reason=part.text("deposit_reason", "", most=LONGEST_NOTE, lines=True),
    )
    part.refuse_others()
    return read_round


def _number(part: Part, name: str, default: int | None = None) -> int:
    number = NUMBERS[name]
    found = number.default if default is None else default
    return part.whole(name, number.least if found is None else found, least=number.least, most=number.most)


def _markets(part: Part, host: str, known: Known) -> tuple[str, ...]:
    said = part.value("markets")
    if said is None:
        return (host,)
    if not isinstance(said, list):
        part.note("markets", "must be a list")
        return (host,)
    if len(said) > MOST_MARKETS:
        part.note("markets", f"must have at most {MOST_MARKETS} entries, not {len(said)}")
        return (host,)
    for place, key in enumerate(said):
        if not isinstance(key, str) or key not in known.markets:
            part.note(f"markets[{place}]", f"must be one of {', '.join(sorted(known.markets))}")
    if host and host not in said:
        part.note("markets", "must name the host market")
    return tuple(dict.fromkeys([host, *(key for key in said if isinstance(key, str))]))


def _institute(part: Part, known: Known) -> PlannedOrganisation:
    institute = _organisation(part, known, part.known("kind", known.kinds))
    part.refuse_others()
    return institute


def _organisation(part: Part, known: Known, kind: str, agent: str = "") -> PlannedOrganisation:
    name = part.text("name_zh", most=LONGEST_NAME)
    accepted = part.flag("code_accepted", default=False)
    return PlannedOrganisation(
        path=part.path,
        key=part.text("key", most=64),
        kind=kind,
        name_zh=name,
        name_en=part.text("name_en", name, most=LONGEST_NAME),
        credit_code=part.credit_code("credit_code", unchecked=accepted),
        code_accepted=accepted,
        province=part.known("province", PROVINCES),
        market=part.known("market", known.markets),
        agent=agent,
    )


def _lot(
    part: Part, place: int, planned: PlannedRound, known: Known, *, places: dict[str, int], homes: Sequence[str]
) -> PlannedLot:
    institute = places.get(part.text("institute", most=64), len(homes))
    if institute == len(homes) and part.has("institute"):
        part.note("institute", "is none of the file's institutes")
    start = part.money("start_fen")
    reserve = part.money_or_none("reserve_fen")
    if reserve is not None and reserve < start:
        part.note("reserve_fen", "must not be under the start price")
    ladder = _ladder(part)
    increment = Money(ladder[0][1]) if ladder and not part.has("increment_fen") else part.money("increment_fen")
    home = homes[institute] if institute < len(homes) else planned.host_market
    market = part.known("market", known.markets, home)
    if market and market not in planned.markets:
        part.note("market", "takes no part in the round")
    title = part.text("title_zh", most=LONGEST_TITLE)
    lot = PlannedLot(
        path=part.path,
        number=part.whole("number", place, least=1, most=MOST_LOT),
        title_zh=title,
        title_en=part.text("title_en", title, most=LONGEST_RESULT_TITLE_EN),
        summary_zh=part.text("summary_zh", "", most=LONGEST_SUMMARY, lines=True),
        summary_en=part.text("summary_en", "", most=LONGEST_SUMMARY, lines=True),
        field=part.known("field", known.fields),
        market=market,
        institute=institute,
        maturity=part.whole("maturity", least=1, most=9),
        instrument=part.one_of("instrument", Instrument),
        format=part.one_of("format", Format, Format.ASCENDING),
        owners=part.text("owners", most=LONGEST_RIGHTS),
        rights=part.text("rights", most=LONGEST_RIGHTS),
        start=start,
        increment=increment,
        ladder=ladder,
        reserve=reserve,
    )
    part.refuse_others()
    return lot


def _ladder(part: Part) -> list[list[int]] | None:
    """Return the rungs `[[from_fen, increment_fen], …]`: the first from zero, rising, each with an increment."""
    said = part.value("ladder")
    if said is None:
        return None
    if not isinstance(said, list) or not said:
        part.note("ladder", "must be a list of [from_fen, increment_fen]")
        return None
    if len(said) > MOST_RUNGS:
        part.note("ladder", f"must have at most {MOST_RUNGS} entries, not {len(said)}")
        return None
    before = -1
    for place, rung in enumerate(said):
        name = f"ladder[{place}]"
        if not isinstance(rung, list) or [type(sum_) for sum_ in rung] != [int, int]:
            part.note(name, "must be [from_fen, increment_fen], whole numbers of fen")
            return None
        price, increment = rung
        if price <= before or (not place and price):
            part.note(name, "must start at 0 and rise")
        if not 1 <= increment <= LARGEST_FEN or price > LARGEST_FEN:
            part.note(name, f"must have an increment from 1 to {LARGEST_FEN}")
        before = price
    return said


def _bidder(part: Part, known: Known, admissible: Admissible) -> PlannedBidder:
    enterprise = _organisation(part, known, "enterprise", part.text("agent", "", most=LONGEST_PERSON))
    said = part.value("lots")
    lots: tuple[int, ...] = ()
    if said is None:
        part.note("lots", "is missing")
    elif isinstance(said, list):
        if not said:
            part.note("lots", "must name a lot")
        lots = admissible.named(part, said, enterprise.credit_code)
    elif said == "all":
        lots = admissible.all_for(enterprise.credit_code)
    else:
        part.note("lots", 'must be "all" or a list of lot numbers')
    bidder = PlannedBidder(enterprise=enterprise, paddle=part.whole("paddle", least=LEAST_PADDLE, most=MOST_PADDLE), lots=lots)
    part.refuse_others()
    return bidder


def _unique(parts: Sequence[PlannedOrganisation | PlannedLot], *names: str, faults: Faults) -> None:
    for name in names:
        seen = set()
        for part in parts:
            value = getattr(part, name)
            if value and value in seen:
                faults.note(f"{part.path}.{name}", f"{value} is given twice")
            seen.add(value)

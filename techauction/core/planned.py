"""A round as it is planned, on a page or in a file, complete."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from techauction.core.admission import DepositRule
from techauction.core.consigning import Instrument
from techauction.core.lot import ExtensionKind, Format
from techauction.core.money import Money
from techauction.core.record import instant
from techauction.core.round import Regime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRound:
    """The round itself. `custodian_id`: who may read its reserves, where the Auction Law's rules hold.

    `commission_note`: what was agreed of the commission, where that is over what the law allows without an agreement;
    `deposit_reason`: why the deposit's share is unusual.
    """

    slug: str
    title_zh: str
    title_en: str
    host_market: str
    markets: tuple[str, ...]
    regime: Regime
    rehearsal: bool
    synthetic: bool
    registration_closes_at: datetime
    reserve_deadline_at: datetime
    opens_at: datetime
    closes_at: datetime
    stagger_s: int
    extension_kind: ExtensionKind
    extension_trigger_s: int
    extension_length_s: int
    extension_cap_s: int | None
    max_steps: int
    raise_own_bid: bool
    collar: int
    min_admitted: int
    min_bidding: int
    gap_s: int
    deposit: DepositRule
    buyer_bps: int
    seller_bps: int
    listing_share_bps: int
    commission_agreed: bool = False
    commission_note: str = ""
    deposit_reason: str = ""
    custodian_id: int | None = None

    def as_json(self) -> dict[str, object]:
        """Return the plan as it stands in the round's record: all of it, so that what is added to a plan is on record too."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}


def _plain(value: object) -> object:
    """Return a part of a plan as plain JSON."""
    match value:
        case StrEnum():
            return value.value
        case datetime():
            return instant(value)
        case tuple():
            return sorted(value)
        case DepositRule():
            fixed = None if value.fixed is None else value.fixed.minor
            return {"kind": value.kind.value, "share_bps": value.share_bps, "fixed_fen": fixed}
        case _:
            return value


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrganisation:
    """An institute or an enterprise. `path`: where it stands in the file; `code_accepted`: its code need not check."""

    path: str
    key: str
    kind: str
    name_zh: str
    name_en: str
    credit_code: str
    province: str
    market: str
    agent: str = ""
    code_accepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLot:
    """A lot with its result. `institute` is the index of its institute in the file."""

    path: str
    number: int
    title_zh: str
    title_en: str
    summary_zh: str
    summary_en: str
    field: str
    market: str
    institute: int
    maturity: int
    instrument: Instrument
    format: Format
    owners: str
    rights: str
    start: Money
    increment: Money
    ladder: list[list[int]] | None
    reserve: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBidder:
    """An enterprise's paddle, and the numbers of the lots that it is admitted to."""

    enterprise: PlannedOrganisation
    paddle: int
    lots: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFile:
    """A round as the file says it, with the defaults filled in."""

    round: PlannedRound
    institutes: tuple[PlannedOrganisation, ...]
    lots: tuple[PlannedLot, ...]
    bidders: tuple[PlannedBidder, ...]

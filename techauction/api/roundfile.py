"""The shape of a whole round in one call, for the OpenAPI document; it is `core/roundfile.py` that reads it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from techauction.api.shapes import Fen
from techauction.core.admission import DepositKind
from techauction.core.consigning import MOST_LOT, Instrument
from techauction.core.credit_code import SIGNS
from techauction.core.lot import ExtensionKind, Format
from techauction.core.money import LARGEST_FEN
from techauction.core.paddle import LEAST_PADDLE, MOST_PADDLE
from techauction.core.provinces import PROVINCES
from techauction.core.round import Regime
from techauction.core.roundfile import MOST_LOTS, MOST_MARKETS, MOST_ORGANISATIONS, MOST_RUNGS
from techauction.core.terms import (
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_PERSON,
    LONGEST_RESULT_TITLE_EN,
    LONGEST_RIGHTS,
    LONGEST_SLUG,
    LONGEST_SUMMARY,
    LONGEST_TITLE,
    NUMBERS,
    SLUG,
)
from techauction.store.people import OrganisationKind

Title = Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Owned = Annotated[str, Field(min_length=1, max_length=LONGEST_RIGHTS)]
Summary = Annotated[str, Field(max_length=LONGEST_SUMMARY)]
Note = Annotated[str, Field(max_length=LONGEST_NOTE)]
Key = Annotated[str, Field(min_length=1, max_length=64)]
Rung = tuple[Annotated[int, Field(ge=0, le=LARGEST_FEN)], Fen]


def _in_range(name: str) -> FieldInfo:
    """Return the range of a round's number."""
    info: FieldInfo = Field(ge=NUMBERS[name].least, le=NUMBERS[name].most)
    return info


class _Part(BaseModel):
    """A part of the file. What may be left out may be null too."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class PlannedRound(_Part):
    """A round: its name, its times and its terms."""

    slug: Annotated[str, Field(pattern=f"^{SLUG}$", max_length=LONGEST_SLUG)]
    """Its name in addresses, unlike any other's."""
    title_zh: Title
    title_en: Title | None = None
    """The Chinese title where nothing is said."""
    host_market: str
    """The market that you work for."""
    markets: Annotated[list[str], Field(max_length=MOST_MARKETS)] | None = None
    """The markets that hold it together, the host among them; the host alone where nothing is said."""
    regime: Regime | None = Regime.EXCHANGE
    rehearsal: bool | None = False
    """A rehearsal is marked as such everywhere, needs no notice of 7 days, and may open in seconds."""
    synthetic: bool | None = False
    registration_closes_at: datetime | None = None
    """17:00 in Shanghai on the working day before `opens_at` where nothing is said, or `opens_at` where that is past."""
    reserve_deadline_at: datetime | None = None
    """Half an hour before `opens_at` where nothing is said, or `opens_at` where that is past."""
    opens_at: datetime
    closes_at: datetime | None = None
    """Four hours after `opens_at` where nothing is said."""
    stagger_s: Annotated[int, _in_range("stagger_s")] | None = NUMBERS["stagger_s"].default
    """By how much each lot closes after the one before."""
    extension_kind: ExtensionKind | None = ExtensionKind.FROM_BID
    extension_trigger_s: Annotated[int, _in_range("extension_trigger_s")] | None = NUMBERS["extension_trigger_s"].default
    extension_length_s: Annotated[int, _in_range("extension_length_s")] | None = NUMBERS["extension_length_s"].default
    extension_cap_s: Annotated[int, _in_range("extension_cap_s")] | None = NUMBERS["extension_cap_s"].default
    max_steps: Annotated[int, _in_range("max_steps")] | None = NUMBERS["max_steps"].default
    raise_own_bid: bool | None = False
    collar: Annotated[int, _in_range("collar")] | None = NUMBERS["collar"].default
    """An offer over so many times the price must be confirmed."""
    min_admitted: Annotated[int, _in_range("min_admitted")] | None = NUMBERS["min_admitted"].default
    """Where nothing is said: 2, under the Auction Law 1."""
    min_bidding: Annotated[int, _in_range("min_bidding")] | None = NUMBERS["min_bidding"].default
    gap_s: Annotated[int, _in_range("gap_s")] | None = NUMBERS["gap_s"].default
    deposit_kind: DepositKind | None = DepositKind.SHARE
    deposit_share_bps: Annotated[int, _in_range("deposit_share_bps")] | None = NUMBERS["deposit_share_bps"].default
    deposit_fixed_fen: Annotated[int, Field(ge=0, le=LARGEST_FEN)] | None = None
    buyer_bps: Annotated[int, _in_range("buyer_bps")] | None = NUMBERS["buyer_bps"].default
    seller_bps: Annotated[int, _in_range("seller_bps")] | None = NUMBERS["seller_bps"].default
    listing_share_bps: Annotated[int, _in_range("listing_share_bps")] | None = NUMBERS["listing_share_bps"].default
    commission_agreed: bool | None = False
    """Commission over 500 a side needs this and a note: the Auction Law (art. 56) allows no more where nothing was agreed."""
    commission_note: Note | None = ""
    """What was agreed, with whom and when; it stands on the announcement."""
    deposit_reason: Note | None = ""
    """Why a share is outside 500 to 2000, where it is; it stands on the announcement."""


class _Organisation(_Part):
    """An organisation; one that is here already, by its credit code, stays as it is."""

    key: Key
    """Its name in this file."""
    name_zh: Name
    name_en: Name | None = None
    """The Chinese name where nothing is said."""
    credit_code: Annotated[str, Field(pattern=f"^[{SIGNS}]{{18}}$")]
    """By GB 32100: its last sign checks the others."""
    code_accepted: bool | None = False
    """You have seen the licence of an organisation of your market, and an older code stands so on it that does not check."""
    province: Annotated[str, Field(json_schema_extra={"enum": list(PROVINCES)})]
    market: str


class PlannedInstitute(_Organisation):
    """An institute that consigns lots of the round."""

    kind: OrganisationKind


class PlannedEnterprise(_Organisation):
    """An enterprise with its paddle; its deposits are recorded as held."""

    agent: Annotated[str, Field(max_length=LONGEST_PERSON)] | None = ""
    paddle: Annotated[int, Field(ge=LEAST_PADDLE, le=MOST_PADDLE)]
    lots: Literal["all"] | Annotated[list[int], Field(min_length=1, max_length=MOST_LOTS)]
    """The numbers of the lots that it is admitted to; never its own."""


class PlannedLot(_Part):
    """A lot. With a `ladder` it needs no `increment_fen`."""

    number: Annotated[int, Field(ge=1, le=MOST_LOT)] | None = None
    """Its place in the list where nothing is said."""
    title_zh: Title
    title_en: Annotated[str, Field(min_length=1, max_length=LONGEST_RESULT_TITLE_EN)] | None = None
    """The Chinese title where nothing is said."""
    summary_zh: Summary | None = ""
    summary_en: Summary | None = ""
    field: str
    market: str | None = None
    """Its institute's where nothing is said."""
    institute: Key
    """The key of an institute of this file."""
    maturity: Annotated[int, Field(ge=1, le=9)]
    instrument: Instrument
    owners: Owned
    """All who own the rights."""
    rights: Owned
    """The patents by number, software copyrights, know-how."""
    start_fen: Fen
    increment_fen: Fen | None = None
    ladder: Annotated[list[Rung], Field(min_length=1, max_length=MOST_RUNGS)] | None = None
    """`[[from_fen, increment_fen], …]`, rising from 0."""
    format: Format | None = None
    """Ascending where nothing is said."""
    reserve_fen: Fen | None = None
    """Not under the start price. It is sealed at once, and no answer ever shows it."""


class RoundFile(_Part):
    """A whole round, as `techauction round load` takes it."""

    round: PlannedRound
    institutes: Annotated[list[PlannedInstitute], Field(max_length=MOST_ORGANISATIONS)]
    lots: Annotated[list[PlannedLot], Field(min_length=1, max_length=MOST_LOTS)]
    enterprises: Annotated[list[PlannedEnterprise], Field(max_length=MOST_ORGANISATIONS)] | None = None
    """At most so many organisations together, the institutes counted."""

"""The shape of a whole round in one call, for the OpenAPI document; it is `core/roundfile.py` that reads it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from techauction.api.shapes import Fen
from techauction.core.admission import DepositKind
from techauction.core.consigning import Instrument
from techauction.core.lot import ExtensionKind, Format
from techauction.core.money import LARGEST_FEN
from techauction.core.paddle import MOST_PADDLE
from techauction.core.round import Regime
from techauction.core.roundfile import MOST_LOTS, MOST_MARKETS, MOST_ORGANISATIONS, MOST_RUNGS
from techauction.store.people import OrganisationKind

Text = Annotated[str, Field(min_length=1, max_length=200)]
Key = Annotated[str, Field(min_length=1, max_length=64)]
Bps = Annotated[int, Field(ge=0, le=10_000)]
Count = Annotated[int, Field(ge=1, le=10_000)]
Seconds = Annotated[int, Field(ge=1, le=3_600)]
Rung = tuple[Annotated[int, Field(ge=0, le=LARGEST_FEN)], Fen]


class _Part(BaseModel):
    """A part of the file. What may be left out may be null too."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class PlannedRound(_Part):
    """A round: its name, its times and its terms."""

    slug: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    """Its name in addresses, unlike any other's."""
    title_zh: Text
    title_en: Text
    host_market: str
    """The market that you work for."""
    markets: Annotated[list[str], Field(max_length=MOST_MARKETS)] | None = None
    """The markets that hold it together, the host among them; the host alone where nothing is said."""
    regime: Regime | None = Regime.EXCHANGE
    rehearsal: bool | None = False
    """A rehearsal is marked as such everywhere, needs no notice of 7 days, and may open in seconds."""
    synthetic: bool | None = False
    registration_closes_at: datetime | None = None
    """`opens_at` where nothing is said."""
    reserve_deadline_at: datetime | None = None
    """Half an hour before `opens_at` where nothing is said, or `opens_at` where that is past."""
    opens_at: datetime
    closes_at: datetime | None = None
    """Four hours after `opens_at` where nothing is said."""
    stagger_s: Annotated[int, Field(ge=0, le=86_400)] | None = 0
    """By how much each lot closes after the one before."""
    extension_kind: ExtensionKind | None = ExtensionKind.FROM_BID
    extension_trigger_s: Seconds | None = 300
    extension_length_s: Seconds | None = 300
    extension_cap_s: Annotated[int, Field(ge=0, le=604_800)] | None = None
    max_steps: Count | None = 10
    raise_own_bid: bool | None = False
    collar: Bps | None = 3
    """An offer over so many times the price must be confirmed."""
    min_admitted: Count | None = 2
    min_bidding: Count | None = 1
    gap_s: Annotated[int, Field(ge=0, le=3_600)] | None = 10
    deposit_kind: DepositKind | None = DepositKind.SHARE
    deposit_share_bps: Bps | None = 1_000
    deposit_fixed_fen: Annotated[int, Field(ge=0, le=LARGEST_FEN)] | None = None
    buyer_bps: Bps | None = 0
    seller_bps: Bps | None = 0
    listing_share_bps: Bps | None = 5_000


class _Organisation(_Part):
    """An organisation; one that is here already, by its credit code, stays as it is."""

    key: Key
    """Its name in this file."""
    name_zh: Text
    name_en: Text
    credit_code: Annotated[str, Field(pattern=r"^[0-9A-Z]{18}$")]
    province: Annotated[str, Field(min_length=1, max_length=40)]
    market: str


class PlannedInstitute(_Organisation):
    """An institute that consigns lots of the round."""

    kind: OrganisationKind


class PlannedEnterprise(_Organisation):
    """An enterprise with its paddle; its deposits are recorded as held."""

    agent: Annotated[str, Field(max_length=80)] | None = ""
    paddle: Annotated[int, Field(ge=1, le=MOST_PADDLE)]
    lots: Literal["all"] | Annotated[list[int], Field(min_length=1, max_length=MOST_LOTS)]
    """The numbers of the lots that it is admitted to; never its own."""


class PlannedLot(_Part):
    """A lot. With a `ladder` it needs no `increment_fen`."""

    number: Count | None = None
    """Its place in the list where nothing is said."""
    title_zh: Text
    title_en: Annotated[str, Field(min_length=1, max_length=300)]
    summary_zh: Annotated[str, Field(max_length=20_000)] | None = ""
    summary_en: Annotated[str, Field(max_length=20_000)] | None = ""
    field: str
    market: str | None = None
    """Its institute's where nothing is said."""
    institute: Key
    """The key of an institute of this file."""
    maturity: Annotated[int, Field(ge=1, le=9)]
    instrument: Instrument
    owners: Annotated[str, Field(max_length=500)] | None = ""
    rights: Annotated[str, Field(max_length=500)] | None = ""
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

"""What goes over the wire beside `queries/published.py`: the shapes that the OpenAPI document describes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from techauction.core.lot import Format, Stage
from techauction.core.money import LARGEST_FEN
from techauction.core.outcome import Ending
from techauction.queries.published import LotNumber, PublishedEvent, PublishedLot, PublishedRound

Fen = Annotated[int, Field(ge=1, le=LARGEST_FEN)]


class Answer(BaseModel):
    """An answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Page(Answer):
    """A page of a list."""

    page: int
    pages: int
    total: int
    next: int | None
    """The number of the page after, or null."""


class Rounds(Page):
    """Rounds, the latest first."""

    rounds: list[PublishedRound]


class LotState(Answer):
    """A lot's whole public state at one `seq` of its record: the higher one is the newer. Streams send it too."""

    lot: int
    seq: int
    order: int
    """What orders states: the higher one is the newer, also where no event lies between."""
    head_hash: str | None
    """The hash of event `seq`."""
    words: list[str]
    """What is true of the sale, in the words that pages go by."""
    stage: Stage
    held: bool
    """Its close has come, and what is sealed cannot be opened yet: no outcome, and no bid."""
    format: Format
    paddle: int | None
    """The paddle whose bid stands. A sealed lot has none before its close, and counts sealed offers as bids."""
    priority: bool
    """Whether that paddle holds a priority right."""
    shown_fen: int
    """The price to show: the hammer price, else the standing bid, else the start price."""
    rate: str
    """By how many per cent that price is over the start price."""
    standing_fen: int | None
    least_fen: int
    """The least amount that may be bid."""
    most_fen: int | None
    """The highest; none at a sealed lot."""
    increment_fen: int
    steps: list[tuple[int, int]]
    """The next lawful amounts, each as `[rises, amount_fen]`; none at a sealed lot, or one that has ended."""
    bids: int
    opens_at: datetime
    closes_at: datetime
    extended: bool
    last_period_s: int
    """How long before its close the lot is about to close: a stream tells then every 5 seconds that it still lives."""
    reason: str
    """Why bidding is paused or interrupted."""
    ending: Ending | None
    price_fen: int | None
    """The hammer price of a lot sold."""
    server_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot(PublishedLot):
    """A lot with its present state."""

    state: LotState


class Lots(Page):
    """A round's lots, by number."""

    lots: list[Lot]


class Record(Page):
    """A lot's events, the first first. `hash` covers the event and `prev_hash`.

    Left out of `data` are a reserve's opening, and of a lot that was not sold the sealed offers (`bids` of `unsealed`).
    """

    events: list[PublishedEvent]


class LoadedRound(Answer):
    """A round that was created and published, and the ids of its lots."""

    round: PublishedRound
    lots: list[LotNumber]


class Offer(BaseModel):
    """How much is offered, in whole fen. An amount far over the price must be confirmed."""

    model_config = ConfigDict(strict=True)

    amount_fen: Fen
    confirmed: bool = False
    matching: bool = False
    """By a priority right: `amount_fen` is the standing bid's, whose place this offer takes."""


class Bid(Answer):
    """The offer stands: its place in the record, and the house's signature on it."""

    lot: int
    seq: int
    paddle: int
    amount_fen: int
    placed_at: datetime
    closes_at: datetime
    hash: str
    receipt: str
    """To be kept: it is checked with the keys at `/.well-known/techauction-keys.json`."""


class Accepted(Bid):
    """The offer under this key stands."""

    state: Literal["accepted"]


class Refused(Answer):
    """The offer under this key was refused; the facts stand beside the code."""

    model_config = ConfigDict(extra="allow")

    state: Literal["refused"]
    code: str
    title: str


class Closed(Answer):
    """The key was closed before an offer came under it, and none will be taken."""

    state: Literal["closed"]


class NotReceived(Answer):
    """No offer came under this key yet. A late packet may follow: close the key to be sure."""

    state: Literal["not_received"]
    provisional: Literal[True]


class Fate(RootModel[Annotated[Accepted | Refused | Closed | NotReceived, Field(discriminator="state")]]):
    """What became of the offer under a key."""


class Problem(Answer):
    """Why not (RFC 9457): a stable `code`, a sentence in the caller's language, and the facts beside them."""

    model_config = ConfigDict(extra="allow")

    type: Literal["about:blank"]
    title: str
    status: int
    code: str


class Fault(Answer):
    """One thing that is wrong with a round's file."""

    path: str
    """Where, as a JSON path: `$.lots[3].start_fen`."""
    what: str


class RoundProblem(Problem):
    """Why a round was not created: what is wrong with it, or whatever else it was."""

    problems: list[Fault] | None = None
    """The first hundred faults."""
    more: int | None = None
    """How many other faults there are."""

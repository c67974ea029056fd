"""The sale of a lot as anybody may see it: its price, its leader by paddle, its close. No reserve has a place here.

Pages, API and streams are told the same state, built here alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session, aliased, contains_eager

from techauction.core import formats
from techauction.core.admission import DepositKind
from techauction.core.lawful import Step, quick_steps
from techauction.core.lot import ExtensionKind, Format, Lot, Stage
from techauction.core.money import Money, rate
from techauction.core.outcome import Ending
from techauction.queries.viewing import LISTED, Viewer, visible_to
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, RoundRow

_EARLIER = aliased(LotRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """The state of a lot's sale at one `seq` of its record, whose hash is `head_hash`.

    `price` is the hammer price of a lot sold; `least` and `most` bound the amounts that may be bid, and `steps` are those at
    one touch; a sealed lot has no `most`. `priority`: the paddle that stands holds a priority right. A sealed lot shows no
    paddle before its close, nor after it where its offers are not public (`keeps_offers`), and counts sealed offers as bids.
    `held`: the close has come, and what is sealed cannot be opened yet. `of_copy`: its round is a copy to rehearse or practise
    in, which not everybody may watch.
    """

    lot_id: int
    of_copy: bool
    seq: int
    head_hash: str | None
    stage: Stage
    held: bool
    format: Format
    start: Money
    increment: Money
    least: Money
    most: Money | None
    steps: tuple[Step, ...]
    standing: Money | None
    standing_at: datetime | None
    paddle: int | None
    priority: bool
    bids: int
    opens_at: datetime
    closes_at: datetime
    scheduled_closes_at: datetime
    stop_reason: str
    ending: Ending | None
    ending_reason: str
    price: Money | None
    ended_at: datetime | None
    last_period: timedelta

    def is_near_its_close(self, now: datetime) -> bool:
        """Return whether the lot is in its last period, or past its close and waiting."""
        return self.stage is Stage.OPEN and self.closes_at - now <= self.last_period

    @property
    def order(self) -> int:
        """Return what orders the lot's states: to be held is no event of its record, and comes after the last one."""
        return 2 * self.seq + self.held

    @property
    def shown(self) -> Money:
        """Return the price to show large: hammer price, else standing bid, else start price."""
        return self.price or self.standing or self.start

    @property
    def risen(self) -> str:
        """Return by how many per cent the price shown is over the start price."""
        return rate(self.shown - self.start, self.start)

    @property
    def extended(self) -> bool:
        """Return whether late bids have moved the close."""
        return self.closes_at > self.scheduled_closes_at

    @property
    def leader(self) -> int | None:
        """Return the paddle that leads, or bought."""
        return self.paddle if self.ending in (None, Ending.SOLD) else None

    @property
    def keeps_offers(self) -> bool:
        """Return whether sealed offers were opened that are not public."""
        return self.stage is Stage.ENDED and self.bids > 0 and keeps_offers(self.format, self.ending)

    def words(self) -> frozenset[str]:
        """Return what is true of the sale, in the words by which pages show and hide their parts; none is of its reader."""
        found = {
            "held" if self.held else self.stage.value,
            self.format.value,
            "bid" if self.paddle is not None else "no-bid",
            "leader" if self.leader is not None else "no-leader",
            "kept" if self.keeps_offers else "told",
        }
        if self.stage is not Stage.ENDED:
            found.add("going")
        if self.ending is not None:
            found.add(self.ending.value)
        if self.ending not in (None, Ending.SOLD, Ending.AGREED):
            found.add("unsold")
        if self.shown > self.start:
            found.add("risen")
        if self.extended:
            found.add("extended")
        if self.priority:
            found.add("priority")
        return frozenset(found)


def keeps_offers(format_: Format, ending: Ending | None) -> bool:
    """Return whether a lot's sealed offers are not public: before a sale they are sealed, and without one they stay so.

    A negotiation may follow where a lot passed in. What a sale has made public stays so, also where the sale is void.
    """
    return format_ is Format.SEALED and ending not in (Ending.SOLD, Ending.VOID)


PLACE: ScalarSelect[int] = (
    select(func.count())
    .where(_EARLIER.round_id == LotRow.round_id, _EARLIER.stage == Stage.LISTED, _EARLIER.number < LotRow.number)
    .correlate(LotRow)
    .scalar_subquery()
)
"""A lot's place among those that its round will open: it says when the lot will close."""


def as_core(lot: LotRow, place: int) -> Lot:
    """Return the lot as the core knows it; one that has not opened stands as it will open in its place."""
    rules = lot.round.rules()
    if lot.closes_at is not None:
        return lot.to_core(rules)
    assert lot.start is not None
    closes_at = lot.round.calendar().closes(place)
    return Lot(
        stage=lot.stage,
        start=lot.start,
        ladder=lot.increments(),
        rules=rules,
        opens_at=lot.round.opens_at,
        closes_at=closes_at,
        scheduled_closes_at=closes_at,
        format=lot.format,
    )


def sale_of(lot: LotRow, outcome: OutcomeRow | None, place: int) -> Sale:
    """Return the state of the lot's sale."""
    core = as_core(lot, place)
    ending = None if outcome is None else outcome.ending
    standing = None if keeps_offers(lot.format, ending) else formats.standing(core)
    sealed, ended = lot.format is Format.SEALED, lot.stage is Stage.ENDED
    return Sale(
        lot_id=lot.id,
        of_copy=lot.round.copy_of_id is not None,
        seq=lot.seq,
        head_hash=lot.head_hash,
        stage=lot.stage,
        held=lot.key_missing_at is not None,
        format=lot.format,
        start=core.start,
        increment=core.ladder.at(core.start if standing is None else standing.amount),
        least=core.start if sealed else core.least_bid(),
        most=None if sealed else core.most_bid(),
        steps=() if sealed or ended else quick_steps(core),
        standing=None if standing is None else standing.amount,
        standing_at=None if standing is None else standing.placed_at,
        paddle=None if standing is None else standing.paddle,
        priority=standing is not None and standing.rank is not None,
        bids=lot.bids,
        opens_at=core.opens_at,
        closes_at=core.closes_at,
        scheduled_closes_at=core.scheduled_closes_at,
        stop_reason=lot.stop_reason,
        ending=ending,
        ending_reason="" if outcome is None else outcome.reason,
        price=None if outcome is None else outcome.price,
        ended_at=None if outcome is None else outcome.ended_at,
        last_period=core.rules.extension.last_period,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesShown:
    """What bidding in a round goes by, for its plain words, with an example of the soft close.

    `has_custodian`: somebody of the house may read reserves. `one_deposit`: it is one sum for the whole round.
    """

    kind: ExtensionKind
    trigger: timedelta
    length: timedelta
    cap: timedelta | None
    max_steps: int
    raise_own_bid: bool
    collar: int
    min_admitted: int
    min_bidding: int
    has_custodian: bool
    one_deposit: bool
    buyer_bps: int
    example_close_at: datetime
    example_bid_at: datetime
    example_moved_to: datetime


def rules_of(round_: RoundRow, closes_at: datetime) -> RulesShown:
    """Return the round's rules, and an example: a bid 15 s into the timed period of a lot that closes at `closes_at`."""
    rules = round_.rules()
    extension = rules.extension
    bid_at = closes_at - extension.trigger + min(timedelta(seconds=15), extension.trigger / 2)
    bid_at = bid_at.replace(microsecond=0)
    return RulesShown(
        kind=extension.kind,
        trigger=extension.trigger,
        length=extension.length,
        cap=extension.cap,
        max_steps=rules.max_steps,
        raise_own_bid=rules.raise_own_bid,
        collar=rules.collar,
        min_admitted=round_.min_admitted,
        min_bidding=rules.min_bidding,
        has_custodian=round_.custodian_id is not None,
        one_deposit=round_.deposit_kind is DepositKind.FIXED,
        buyer_bps=round_.buyer_bps,
        example_close_at=closes_at,
        example_bid_at=bid_at,
        example_moved_to=extension.close_after(closes_at, bid_at, closes_at),
    )


def lot_on_sale(session: Session, lot_id: int, *, viewer: Viewer) -> Lot | None:
    """Return a lot that the viewer may see as the core knows it, or nothing."""
    found = session.execute(
        select(LotRow, PLACE)
        .join(LotRow.round)
        .where(LotRow.id == lot_id, LISTED, visible_to(viewer))
        .options(contains_eager(LotRow.round))
    ).one_or_none()
    return None if found is None else as_core(*found)

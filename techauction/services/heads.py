"""Lots while something is decided about many at once: locked and read by one statement, written by two."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Table, bindparam, column, select, update
from sqlalchemy.orm import Session

from techauction.core.increment import Ladder
from techauction.core.lot import Bid, Format, Lot, Stage
from techauction.core.money import Money
from techauction.core.offer import Eligibility
from techauction.core.record import GENESIS, Event, Kind
from techauction.core.refused import SAYING, Chain, RefusedOffer
from techauction.core.round import ANNOUNCED_PHASES, Phase
from techauction.services.record import CHANGED, name_of
from techauction.store.consigning import RULES, LotRow, RoundRow, rules_of
from techauction.store.record import RecordRow
from techauction.store.statements import Changing, Reading, Writing
from techauction.store.viewing import UNLISTED


@dataclass(slots=True, kw_only=True)
class Head:
    """A lot while it is decided about: the core's lot, and the head of its record. `last_at` is its last event's."""

    lot_id: int
    name: str
    run: int
    lot: Lot
    seq: int
    hash: str
    bids: int
    refusals: Chain
    announced: bool
    of_copy: bool
    last_at: datetime | None = None
    changed: bool = False
    refused: bool = False

    def is_for(self, bidder: Eligibility | None) -> bool:
        """Return whether a bidder may know of the lot: it was announced, and is no copy but of a round with its paddle."""
        return self.announced and (bidder is not None or not self.of_copy)

    def not_before(self, at: datetime) -> datetime:
        """Return the instant, or that of the lot's last event, if that is later: events stand in their order."""
        return at if self.last_at is None or self.last_at < at else self.last_at

    def append(
        self,
        kind: Kind,
        *,
        at: datetime,
        closes_at: datetime,
        data: dict[str, object],
        paddle: int | None = None,
        amount: Money | None = None,
    ) -> dict[str, Any]:
        """Return the row of the lot's next event, which the head moves on to."""
        if kind in SAYING:
            data = data | self.refusals.as_data()
        event = Event(
            lot=self.name, seq=self.seq + 1, kind=kind, at=at, paddle=paddle, amount=amount, closes_at=closes_at, data=data
        )
        prev_hash, self.seq, self.hash, self.changed = self.hash, event.seq, event.digest(self.hash), True
        self.last_at = at
        return {
            "lot_id": self.lot_id,
            "seq": event.seq,
            "run": self.run,
            "kind": kind,
            "paddle": paddle,
            "amount": amount,
            "closes_at": closes_at,
            "at": at,
            "data": data,
            "prev_hash": prev_hash,
            "hash": self.hash,
        }

    def refuse(self, row: dict[str, Any]) -> None:
        """Give the row of an offer that was refused the next place in the lot's chain of those."""
        offer = RefusedOffer(
            lot_id=self.lot_id,
            place=self.refusals.count + 1,
            bidder=row["organisation_id"],
            user=row["user_id"],
            key=row["key"],
            code=row["code"],
            facts=row["facts"],
            amount=row["amount"],
            confirmed=row["confirmed"],
            matching=row["matching"],
            source=row["source"].value,
            stamp=row["received_at"],
            decided_at=row["decided_at"],
            lot_seq=self.seq,
        )
        self.refusals, self.refused = Chain(offer.place, offer.digest(self.refusals.head)), True
        row |= {"place": offer.place, "hash": self.refusals.head, "lot_seq": offer.lot_seq}


def lock(connection: Connection, lot_ids: Iterable[int]) -> dict[int, Head]:
    """Lock the lots, in id order, and return those that have a place in a round, opened or not."""
    return {row[0]: _head(*row) for row in _LOTS.rows(connection, lots=list(lot_ids))}


def _head(  # noqa: PLR0917 (a row, column by column)
    lot_id: int,
    slug: str,
    number: int,
    run: int,
    seq: int,
    head_hash: str | None,
    bids: int,
    refused: int,
    refused_head: str | None,
    phase: Phase,
    published: bool,  # noqa: FBT001 (a row)
    of_copy: bool,  # noqa: FBT001 (a row)
    stage: Any,
    format_: Format,
    start: Money,
    increment: Money,
    ladder: list[list[int]] | None,
    standing_paddle: int | None,
    standing_amount: Money,
    standing_at: datetime,
    standing_rank: int | None,
    bidders: list[int],
    opens_at: datetime | None,
    closes_at: datetime | None,
    scheduled_closes_at: datetime | None,
    key_missing_at: datetime | None,
    last_at: datetime | None,
    round_opens_at: datetime,
    round_closes_at: datetime,
    *rules: Any,
) -> Head:
    """Return a lot's head. One that has not opened, or never will, stands as its round plans it: an offer gets its reason."""
    return Head(
        lot_id=lot_id,
        name=name_of(slug, number),
        run=run,
        lot=Lot(
            stage=stage,
            start=start,
            ladder=Ladder.from_json(ladder) if ladder else Ladder.flat(increment),
            rules=rules_of(*rules),
            opens_at=opens_at or round_opens_at,
            closes_at=closes_at or round_closes_at,
            scheduled_closes_at=scheduled_closes_at or round_closes_at,
            format=format_,
            standing=None if standing_paddle is None else Bid(standing_paddle, standing_amount, standing_at, standing_rank),
            bidders=frozenset(bidders),
            held=key_missing_at is not None,
            ended_at=last_at if stage is Stage.ENDED and opens_at is not None else None,
        ),
        seq=seq,
        hash=head_hash or GENESIS,
        bids=bids,
        refusals=Chain(refused, refused_head or GENESIS),
        last_at=last_at,
        announced=published and phase in ANNOUNCED_PHASES and stage not in UNLISTED,
        of_copy=of_copy,
    )


def keep(session: Session, locked: Iterable[Head], events: list[dict[str, Any]]) -> None:
    """Write the events, and where the lots stand now. That offers were refused at a lot, and nothing else, is told nobody."""
    connection = session.connection()
    _RECORD.rows(connection, events)
    heads = list(locked)
    changed = [head for head in heads if head.changed]
    _HEADS.rows(connection, [_state(head) for head in changed])
    _REFUSALS.rows(connection, [_refusals(head) for head in heads if head.refused and not head.changed])
    if changed:
        session.info.setdefault(CHANGED, set()).update(head.lot_id for head in changed)


def _refusals(head: Head) -> dict[str, Any]:
    count = head.refusals.count
    return {"lot": head.lot_id, "refused": count, "refused_head": head.refusals.head if count else None}


def _state(head: Head) -> dict[str, Any]:
    standing = head.lot.standing
    return _refusals(head) | {
        "stage": head.lot.stage,
        "seq": head.seq,
        "head_hash": head.hash,
        "bids": head.bids,
        "standing_paddle": None if standing is None else standing.paddle,
        "standing_amount": None if standing is None else standing.amount,
        "standing_at": None if standing is None else standing.placed_at,
        "standing_rank": None if standing is None else standing.rank,
        # Who has made a sealed offer stands in the lot's row only when all are opened.
        "bidders": [] if standing is None else sorted(head.lot.bidders),
        "closes_at": head.lot.closes_at,
        "last_at": head.last_at,
    }


_L: Table = LotRow.__table__  # type: ignore[assignment]

_LOTS = Reading(
    select(
        LotRow.id,
        RoundRow.slug,
        LotRow.number,
        LotRow.run,
        LotRow.seq,
        LotRow.head_hash,
        LotRow.bids,
        LotRow.refused,
        LotRow.refused_head,
        RoundRow.phase,
        RoundRow.published_at.is_not(None),
        RoundRow.copy_of_id.is_not(None),
        LotRow.stage,
        LotRow.format,
        LotRow.start,
        LotRow.increment,
        LotRow.ladder,
        LotRow.standing_paddle,
        LotRow.standing_amount,
        LotRow.standing_at,
        LotRow.standing_rank,
        LotRow.bidders,
        LotRow.opens_at,
        LotRow.closes_at,
        LotRow.scheduled_closes_at,
        LotRow.key_missing_at,
        LotRow.last_at,
        RoundRow.opens_at,
        RoundRow.closes_at,
        *RULES,
    )
    .join(RoundRow, LotRow.round_id == RoundRow.id)
    .where(LotRow.id.in_(bindparam("lots", expanding=True)), LotRow.number.is_not(None))
    .order_by(LotRow.id)
    .with_for_update(of=LotRow, key_share=True)
)

_RECORD = Writing(RecordRow)
_KEPT = (
    "stage",
    "seq",
    "head_hash",
    "bids",
    "standing_paddle",
    "standing_amount",
    "standing_at",
    "standing_rank",
    "bidders",
    "closes_at",
    "last_at",
)
_CHAINED = ("refused", "refused_head")


def _changing(*names: str) -> Changing:
    return Changing(
        [column("lot", Integer), *(column(name, _L.c[name].type) for name in names)],
        lambda given: update(_L).where(_L.c.id == given.c.lot).values({name: given.c[name] for name in names}),
    )


_HEADS = _changing(*_KEPT, *_CHAINED)
_REFUSALS = _changing(*_CHAINED)

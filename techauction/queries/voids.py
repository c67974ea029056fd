"""Which bids were voided, by whom and by which event: what lists of bids strike through, and why counts differ."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.record import Kind
from techauction.core.voiding import voided_by
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import MarketRow, UserRow
from techauction.store.record import RecordRow


@dataclass(frozen=True, slots=True)
class VoidedBid:
    """A bid that was taken back."""

    seq: int
    paddle: int | None
    amount: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """An event that took bids back: the one asked for and its matches, or a sale, and then none.

    `markets` are those of the two persons; an auditor, who has none, is the supervisor.
    """

    seq: int
    bids: tuple[VoidedBid, ...]
    markets: tuple[Name, ...]
    supervised: bool


def voids(session: Session, lot_id: int) -> tuple[Void, ...]:
    """Return what was voided at a lot, the first first."""
    of_lot = RecordRow.lot_id == lot_id
    events = session.scalars(select(RecordRow).where(of_lot, RecordRow.kind == Kind.VOIDED).order_by(RecordRow.seq)).all()
    places = [seq for event in events for seq in voided_by(event.data)]
    bids = {row.seq: row for row in session.scalars(select(RecordRow).where(of_lot, RecordRow.seq.in_(places)))}
    return tuple(_void(session, event, bids) for event in events)


def by_bid(found: tuple[Void, ...]) -> dict[int, Void]:
    """Return what took each bid back, by the bid's place in the record."""
    return {bid.seq: void for void in found for bid in void.bids}


def count(session: Session, slug: str) -> int:
    """Return how many bids of a round were voided."""
    of_round = select(RecordRow.data).join(RecordRow.lot).join(LotRow.round).where(RoundRow.slug == slug)
    data = session.scalars(of_round.where(RecordRow.kind == Kind.VOIDED))
    return sum(len(voided_by(each)) for each in data)


def _void(session: Session, event: RecordRow, bids: dict[int, RecordRow]) -> Void:
    two = [event.data.get("asked_by"), event.data.get("approved_by")]
    people = {
        user_id: (key, None if key is None else Name(zh, en))
        for user_id, key, zh, en in session.execute(
            select(UserRow.id, UserRow.market_key, MarketRow.name_zh, MarketRow.name_en)
            .outerjoin(MarketRow, MarketRow.key == UserRow.market_key)
            .where(UserRow.id.in_(two))
        )
    }
    markets = {key: name for key, name in (people[each] for each in two if each in people) if name is not None}
    return Void(
        seq=event.seq,
        bids=tuple(
            VoidedBid(row.seq, row.paddle, row.amount) for seq, row in sorted(bids.items()) if seq in voided_by(event.data)
        ),
        markets=tuple(markets.values()),
        supervised=any(key is None for key, _ in people.values()),
    )

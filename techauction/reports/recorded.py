"""What the record of the sale says of a round's lots. Reports add up from here, never from the lots' own rows."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from techauction.core.money import Money
from techauction.core.opened import offers_of
from techauction.core.outcome import Ending
from techauction.core.record import BIDS, Kind
from techauction.core.refusal import NoSuch
from techauction.core.voiding import voided_by
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.loading import LOADED
from techauction.store.record import RecordRow

_TELLING = (Kind.OPENED, Kind.HAMMERED, Kind.WITHHELD, Kind.WITHDRAWN, Kind.VOIDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLot:
    """A numbered lot of a round, as its record has it. Without an ending it waits for its opening or is being sold."""

    id: int
    number: int
    opened: bool = False
    start: Money | None = None
    reserved: bool = False
    ending: Ending | None = None
    reason: str = ""
    paddle: int | None = None
    price: Money | None = None
    bids: int = 0
    bidders: frozenset[int] = frozenset()
    head: str | None = None


def find_round(session: Session, slug: str) -> RoundRow:
    """Return the round.

    :raises NoSuch: there is none
    """
    row = session.scalars(select(RoundRow).where(RoundRow.slug == slug, LOADED)).one_or_none()
    if row is None:
        raise NoSuch
    return row


def recorded_lots(session: Session, round_id: int) -> list[RecordedLot]:
    """Return the round's lots in the order of their numbers."""
    lots = select(LotRow.id).where(LotRow.round_id == round_id, LotRow.number.is_not(None))
    told: dict[int, dict[Kind, RecordRow]] = defaultdict(dict)
    voided: set[tuple[int, object]] = set()
    for row in session.scalars(select(RecordRow).where(RecordRow.lot_id.in_(lots), RecordRow.kind.in_(_TELLING))):
        if row.kind is Kind.VOIDED and "seq" in row.data:
            voided |= {(row.lot_id, seq) for seq in voided_by(row.data)}
        else:
            told[row.lot_id][row.kind] = row
    bids: dict[int, list[int]] = defaultdict(list)
    for lot_id, seq, paddle in session.execute(
        select(RecordRow.lot_id, RecordRow.seq, RecordRow.paddle).where(
            RecordRow.lot_id.in_(lots), RecordRow.kind.in_(BIDS), RecordRow.paddle.is_not(None)
        )
    ):
        if (lot_id, seq) not in voided:
            assert paddle is not None, "a bid has its paddle"
            bids[lot_id].append(paddle)
    for row in session.scalars(select(RecordRow).where(RecordRow.lot_id.in_(lots), RecordRow.kind == Kind.UNSEALED)):
        bids[row.lot_id] += [each.paddle for each in offers_of(row.data)]
    last = select(RecordRow.lot_id, func.max(RecordRow.seq).label("seq")).where(RecordRow.lot_id.in_(lots))
    ends = last.group_by(RecordRow.lot_id).subquery()
    heads = {
        row.lot_id: row.hash
        for row in session.execute(
            select(RecordRow.lot_id, RecordRow.hash).join(
                ends, (RecordRow.lot_id == ends.c.lot_id) & (RecordRow.seq == ends.c.seq)
            )
        )
    }
    numbers = select(LotRow.id, LotRow.number).where(LotRow.id.in_(lots)).order_by(LotRow.number)
    return [
        _lot(lot_id, number or 0, told[lot_id], bids[lot_id], heads.get(lot_id)) for lot_id, number in session.execute(numbers)
    ]


def _lot(lot_id: int, number: int, told: dict[Kind, RecordRow], bids: list[int], head: str | None) -> RecordedLot:
    opened, hammered, void = told.get(Kind.OPENED), told.get(Kind.HAMMERED), told.get(Kind.VOIDED)
    kept_back = told.get(Kind.WITHHELD) or told.get(Kind.WITHDRAWN)
    ending: Ending | None = None
    if void is not None:
        ending, hammered = Ending.VOID, None
    elif hammered is not None:
        ending = Ending(str(hammered.data["ending"]))
    elif kept_back is not None:
        ending = Ending(kept_back.kind.value)
    last = void or hammered or kept_back
    start = None if opened is None else opened.data["start_fen"]
    return RecordedLot(
        id=lot_id,
        number=number,
        opened=opened is not None,
        start=Money(start) if isinstance(start, int) else None,
        reserved=opened is not None and opened.data["commitment"] is not None,
        ending=ending,
        reason="" if last is None else str(last.data["reason"] or ""),
        paddle=None if hammered is None else hammered.paddle,
        price=None if hammered is None else hammered.amount,
        bids=len(bids),
        bidders=frozenset(bids),
        # What happened after the round had closed is not in its digest.
        head=void.prev_hash if void is not None and void.data.get("after_close") is True else head,
    )

"""A bidder's own bids, each of which has a receipt."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import Session, aliased

from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.opened import offers_of
from techauction.core.record import Kind
from techauction.queries.paging import Paging, cut
from techauction.queries.voids import Void, by_bid, voids
from techauction.store.auction import OfferRow, PaddleRow
from techauction.store.consigning import LotRow, ResultRow, RoundRow
from techauction.store.record import RecordRow

BIDS_A_PAGE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class MyBid:
    """A bid that was taken for one's own paddle. A sealed offer has no amount before all are opened: nobody can read it.

    `void`: what took it back.
    """

    lot_id: int
    seq: int
    hash: str
    paddle: int
    amount: Money | None
    placed_at: datetime
    slug: str
    number: int
    title: Name
    void: Void | None


@dataclass(frozen=True, slots=True)
class MyBidsPage:
    """One's own bids, the newest first."""

    bids: tuple[MyBid, ...]
    paging: Paging


def my_bids(session: Session, *, organisation_id: int, page: int) -> MyBidsPage:
    """Return the bids that were taken for an organisation."""
    statement = _bids(organisation_id).where(RoundRow.copy_of_id.is_(None)).order_by(RecordRow.at.desc(), RecordRow.id.desc())
    statement, paging = cut(session, statement, number=page, size=BIDS_A_PAGE)
    return MyBidsPage(_told(session, session.execute(statement)), paging)


def my_bid(session: Session, *, organisation_id: int, lot_id: int, seq: int) -> MyBid | None:
    """Return one bid of an organisation; nothing if it is somebody else's or none."""
    found = session.execute(_bids(organisation_id).where(OfferRow.lot_id == lot_id, OfferRow.seq == seq)).all()
    return next(iter(_told(session, found)), None)


def _told(
    session: Session, rows: Iterable[Row[RecordRow, LotRow, RoundRow, ResultRow, PaddleRow, RecordRow]]
) -> tuple[MyBid, ...]:
    found = list(rows)
    voided = select(RecordRow.lot_id).where(
        RecordRow.lot_id.in_({row.lot_id for row, *_ in found}), RecordRow.kind == Kind.VOIDED
    )
    void = {lot_id: by_bid(voids(session, lot_id)) for lot_id in set(session.scalars(voided))}
    return tuple(_bid(*each, void=void.get(each[0].lot_id, {}).get(each[0].seq)) for each in found)


_OPENED = aliased(RecordRow)


def _bids(organisation_id: int) -> Select[RecordRow, LotRow, RoundRow, ResultRow, PaddleRow, RecordRow]:
    return (
        select(RecordRow, LotRow, RoundRow, ResultRow, PaddleRow, _OPENED)
        .join(OfferRow, and_(OfferRow.lot_id == RecordRow.lot_id, OfferRow.seq == RecordRow.seq))
        .join(LotRow, LotRow.id == RecordRow.lot_id)
        .join(RoundRow, RoundRow.id == LotRow.round_id)
        .join(ResultRow, ResultRow.id == LotRow.result_id)
        .join(PaddleRow, and_(PaddleRow.round_id == LotRow.round_id, PaddleRow.organisation_id == OfferRow.organisation_id))
        .outerjoin(
            _OPENED,
            and_(RecordRow.kind == Kind.SEALED, _OPENED.lot_id == RecordRow.lot_id, _OPENED.kind == Kind.UNSEALED),
        )
        .where(OfferRow.organisation_id == organisation_id)
    )


def _bid(  # noqa: PLR0917 (a row, table by table)
    row: RecordRow,
    lot: LotRow,
    round_: RoundRow,
    result: ResultRow,
    paddle: PaddleRow,
    opened: RecordRow | None,
    *,
    void: Void | None,
) -> MyBid:
    amount = row.amount
    if opened is not None:
        amount = next((each.amount for each in offers_of(opened.data) if each.seq == row.seq), None)
    assert paddle.number is not None
    assert lot.number is not None
    return MyBid(
        lot_id=lot.id,
        seq=row.seq,
        hash=row.hash,
        paddle=paddle.number,
        amount=amount,
        placed_at=row.at,
        slug=round_.slug,
        number=lot.number,
        title=result.title,
        void=void,
    )

"""Sealed offers: put into boxes as they are taken, opened together when the hammer falls."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, insert, select
from sqlalchemy.orm import Session

from techauction.core import bidding, sealed
from techauction.core.custody import Box, CannotOpen, Custody, new_salt
from techauction.core.lot import Format
from techauction.core.money import Money
from techauction.core.offer import Eligibility, Offer
from techauction.core.record import Kind, sealed_digest
from techauction.core.sealed import SealedOffer
from techauction.services.heads import Head
from techauction.services.offers import Answer, Asked, Body, Taken
from techauction.services.taking import called
from techauction.store.auction import AdmissionRow, PaddleRow, SealedBidRow
from techauction.store.consigning import LotRow
from techauction.store.record import RecordRow

Row = dict[str, Any]


def remember(session: Session, locked: Iterable[Head]) -> None:
    """Tell the heads of sealed lots which paddles have offered: the lots' own rows do not say it before the close."""
    heads = {head.lot_id: head for head in locked if head.lot.format is Format.SEALED and head.lot.standing is None}
    if not heads:
        return
    offered = session.execute(
        select(SealedBidRow.lot_id, PaddleRow.number)
        .join(PaddleRow, SealedBidRow.paddle_id == PaddleRow.id)
        .where(SealedBidRow.lot_id.in_(heads))
    )
    for lot_id, paddle in offered:
        assert paddle is not None
        head = heads[lot_id]
        head.lot = replace(head.lot, bidders=head.lot.bidders | {paddle})


def take(
    head: Head, each: Asked, bidder: Eligibility, *, custody: Custody, now: datetime, events: list[Row], boxes: list[Row]
) -> Taken:
    """Take a sealed offer: its event names nobody and no sum, and its box holds both.

    :raises Refusal: what `bidding.take` says
    :raises NoCustodyKey: there is no key to seal with
    """
    stamp = each.stamp(now)
    at = head.not_before(stamp)
    offer = Offer(each.amount, each.confirmed, each.matching)
    after = bidding.take(head.lot, offer, bidder, at, received_at=stamp)
    assert bidder.paddle is not None
    salt = new_salt()
    box = custody.seal(
        {"paddle": bidder.paddle, "amount_fen": each.amount.minor, "salt": salt, "confirmed": int(each.confirmed)}
    )
    head.lot = after
    head.bids += 1
    data: dict[str, object] = {"commitment": sealed_digest(head.name, bidder.paddle, each.amount, salt), **called(each)}
    event = head.append(Kind.SEALED, at=at, closes_at=after.closes_at, data=data)
    events.append(event)
    boxes.append(
        {
            "lot_id": head.lot_id,
            "paddle": bidder.paddle,
            "seq": event["seq"],
            "sealed": box.sealed,
            "key_id": box.key_id,
        }
    )
    return Taken(
        lot_id=head.lot_id,
        seq=event["seq"],
        paddle=bidder.paddle,
        amount=each.amount,
        placed_at=at,
        closes_at=after.closes_at,
        hash=event["hash"],
    )


def hides(head: Head) -> bool:
    """Return whether the lot's offers are sealed."""
    return head.lot.format is Format.SEALED


def kept(head: Head, row: Row, each: Asked, answer: Answer, custody: Custody) -> Row | None:
    """Return the row that keeps an offer and its answer; a sealed one's without its sum, or none where the answer tells it."""
    if not hides(head):
        return row
    if isinstance(answer, sealed.TELLING):
        return None
    return row | {"amount": None, "confirmed": False, "body_mac": _tag(each, custody)}


def is_same(body: Body | str, each: Asked, custody: Custody) -> bool:
    """Return whether the offer asks what was asked under its key before."""
    return body == (_tag(each, custody) if isinstance(body, str) else each.body)


def repeated(answer: Answer, each: Asked) -> Answer:
    """Return the first answer again; a sealed offer's sum stands in the repetition alone."""
    return replace(answer, amount=each.amount) if isinstance(answer, Taken) and answer.amount is None else answer


def _tag(each: Asked, custody: Custody) -> str:
    return custody.tag(each.organisation_id, each.key, each.lot_id, each.amount.minor, each.confirmed, each.matching)


def paddle_of(connection: Connection, *, lot_id: int, seq: int) -> int:
    """Return the paddle of a sealed offer, for its own bidder: its event does not name it."""
    number = connection.execute(
        select(PaddleRow.number)
        .join(SealedBidRow, SealedBidRow.paddle_id == PaddleRow.id)
        .where(SealedBidRow.lot_id == lot_id, SealedBidRow.seq == seq)
    ).scalar_one()
    assert number is not None
    return number


def keep(session: Session, boxes: list[Row]) -> None:
    """Write the boxes of the offers that were taken."""
    if not boxes:
        return
    found = session.execute(
        select(LotRow.id, PaddleRow.number, PaddleRow.id)
        .join(PaddleRow, PaddleRow.round_id == LotRow.round_id)
        .where(LotRow.id.in_({each["lot_id"] for each in boxes}), PaddleRow.number.in_({each["paddle"] for each in boxes}))
    )
    ids = {(lot_id, number): paddle_id for lot_id, number, paddle_id in found}
    session.execute(
        insert(SealedBidRow),
        [
            {name: value for name, value in each.items() if name != "paddle"}
            | {"paddle_id": ids[each["lot_id"], each["paddle"]]}
            for each in boxes
        ],
    )


def unseal(session: Session, head: Head, *, custody: Custody, now: datetime) -> list[Row]:
    """Open a sealed lot's offers together, and return the event that says them all; none for another lot, or without offers.

    :raises CannotOpen: the key is not here, or a box does not hold what was committed
    """
    if head.lot.format is not Format.SEALED:
        return []
    offers = [
        _opened(head, box, paddle, rank, event, custody) for box, paddle, rank, event in session.execute(_of_lot(head.lot_id))
    ]
    if len(offers) != head.bids:
        raise CannotOpen(f"{head.bids} sealed offers of {head.name} were taken, and {len(offers)} boxes are kept")
    if not offers:
        return []
    head.lot = sealed.unseal(head.lot, offers)
    data: dict[str, object] = {"bids": [_plain(each) for each in offers]}
    return [head.append(Kind.UNSEALED, at=now, closes_at=head.lot.closes_at, data=data)]


_RANK = case((AdmissionRow.priority_waived_at.is_(None), AdmissionRow.priority_rank))


def _of_lot(lot_id: int) -> Any:
    return (
        select(SealedBidRow, PaddleRow.number, _RANK, RecordRow)
        .join(PaddleRow, SealedBidRow.paddle_id == PaddleRow.id)
        .join(AdmissionRow, and_(AdmissionRow.paddle_id == PaddleRow.id, AdmissionRow.lot_id == SealedBidRow.lot_id))
        .join(RecordRow, and_(RecordRow.lot_id == SealedBidRow.lot_id, RecordRow.seq == SealedBidRow.seq))
        .where(SealedBidRow.lot_id == lot_id)
        .order_by(SealedBidRow.seq)
    )


def _opened(  # noqa: PLR0917 (a row, column by column)
    head: Head, row: SealedBidRow, paddle: int, rank: int | None, event: RecordRow, custody: Custody
) -> SealedOffer:
    plain = custody.open(Box(row.sealed, row.key_id))
    amount, salt = Money(int(plain["amount_fen"])), str(plain["salt"])
    if sealed_digest(head.name, paddle, amount, salt) != event.data["commitment"]:
        raise CannotOpen(f"the box of event {row.seq} of {head.name} does not hold what was committed")
    return SealedOffer(
        seq=row.seq,
        paddle=paddle,
        amount=amount,
        salt=salt,
        confirmed=bool(plain["confirmed"]),
        rank=rank,
        placed_at=event.at,
    )


def _plain(offer: SealedOffer) -> dict[str, object]:
    return {
        "seq": offer.seq,
        "paddle": offer.paddle,
        "amount_fen": offer.amount.minor,
        "salt": offer.salt,
        "confirmed": offer.confirmed,
        "rank": offer.rank,
    }

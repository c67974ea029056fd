"""Taking one offer on a lot that is locked: the lot after it, its events, and the row that answers its key."""

from datetime import datetime
from typing import Any

from techauction.core import bidding
from techauction.core.lot import Lot
from techauction.core.offer import Eligibility, Offer, Source
from techauction.core.record import Kind, instant
from techauction.core.refusal import Refusal
from techauction.services.heads import Head
from techauction.services.offers import Answer, Asked, Taken

_CONFIRMED: dict[bool, dict[str, object]] = {each: {"confirmed": each} for each in (False, True)}
_DEFENDED: dict[str, object] = {"defended": True}
"""What the record says of a leader's own rise by its instruction: by hand it would be unlawful."""


def take(head: Head, each: Asked, bidder: Eligibility, now: datetime, events: list[dict[str, Any]]) -> Taken:
    """Take the offer, and add its events: the bid, and the extension that it causes.

    It stands at its stamp, or at the lot's last event if that came later. One that is decided after the close says when.

    :raises Refusal: what `bidding.take` says
    """
    before, stamp = head.lot, each.stamp(now)
    at, late = head.not_before(stamp), now if now >= before.closes_at else None
    defending = each.source is Source.INSTRUCTION and _leads(before, bidder) and not before.rules.raise_own_bid
    offer = Offer(each.amount, each.confirmed, each.matching, defending)
    head.lot = bidding.take(before, offer, bidder, at, received_at=stamp, late=late)
    assert head.lot.standing is not None
    head.bids += 1
    paddle = head.lot.standing.paddle
    bid = head.append(
        Kind.MATCHED if each.matching else Kind.BID,
        at=at,
        closes_at=before.closes_at,
        data=_data(each, bidder.priority_rank, late, defending=defending),
        paddle=paddle,
        amount=each.amount,
    )
    events.append(bid)
    if head.lot.closes_at != before.closes_at:
        data: dict[str, object] = {"from": instant(before.closes_at)}
        events.append(head.append(Kind.EXTENDED, at=at, closes_at=head.lot.closes_at, data=data))
    return Taken(
        lot_id=each.lot_id,
        seq=bid["seq"],
        paddle=paddle,
        amount=each.amount,
        placed_at=at,
        closes_at=head.lot.closes_at,
        hash=bid["hash"],
    )


def _leads(lot: Lot, bidder: Eligibility) -> bool:
    return lot.standing is not None and lot.standing.paddle == bidder.paddle


def _data(each: Asked, rank: int | None, late: datetime | None, *, defending: bool) -> dict[str, object]:
    """Return what the record says of a bid: that it was confirmed, its priority right, who called it from the floor.

    And when it was decided, if that was after the close. Bids of which it says the same share it: it is written once for all.
    """
    data = _CONFIRMED[each.confirmed]
    if rank is None and late is None and not defending and each.source is not Source.FLOOR:
        return data
    if defending:
        data = data | _DEFENDED
    if late is not None:
        data = data | {"decided_at": instant(late)}
    if rank is not None:
        data = data | {"rank": rank}
    return data | called(each)


def called(each: Asked) -> dict[str, object]:
    """Return what the record says of an offer called from the floor; nothing of another."""
    return {"source": each.source.value, "clerk": each.user_id} if each.source is Source.FLOOR else {}


def offer_row(each: Asked, answer: Answer, now: datetime) -> dict[str, Any]:
    """Return the row that keeps the offer and its answer."""
    refusal = answer if isinstance(answer, Refusal) else None
    return {
        "lot_id": each.lot_id,
        "organisation_id": each.organisation_id,
        "user_id": each.user_id,
        "key": each.key,
        "amount": each.amount,
        "confirmed": each.confirmed,
        "matching": each.matching,
        "source": each.source,
        "body_mac": None,
        "received_at": each.stamp(now),
        "decided_at": now,
        "seq": answer.seq if isinstance(answer, Taken) else None,
        "code": None if refusal is None else refusal.code,
        "facts": None if refusal is None else refusal.as_json(),
        "place": None,
        "hash": None,
        "lot_seq": None,
    }

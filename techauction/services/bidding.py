"""Taking offers: the hot path. A group of offers shares one transaction and is decided in memory, in order."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from techauction.core import bidding
from techauction.core.bidding import KeyClosed, KeyReused, NoSuchLot, SignInEnded
from techauction.core.money import ZERO
from techauction.core.offer import Eligibility, Offer
from techauction.core.record import Kind, instant
from techauction.core.refusal import Refusal
from techauction.core.tokens import TokenEnded
from techauction.services import group, heads
from techauction.services.heads import Head
from techauction.services.offers import Answer, Asked, Taken

__all__ = ["Answer", "Asked", "Taken", "take_bids"]

_CONFIRMED: dict[bool, dict[str, object]] = {each: {"confirmed": each} for each in (False, True)}
_STRANGER = Eligibility(paddle=None, admitted=False, paddle_voided=False, deposit_held=ZERO, deposit_required=ZERO)


def take_bids(session: Session, asked: Sequence[Asked], *, read_clock: Callable[[], datetime]) -> list[Answer]:
    """Decide the offers in order, and keep what was decided; the answers stand in the same order.

    Locks the lots, then reads the clock once. A key that was answered before gets its first answer again.
    """
    connection = session.connection()
    locked = heads.lock(connection, {each.lot_id for each in asked})
    now = read_clock()
    answered = group.answered(connection, asked)
    bidders = group.eligibilities(connection, asked)
    signed_in, holding = group.signed_in(connection, asked, now), group.holding(connection, asked, now)
    events: list[dict[str, Any]] = []
    offers: list[dict[str, Any]] = []
    answers: list[Answer] = []
    for each in asked:
        known = answered.get((each.organisation_id, each.key))
        if known is not None:
            same = known[0] == each.body or isinstance(known[1], KeyClosed)
            answers.append(known[1] if same else KeyReused())
            continue
        head = locked.get(each.lot_id)
        if head is None:
            answers.append(NoSuchLot())
            continue
        try:
            if each.session_id is not None and each.session_id not in signed_in:
                raise SignInEnded
            if each.token_id is not None and each.token_id not in holding:
                raise TokenEnded
            bidder = bidders.get((each.lot_id, each.organisation_id), _STRANGER)
            answer: Answer = _take(head, each, bidder, now, events)
        except Refusal as refusal:
            answer = refusal
        answered[each.organisation_id, each.key] = (each.body, answer)
        offers.append(_offer_row(each, answer, now))
        answers.append(answer)
    heads.keep(session, locked.values(), events)
    group.keep(session, offers)
    return answers


def _take(head: Head, each: Asked, bidder: Eligibility, now: datetime, events: list[dict[str, Any]]) -> Taken:
    before = head.lot
    head.lot = bidding.take(before, Offer(each.amount, each.confirmed), bidder, now)
    assert head.lot.standing is not None
    head.bids += 1
    paddle = head.lot.standing.paddle
    bid = head.append(
        Kind.BID,
        at=now,
        closes_at=before.closes_at,
        data=_CONFIRMED[each.confirmed],
        paddle=paddle,
        amount=each.amount,
    )
    events.append(bid)
    if head.lot.closes_at != before.closes_at:
        data: dict[str, object] = {"from": instant(before.closes_at)}
        events.append(head.append(Kind.EXTENDED, at=now, closes_at=head.lot.closes_at, data=data))
    return Taken(
        lot_id=each.lot_id,
        seq=bid["seq"],
        paddle=paddle,
        amount=each.amount,
        placed_at=now,
        closes_at=head.lot.closes_at,
        hash=bid["hash"],
    )


def _offer_row(each: Asked, answer: Answer, now: datetime) -> dict[str, Any]:
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
        "received_at": each.received_at,
        "decided_at": now,
        "seq": answer.seq if isinstance(answer, Taken) else None,
        "code": None if refusal is None else refusal.code,
        "facts": None if refusal is None else refusal.as_json(),
    }

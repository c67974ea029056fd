"""Taking offers: the hot path. A group of offers shares one transaction and is decided in memory, in order."""

from collections.abc import Callable, Container, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from techauction.core import bidding
from techauction.core.bidding import STRANGER, KeyClosed, KeyReused, LotClosed, NoSuchLot, SignInEnded
from techauction.core.custody import WITHOUT_KEYS, Custody
from techauction.core.refusal import Refusal
from techauction.core.tokens import TokenEnded
from techauction.services import group, heads, instructions, sealing, taking
from techauction.services.offers import Answer, Asked, Taken

__all__ = ["Answer", "Asked", "Taken", "take_bids"]


def take_bids(
    session: Session, asked: Sequence[Asked], *, read_clock: Callable[[], datetime], custody: Custody = WITHOUT_KEYS
) -> list[Answer | None]:
    """Decide the offers in order, and keep what was decided; the answers stand in the same order.

    Locks the lots, then reads the clock once. A key that was answered before gets its first answer again. What standing
    instructions call for is bid before the next offer is looked at. There is no answer yet to an offer that came at a lot's
    close or later, while the hammer has not fallen: what came in time may still move the close.
    """
    connection = session.connection()
    locked = heads.lock(connection, {each.lot_id for each in asked})
    now = read_clock()
    sealing.remember(session, locked.values())
    answered = group.answered(connection, asked)
    bidders = group.eligibilities(connection, {(each.lot_id, each.organisation_id) for each in asked})
    left = instructions.live(connection, locked)
    signed_in, holding = group.signed_in(connection, asked, now), group.holding(connection, asked, now)
    events: list[dict[str, Any]] = []
    offers: list[dict[str, Any]] = []
    boxes: list[dict[str, Any]] = []
    answers: list[Answer | None] = []
    instructions.begin(locked, left, now, events, offers)
    for each in asked:
        known = answered.get((each.organisation_id, each.key))
        if known is not None:
            same = isinstance(known[1], KeyClosed) or sealing.is_same(known[0], each, custody)
            answers.append(sealing.repeated(known[1], each) if same else KeyReused())
            continue
        head, bidder = locked.get(each.lot_id), bidders.get((each.lot_id, each.organisation_id))
        ended = _ended(each, signed_in, holding)
        if head is None or not head.is_for(bidder):
            answers.append(ended or NoSuchLot())
            continue
        try:
            bidding.must_not_be_over(head.lot, each.stamp(now))
            if ended is not None:
                raise ended
            bidder = bidder or STRANGER
            answer: Answer = (
                sealing.take(head, each, bidder, custody=custody, now=now, events=events, boxes=boxes)
                if sealing.hides(head)
                else taking.take(head, each, bidder, now, events)
            )
        except Refusal as refusal:
            if isinstance(refusal, LotClosed) and head.lot.waits_for_hammer:
                answers.append(None)
                continue
            answer = refusal
        row = sealing.kept(head, taking.offer_row(each, answer, now), each, answer, custody)
        if row is not None:
            if isinstance(answer, Refusal):
                head.refuse(row)
            answered[each.organisation_id, each.key] = (each.body, answer)
            offers.append(row)
        if each.lot_id in left and isinstance(answer, Taken):
            instructions.follow(head, left[each.lot_id], now, events, offers)
        answers.append(answer)
    heads.keep(session, locked.values(), events)
    group.keep(session, offers)
    sealing.keep(session, boxes)
    return answers


def _ended(asked: Asked, signed_in: Container[int], holding: Container[int]) -> Refusal | None:
    """Return why whoever offers is nobody any more; nothing where the sign-in or the token still holds."""
    if asked.session_id is not None and asked.session_id not in signed_in:
        return SignInEnded()
    if asked.token_id is not None and asked.token_id not in holding:
        return TokenEnded()
    return None

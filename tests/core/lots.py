"""Builders of core values: say only what the test is about."""

from datetime import datetime, timedelta
from typing import Any

from techauction.core.increment import Ladder
from techauction.core.lot import Bid, Extension, Lot, Rules, Stage
from techauction.core.money import ZERO, Money
from techauction.core.offer import Eligibility, Offer
from tests.conftest import TEN

CLOSE = TEN + timedelta(hours=1)


def wan(count: int) -> Money:
    """Return so many 万元."""
    return Money(count * 1_000_000)


def a_lot(
    *, standing: Bid | None = None, extension: Extension | None = None, rules: dict[str, Any] | None = None, **more: Any
) -> Lot:
    """Return a lot open from ten to eleven, from 200万 by 10万, soft close 300 s."""
    values: dict[str, Any] = {
        "stage": Stage.OPEN,
        "start": wan(200),
        "ladder": Ladder.flat(wan(10)),
        "rules": Rules(extension=extension or Extension(), **(rules or {})),
        "opens_at": TEN,
        "closes_at": CLOSE,
        "scheduled_closes_at": CLOSE,
        "standing": standing,
        "bidders": frozenset() if standing is None else frozenset({standing.paddle}),
    }
    return Lot(**values | more)


def a_bid(paddle: int, amount: Money, at: datetime = TEN) -> Bid:
    """Return a bid that stands."""
    return Bid(paddle, amount, at)


def an_offer(amount: Money, *, confirmed: bool = False) -> Offer:
    """Return an offer."""
    return Offer(amount, confirmed)


def holder(paddle: int | None, **more: Any) -> Eligibility:
    """Return the standing of somebody who may bid."""
    values: dict[str, Any] = {
        "paddle": paddle,
        "admitted": True,
        "paddle_voided": False,
        "deposit_held": ZERO,
        "deposit_required": ZERO,
    }
    return Eligibility(**values | more)

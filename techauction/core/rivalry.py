"""What a simulated rival does next, in a demonstration, a rehearsal or a practice: plain values in, an offer or nothing out."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from techauction.core.lot import Lot, Stage
from techauction.core.money import Money

_LATE = 0.5
"""On how many of the lots a rival waits for the last minute."""
_LAST_MINUTE = timedelta(seconds=50)
_TOO_LATE = timedelta(seconds=4)
_STEPS = (1, 1, 1, 2)
HESITATES = 0.7
"""How often somebody who looks at a sealed lot puts its one offer off."""
_USUAL = timedelta(seconds=150)
"""Over a lot that is open as long, or longer, rivals are as slow as people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Temper:
    """How rivals treat one lot.

    Among themselves they go up to `ceiling`. A visitor is outbid `answers` times, whatever the price, and then let alone.
    `pause`: how long they think about each other's bids. `late`: one of them waits for the last minute. `noticed`: the
    visitor's bid that they are thinking about, by its time. `haste`: how many times faster than people they are.
    """

    rivals: Collection[int]
    ceiling: Money
    answers: int
    pause: timedelta
    late: bool
    next_at: datetime
    noticed: datetime | None = None
    haste: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An offer that a rival would make."""

    paddle: int
    amount: Money


def temper(lot: Lot, paddles: Collection[int], *, now: datetime, rnd: Random) -> Temper:
    """Return how rivals will treat a lot that has just opened; on one that is sold faster than usual they make haste."""
    wanted = rnd.choice((4, 5, 6, 8, 10))
    haste = max(1.0, _USUAL / max(lot.scheduled_closes_at - lot.opens_at, timedelta(seconds=1)))
    return Temper(
        rivals=tuple(rnd.sample(sorted(paddles), min(len(paddles), rnd.randint(2, 4)))),
        ceiling=lot.start + lot.increment().times(wanted),
        answers=rnd.randint(3, 5),
        pause=(lot.closes_at - now) / (wanted + 1),
        late=rnd.random() < _LATE,
        next_at=now + timedelta(seconds=rnd.uniform(3, 25)) / haste,
        haste=haste,
    )


def look(lot: Lot, seen: Temper, *, now: datetime, rnd: Random) -> tuple[Wish | None, Temper]:
    """Return what is offered at `now`, if anything, and how the lot is treated from then on."""
    if lot.stage is not Stage.OPEN or not now < lot.closes_at - _TOO_LATE / seen.haste:
        return None, seen
    standing = lot.standing
    visitor_leads = standing is not None and standing.paddle not in seen.rivals
    if visitor_leads and standing is not None and seen.noticed != standing.placed_at:
        # Somebody looks up sooner than among rivals.
        seen = replace(seen, noticed=standing.placed_at, next_at=now + timedelta(seconds=rnd.uniform(3, 9)) / seen.haste)
    last_minute = seen.late and not visitor_leads and lot.closes_at - now <= _LAST_MINUTE / seen.haste
    if now < seen.next_at and not last_minute:
        return None, seen
    if visitor_leads:
        if not seen.answers:
            return None, seen
        return _wish(lot, seen, lot.most_bid(), rnd), _after(replace(seen, answers=seen.answers - 1), now, rnd)
    if lot.least_bid() > seen.ceiling:
        return None, seen
    return _wish(lot, seen, seen.ceiling, rnd), _after(replace(seen, late=seen.late and not last_minute), now, rnd)


def _after(seen: Temper, now: datetime, rnd: Random) -> Temper:
    return replace(seen, next_at=now + seen.pause * rnd.uniform(0.5, 1.3))


def _wish(lot: Lot, seen: Temper, most: Money, rnd: Random) -> Wish:
    leader = None if lot.standing is None else lot.standing.paddle
    steps = rnd.choice(_STEPS) - 1 if lot.standing is not None else 0
    amount = lot.least_bid() + lot.increment().times(steps)
    return Wish(
        paddle=rnd.choice([each for each in seen.rivals if each != leader]),
        amount=amount if amount <= min(most, lot.most_bid()) else lot.least_bid(),
    )

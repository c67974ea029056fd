"""Which amounts may be bid on a lot at present."""

from dataclasses import dataclass

from techauction.core.lot import Format, Lot
from techauction.core.money import Money

QUICK_STEPS = range(1, 9)
"""The rises that a bidder is offered at one touch; a round may allow fewer."""


@dataclass(frozen=True, slots=True)
class Step:
    """A lawful amount, and by how many increments it rises; zero is the start price."""

    rises: int
    amount: Money


def quick_steps(lot: Lot) -> tuple[Step, ...]:
    """Return the amounts that a bidder is offered at one touch, the least first."""
    base, first = (lot.start, (0,)) if lot.standing is None else (lot.standing.amount, ())
    rises = (*first, *(step for step in QUICK_STEPS if step <= lot.rules.max_steps))
    return tuple(Step(rise, base + lot.increment().times(rise)) for rise in rises)


def nearest(lot: Lot, amount: Money) -> tuple[Money, ...]:
    """Return the lawful amounts nearest to `amount`, the lesser first: itself if it is lawful, else two where there are two."""
    least, increment = lot.least_bid(), lot.increment()
    most = lot.most_bid()
    if lot.format is Format.SEALED:  # which has no step cap
        most = max(most, amount + increment - Money((amount - least).minor % increment.minor))
    below = amount - Money((amount - least).minor % increment.minor)
    if below == amount and least <= amount <= most:
        return (amount,)
    highest_pair = max(most - increment, least)
    lower = min(max(below, least), highest_pair)
    upper = min(lower + increment, most)
    return (lower,) if lower == upper else (lower, upper)

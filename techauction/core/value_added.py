"""How much more than its start price a sale brought."""

from collections.abc import Iterable
from dataclasses import dataclass

from techauction.core.money import Money, rate, total
from techauction.core.outcome import Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedLot:
    """What the report needs of one lot that was announced. `bidders`: the paddles that bid. No ending: it is being sold."""

    start: Money
    ending: Ending | None
    price: Money | None
    bids: int
    bidders: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueAdded:
    """A group of lots added up. The rate is computed from the sums over lots sold at the hammer, never from rates."""

    lots_offered: int
    lots_sold: int
    lots_agreed: int
    lots_void: int
    start: Money
    sold_start: Money
    hammer: Money
    bids: int
    enterprises: int

    @property
    def value_added(self) -> Money:
        """Return what the sold lots brought over their start prices."""
        return self.hammer - self.sold_start

    @property
    def value_added_rate(self) -> str:
        """Return the value-added rate in percent, half-up at two places."""
        return rate(self.value_added, self.sold_start)


NOT_COUNTED = (Ending.WITHHELD, Ending.WITHDRAWN, Ending.VOID)
"""Lots that were announced and not offered to the end, or whose outcome was voided: they are in no total."""


def add_up(lots: Iterable[AnnouncedLot]) -> ValueAdded:
    """Return the group's sums. Lots withheld or withdrawn stay out, and void ones are counted apart."""
    lots = list(lots)
    offered = [lot for lot in lots if lot.ending not in NOT_COUNTED]
    sold = [lot for lot in offered if lot.ending is Ending.SOLD]
    return ValueAdded(
        lots_offered=len(offered),
        lots_sold=len(sold),
        lots_agreed=sum(lot.ending is Ending.AGREED for lot in offered),
        lots_void=sum(lot.ending is Ending.VOID for lot in lots),
        start=total(lot.start for lot in offered),
        sold_start=total(lot.start for lot in sold),
        hammer=total(lot.price for lot in sold if lot.price is not None),
        bids=sum(lot.bids for lot in offered),
        enterprises=len(frozenset[int]().union(*(lot.bidders for lot in offered))),
    )

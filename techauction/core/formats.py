"""The ways in which a lot may be sold. Each is a module that answers the same three questions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from techauction.core import ascending, sealed
from techauction.core.lot import Bid, Format, Lot
from techauction.core.money import Money
from techauction.core.offer import Eligibility, Offer
from techauction.core.outcome import PassedIn, Sold


class Way(Protocol):
    """What a format must say. The stage, the clock and the bidder were looked at before it is asked."""

    def take(self, lot: Lot, offer: Offer, bidder: Eligibility, at: datetime, late: datetime | None = None) -> Lot:
        """Return the lot after the offer, or raise the Refusal that says why it may not be taken.

        `late`: when it was decided, if that was after the close.
        """

    def standing(self, lot: Lot) -> Bid | None:
        """Return what stands now, for everybody to see."""

    def end(self, lot: Lot, reserve: Money | None) -> Sold | PassedIn:
        """Return how the lot ends."""


FORMATS: Mapping[Format, Way] = {Format.ASCENDING: ascending, Format.SEALED: sealed}


def standing(lot: Lot) -> Bid | None:
    """Return what stands on the lot now, for everybody to see."""
    return FORMATS[lot.format].standing(lot)

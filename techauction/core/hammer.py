"""When a lot ends, and whether it is offered at all."""

from datetime import datetime

from techauction.core.formats import FORMATS
from techauction.core.lot import Lot, Stage
from techauction.core.money import Money
from techauction.core.outcome import PassedIn, Sold, WithheldFor
from techauction.core.refusal import Refusal


class HammerTooEarly(Refusal):
    """The lot's close has not come, or the lot is not open."""

    code = "hammer_too_early"

    def __init__(self, closes_at: datetime) -> None:
        super().__init__(closes_at=closes_at)


def fall(lot: Lot, reserve: Money | None, now: datetime) -> Sold | PassedIn:
    """Return how the lot ends: a function of its record and its close, whenever the hammer is heard.

    :raises HammerTooEarly: before the close, or while the lot is not open
    """
    must_be_due(lot, now)
    return FORMATS[lot.format].end(lot, reserve)


def must_be_due(lot: Lot, now: datetime) -> None:
    """Refuse a hammer before the close, or while the lot is not open: nothing sealed is opened before it.

    :raises HammerTooEarly: as it says
    """
    if lot.stage is not Stage.OPEN or now < lot.closes_at:
        raise HammerTooEarly(lot.closes_at)


def withhold(*, admitted: int, min_admitted: int, reserve_announced: bool, reserve_sealed: bool) -> WithheldFor | None:
    """Return why a lot may not be offered when its time comes, or nothing."""
    if reserve_announced and not reserve_sealed:
        return WithheldFor.RESERVE_NOT_SEALED
    if admitted < min_admitted:
        return WithheldFor.TOO_FEW_ADMITTED
    return None

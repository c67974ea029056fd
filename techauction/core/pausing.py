"""Stopping a lot's bidding, and going on without anybody having lost time."""

from dataclasses import replace
from datetime import datetime, timedelta

from techauction.core.bidding import LotClosed, must_be_open
from techauction.core.lot import Lot, Stage
from techauction.core.refusal import Refusal


class LotNotPaused(Refusal):
    """There is nothing to resume."""

    code = "not_paused"


def pause(lot: Lot, now: datetime) -> Lot:
    """Return the lot paused.

    :raises LotNotOpen, LotPaused, LotClosed: it is not open for bids at `now`
    """
    must_be_open(lot, now)
    return replace(lot, stage=Stage.PAUSED)


def interrupt(lot: Lot) -> Lot:
    """Return the lot interrupted: the selling process was away during its last period, so it is not closed by default."""
    if lot.stage is not Stage.OPEN:
        raise LotClosed(lot.closes_at)
    return replace(lot, stage=Stage.INTERRUPTED)


def resume(lot: Lot, stopped_at: datetime, now: datetime) -> Lot:
    """Return the lot open again, with the time it had left at `stopped_at`, and never less than one full period.

    The full period, never the remainder: the Supreme People's Court held a sale not concluded because 19 seconds were lost.

    :raises LotNotPaused: it is neither paused nor interrupted
    """
    if lot.stage not in (Stage.PAUSED, Stage.INTERRUPTED):
        raise LotNotPaused
    left = max(lot.closes_at - stopped_at, lot.rules.extension.length)
    # A clock that was set back may stand before the stop, and before the opening: what was planned moves with it.
    scheduled = lot.scheduled_closes_at - max(stopped_at - now, timedelta(0))
    return replace(
        lot,
        stage=Stage.OPEN,
        opens_at=min(lot.opens_at, now),
        closes_at=now + left,
        scheduled_closes_at=max(scheduled, now + left),
    )


def set_back(last_at: datetime, now: datetime) -> dict[str, object]:
    """Return what the record says of a clock that was set back while the lot stood still; nothing otherwise.

    Time on a record goes backward at the first event after that, and nowhere else.
    """
    return {} if now >= last_at else {"set_back_us": (last_at - now) // timedelta(microseconds=1)}

"""Giving a lot more time than its rules would: an organizer's act, not a bid's."""

from dataclasses import replace
from datetime import datetime, timedelta

from techauction.core.bidding import must_be_open
from techauction.core.lot import Lot
from techauction.core.refusal import Refusal

LEAST = timedelta(minutes=1)
MOST = timedelta(days=1)


class ProlongedWrong(Refusal):
    """A lot is prolonged by a minute at least and a day at most."""

    code = "prolonged_wrong"


def prolong(lot: Lot, by: timedelta, now: datetime) -> Lot:
    """Return the lot with its close moved later. What was planned moves with it, and so does the cap on extensions.

    :raises ProlongedWrong: so much is not given
    :raises LotNotOpen, LotPaused, LotClosed: the lot is not open for bids at `now`
    """
    if not LEAST <= by <= MOST:
        raise ProlongedWrong
    must_be_open(lot, now)
    return replace(lot, closes_at=lot.closes_at + by, scheduled_closes_at=lot.scheduled_closes_at + by)

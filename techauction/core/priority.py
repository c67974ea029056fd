"""Priority rights (优先购买权): confirmed before the round opens, and perhaps waived before the lot closes."""

from datetime import datetime

from techauction.core.ascending import NoPriorityRight
from techauction.core.bidding import LotClosed
from techauction.core.consigning import LICENCES, Instrument
from techauction.core.lot import Lot, Stage
from techauction.core.refusal import Refusal
from techauction.core.round import Phase, PhaseForbids

MOST_RANK = 99


class PriorityRankWrong(Refusal):
    """A rank is a whole number; the first is 1."""

    code = "priority_rank_wrong"

    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class NoRightAtLicence(Refusal):
    """The right covers a transfer (Civil Code art. 847), not a licence."""

    code = "no_right_at_licence"


class PriorityWaived(Refusal):
    """The holder has waived its right at the lot, and that stands."""

    code = "priority_waived"


def may_be_held(instrument: Instrument) -> bool:
    """Return whether there can be a priority right at a lot of which the buyer gets this."""
    return instrument not in LICENCES


def confirm(phase: Phase, rank: int | None, *, waived: bool, instrument: Instrument) -> int | None:
    """Return a holder's rank as it may be set, or nothing where a confirmation is taken back.

    :raises PhaseForbids: the round is not published, or has opened
    :raises PriorityWaived: the holder has waived its right
    :raises NoRightAtLicence: the lot is a licence
    :raises PriorityRankWrong: there is no such rank
    """
    if phase is not Phase.PUBLISHED:
        raise PhaseForbids(phase)
    if waived:
        raise PriorityWaived
    if rank is not None and not may_be_held(instrument):
        raise NoRightAtLicence
    if rank is not None and not 1 <= rank <= MOST_RANK:
        raise PriorityRankWrong(MOST_RANK)
    return rank


def waive(lot: Lot, rank: int | None, now: datetime) -> datetime:
    """Return since when the right is waived. `rank` is the holder's, while it has not waived.

    :raises NoPriorityRight: there is nothing to waive
    :raises LotClosed: the lot's close has come
    """
    if rank is None:
        raise NoPriorityRight
    if lot.stage is Stage.ENDED or (lot.stage is Stage.OPEN and now >= lot.closes_at):
        raise LotClosed(lot.closes_at)
    return now

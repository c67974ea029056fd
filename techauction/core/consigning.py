"""What an institute may bring to a round, and who may see its reserve."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.refusal import Refusal
from techauction.core.registration import ReasonNeeded
from techauction.core.round import Phase, PhaseForbids


class Instrument(StrEnum):
    """What the buyer gets: the right itself, a licence, or a share of a company."""

    TRANSFER = "transfer"
    EXCLUSIVE_LICENCE = "exclusive_licence"
    SOLE_LICENCE = "sole_licence"
    ORDINARY_LICENCE = "ordinary_licence"
    EQUITY = "equity"


LICENCES = frozenset({Instrument.EXCLUSIVE_LICENCE, Instrument.SOLE_LICENCE, Instrument.ORDINARY_LICENCE})


class ReserveClosed(Refusal):
    """The deadline for sealing a reserve has passed."""

    code = "reserve_closed"

    def __init__(self, reserve_deadline_at: datetime) -> None:
        super().__init__(reserve_deadline_at=reserve_deadline_at)


class ReserveUnderStart(Refusal):
    """A reserve under the start price would never act."""

    code = "reserve_under_start"

    def __init__(self, start: Money) -> None:
        super().__init__(start=start)


class NoReserveAnnounced(Refusal):
    """The lot was announced without a reserve, and stays so."""

    code = "no_reserve_announced"


class StageForbids(Refusal):
    """The lot is past the stage in which this may be done."""

    code = "stage_forbids"

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage=stage.value)


class ListingClosed(Refusal):
    """Registration in the round has closed, so that no enterprise could still ask for the lot."""

    code = "listing_closed"

    def __init__(self, registration_closes_at: datetime) -> None:
        super().__init__(registration_closes_at=registration_closes_at)


class InstituteNotApproved(Refusal):
    """The institute's registration was not approved."""

    code = "institute_not_approved"


class MarketTakesNoPart(Refusal):
    """The institute's market takes no part in the round."""

    code = "market_takes_no_part"


class ResultListed(Refusal):
    """The institute has a result of this title in the round already: the form was sent twice."""

    code = "result_listed"


class TermsMissing(Refusal):
    """The lot has no start price or no increment."""

    code = "terms_missing"


class LotNumberTaken(Refusal):
    """Another lot of the round has the number."""

    code = "lot_number_taken"

    def __init__(self, lot: int) -> None:
        super().__init__(lot=lot)


class LotNumberWrong(Refusal):
    """The number is none that a lot may have."""

    code = "lot_number_wrong"

    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class NotSealingOfficer(Refusal):
    """Only the institute's sealing officer may seal its reserves."""

    code = "not_sealing_officer"


def must_be_at(stage: Stage, *allowed: Stage) -> None:
    """Refuse when the lot is at none of the stages allowed.

    :raises StageForbids: it is at none
    """
    if stage not in allowed:
        raise StageForbids(stage)


MOST_LOT = 9_999


def must_take_lots(phase: Phase, *, registration_closes_at: datetime, now: datetime) -> None:
    """Refuse when a round takes no more lots: it takes them as a draft, and published until registration closes.

    :raises PhaseForbids, ListingClosed: as they say
    """
    if phase not in (Phase.DRAFT, Phase.PUBLISHED):
        raise PhaseForbids(phase)
    if phase is Phase.PUBLISHED and now >= registration_closes_at:
        raise ListingClosed(registration_closes_at)


def submit(
    *, approved: bool, takes_part: bool, listed: bool, phase: Phase, registration_closes_at: datetime, now: datetime
) -> None:
    """Refuse what stands against bringing a result to a round; `listed`: one of its title is there from the same institute.

    :raises InstituteNotApproved, MarketTakesNoPart, PhaseForbids, ListingClosed, ResultListed: as they say
    """
    if not approved:
        raise InstituteNotApproved
    if not takes_part:
        raise MarketTakesNoPart
    must_take_lots(phase, registration_closes_at=registration_closes_at, now=now)
    if listed:
        raise ResultListed


def accept(
    *,
    stage: Stage,
    phase: Phase,
    complete: bool,
    wanted: int | None,
    taken: Collection[int],
    registration_closes_at: datetime,
    now: datetime,
) -> int:
    """Return the number under which a lot is listed: the one wanted, or the next. `complete`: it has its prices.

    :raises StageForbids, PhaseForbids, ListingClosed, TermsMissing, LotNumberWrong, LotNumberTaken: as they say
    """
    must_be_at(stage, Stage.SUBMITTED)
    must_take_lots(phase, registration_closes_at=registration_closes_at, now=now)
    # A draft may wait for terms, and is not published without them.
    if phase is Phase.PUBLISHED and not complete:
        raise TermsMissing
    number = max(taken, default=0) + 1 if wanted is None else wanted
    if not 1 <= number <= MOST_LOT:
        raise LotNumberWrong(MOST_LOT)
    if number in taken:
        raise LotNumberTaken(number)
    return number


def send_back(*, stage: Stage, phase: Phase, reason: str) -> None:
    """Refuse what stands against returning a result to its institute; one accepted goes back only before it is announced.

    :raises StageForbids, ReasonNeeded: as they say
    """
    must_be_at(stage, *((Stage.SUBMITTED, Stage.LISTED) if phase is Phase.DRAFT else (Stage.SUBMITTED,)))
    if not reason.strip():
        raise ReasonNeeded


def seal(
    *, stage: Stage, announced: bool, reserve: Money, start: Money | None, reserve_deadline_at: datetime, now: datetime
) -> None:
    """Refuse what stands against sealing a reserve; the last one sealed before the deadline counts.

    :raises StageForbids, NoReserveAnnounced, ReserveClosed, TermsMissing, ReserveUnderStart: as they say
    """
    must_be_at(stage, Stage.SUBMITTED, Stage.RETURNED, Stage.LISTED)
    if not announced:
        raise NoReserveAnnounced
    if now >= reserve_deadline_at:
        raise ReserveClosed(reserve_deadline_at)
    if start is None:
        raise TermsMissing
    if reserve < start:
        raise ReserveUnderStart(start)

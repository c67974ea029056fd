"""A round: its phases, its calendar, and what it may not be published without."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from techauction.core.admission import DepositKind, DepositRule
from techauction.core.lot import Rules
from techauction.core.money import Money
from techauction.core.refusal import Refusal


class Phase(StrEnum):
    """Where a round stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    OPEN = "open"
    CLOSED = "closed"
    CALLED_OFF = "called_off"


ANNOUNCED_PHASES = (Phase.PUBLISHED, Phase.OPEN, Phase.CLOSED, Phase.CALLED_OFF)
"""Those in which a round may be known; one that was called off as a draft was never announced all the same."""

NEXT = {
    Phase.DRAFT: {Phase.PUBLISHED, Phase.CALLED_OFF},
    Phase.PUBLISHED: {Phase.OPEN, Phase.CALLED_OFF},
    Phase.OPEN: {Phase.CLOSED},
    Phase.CLOSED: set[Phase](),
    Phase.CALLED_OFF: set[Phase](),
}


class Regime(StrEnum):
    """Whose rules hold: the exchange's own (竞价), or the Auction Law's with a licensed house (拍卖)."""

    EXCHANGE = "exchange"
    AUCTION = "auction"


class PhaseForbids(Refusal):
    """The round is not in a phase that allows this."""

    code = "phase_forbids"

    def __init__(self, phase: Phase) -> None:
        super().__init__(phase=phase.value)


class RoundNotDue(Refusal):
    """The round's opening has not come; a rehearsal may open early, any other where two agree."""

    code = "round_not_due"

    def __init__(self, opens_at: datetime) -> None:
        super().__init__(opens_at=opens_at)


class RegistrationOpen(Refusal):
    """Registration and deposits are open still, so the round may not open early."""

    code = "registration_open"

    def __init__(self, registration_closes_at: datetime) -> None:
        super().__init__(registration_closes_at=registration_closes_at)


class SlugTaken(Refusal):
    """Another round has the name for addresses."""

    code = "slug_taken"

    def __init__(self, slug: str) -> None:
        super().__init__(slug=slug)


class SlugOnRecord(Refusal):
    """The name for addresses stands in a lot's record already: it stays, or the record would be of no round."""

    code = "slug_on_record"

    def __init__(self, slug: str) -> None:
        super().__init__(slug=slug)


class HostDecides(Refusal):
    """Only an organizer of the host market may do this."""

    code = "host_decides"


class CustodianUnfit(Refusal):
    """Only an organizer of the host market may be the custodian, and only where the Auction Law's rules hold."""

    code = "custodian_unfit"


class MarketHasLots(Refusal):
    """A market that has lots in the round cannot leave it."""

    code = "market_has_lots"

    def __init__(self, market: str) -> None:
        super().__init__(market=market)


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a round cannot be published: the field in which it stands, of the round or of a lot, and its code."""

    field: str
    code: str
    lot: int | None = None

    @property
    def path(self) -> str:
        """Return where it stands: `closes_at`, `lots[3].start`."""
        return self.field if self.lot is None else f"lots[{self.lot}].{self.field}"


class RoundNotReady(Refusal):
    """The round contradicts itself or lacks something; `problems` says what, field by field."""

    code = "round_not_ready"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems="; ".join(f"{each.path}: {each.code}" for each in problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The instants of a round. `reserve_deadline_at`: until when reserves may be sealed."""

    registration_closes_at: datetime
    reserve_deadline_at: datetime
    opens_at: datetime
    closes_at: datetime
    stagger: timedelta = timedelta(0)

    def closes(self, place: int) -> datetime:
        """Return the scheduled close of the lot at `place` (0 is the first)."""
        return self.closes_at + self.stagger * place


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLot:
    """What a round must know of each of its lots to be published."""

    number: int
    start: Money | None
    increment: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A round as it is about to be published. `rehearsal` waives the notice period; `unsaid` lacks a word (`terms`)."""

    calendar: Calendar
    rules: Rules
    deposit: DepositRule
    lots: Sequence[ListedLot]
    rehearsal: bool
    notice: timedelta = timedelta(days=7)
    unsaid: Sequence[Problem] = ()


LEAST_PERIOD = timedelta(seconds=1)
MOST_PERIOD = timedelta(hours=1)


def publish(phase: Phase, plan: Plan, now: datetime) -> Phase:
    """Return the published phase.

    :raises PhaseForbids: the round is not a draft
    :raises RoundNotReady: with every problem found
    """
    turn(phase, Phase.PUBLISHED)
    problems = tuple(problems_of(plan, now))
    if problems:
        raise RoundNotReady(problems)
    return Phase.PUBLISHED


def turn(phase: Phase, to: Phase) -> Phase:
    """Return `to` where the table of phases allows it.

    :raises PhaseForbids: it does not
    """
    if to not in NEXT[phase]:
        raise PhaseForbids(phase)
    return to


def open_at(
    phase: Phase, opens_at: datetime, now: datetime, *, early: bool, registration_closes_at: datetime | None = None
) -> Phase:
    """Return the open phase.

    :raises PhaseForbids: the round is not published
    :raises RoundNotDue: its time has not come, and it may not open early
    :raises RegistrationOpen: whoever was told that there is time to register and pay would find the sale begun
    """
    turn(phase, Phase.OPEN)
    if now < opens_at:
        if not early:
            raise RoundNotDue(opens_at)
        if registration_closes_at is not None and now < registration_closes_at:
            raise RegistrationOpen(registration_closes_at)
    return Phase.OPEN


def problems_of(plan: Plan, now: datetime) -> Iterator[Problem]:
    """Yield what keeps the round from being published."""
    yield from _problems_of_times(plan, now)
    extension = plan.rules.extension
    for field, period in (("extension_trigger_s", extension.trigger), ("extension_length_s", extension.length)):
        if not LEAST_PERIOD <= period <= MOST_PERIOD:
            yield Problem(field, "period_out_of_range")
    if plan.deposit.kind is DepositKind.FIXED and plan.deposit.fixed is None:
        yield Problem("deposit_fixed", "missing")
    yield from plan.unsaid
    if not plan.lots:
        yield Problem("lots", "none_listed")
    for lot in plan.lots:
        if lot.start is None:
            yield Problem("start", "missing", lot.number)
        if lot.increment is None:
            yield Problem("increment", "missing", lot.number)


def _problems_of_times(plan: Plan, now: datetime) -> Iterator[Problem]:
    calendar = plan.calendar
    if calendar.opens_at <= now:
        yield Problem("opens_at", "in_the_past")
    elif not plan.rehearsal and calendar.opens_at - now < plan.notice:
        yield Problem("opens_at", "notice_too_short")
    if calendar.closes_at <= calendar.opens_at:
        yield Problem("closes_at", "not_after_opening")
    elif calendar.closes_at - calendar.opens_at < plan.rules.extension.trigger:
        yield Problem("closes_at", "shorter_than_timed_period")
    for field, deadline in (
        ("registration_closes_at", calendar.registration_closes_at),
        ("reserve_deadline_at", calendar.reserve_deadline_at),
    ):
        if deadline > calendar.opens_at:
            yield Problem(field, "after_opening")
        elif deadline <= now < calendar.opens_at:
            yield Problem(field, "in_the_past")

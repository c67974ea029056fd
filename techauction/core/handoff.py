"""What becomes of a sold lot: the steps from the confirmation of sale to the transfer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from techauction.core.consigning import Instrument
from techauction.core.days import Period, SpecialDays
from techauction.core.refusal import Refusal


class CaseKind(StrEnum):
    """Why a manager takes a lot over: it was sold, or it passed in with a bid that may still lead to a sale."""

    SOLD = "sold"
    FOLLOW_UP = "follow_up"


class Step(StrEnum):
    """One thing to be done after the hammer."""

    SALE_CONFIRMED = "sale_confirmed"
    CONTRACT_DRAFTED = "contract_drafted"
    CONTRACT_SIGNED = "contract_signed"
    CONTRACT_REGISTERED = "contract_registered"
    PRICE_PAID = "price_paid"
    ASSIGNMENT_REGISTERED = "assignment_registered"
    LICENCE_FILED = "licence_filed"
    SHARES_REGISTERED = "shares_registered"
    KNOW_HOW_DELIVERED = "know_how_delivered"
    ACCEPTED = "accepted"
    CHECKED_6_MONTHS = "checked_6_months"
    CHECKED_12_MONTHS = "checked_12_months"
    CHECKED_24_MONTHS = "checked_24_months"
    PARTIES_ASKED = "parties_asked"
    PRICE_TALKED = "price_talked"
    FOLLOW_UP_ENDED = "follow_up_ended"


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when a step is expected: a period from another step's day, or from the hammer's where `since` is empty."""

    period: Period
    since: Step | None = None

    def due_on(self, hammer_on: date, done: Mapping[Step, date], special: SpecialDays) -> date | None:
        """Return the last day; none while the step that starts the period is not done."""
        start = hammer_on if self.since is None else done.get(self.since)
        return None if start is None else self.period.last_day(start, special)


@dataclass(frozen=True, slots=True)
class Planned:
    """A step of a case, the steps without which law or logic forbids it, and by when it is expected."""

    step: Step
    after: frozenset[Step] = frozenset()
    deadline: Deadline | None = None


def _table(effect: Step, *, effect_by: Deadline | None = None) -> tuple[Planned, ...]:
    signed = frozenset({Step.CONTRACT_SIGNED})
    accepted = frozenset({Step.ACCEPTED})

    def checked(step: Step, months: int) -> Planned:
        return Planned(step, accepted, Deadline(Period(months=months), Step.ACCEPTED))

    return (
        Planned(Step.SALE_CONFIRMED, deadline=Deadline(Period(working_days=2))),
        Planned(Step.CONTRACT_DRAFTED),
        Planned(
            Step.CONTRACT_SIGNED,
            frozenset({Step.SALE_CONFIRMED, Step.CONTRACT_DRAFTED}),
            Deadline(Period(working_days=5), Step.SALE_CONFIRMED),
        ),
        Planned(Step.CONTRACT_REGISTERED, signed),
        Planned(Step.PRICE_PAID, signed, Deadline(Period(working_days=5), Step.CONTRACT_SIGNED)),
        Planned(effect, signed, effect_by),
        Planned(Step.KNOW_HOW_DELIVERED, signed),
        Planned(Step.ACCEPTED, frozenset({Step.KNOW_HOW_DELIVERED})),
        checked(Step.CHECKED_6_MONTHS, 6),
        checked(Step.CHECKED_12_MONTHS, 12),
        checked(Step.CHECKED_24_MONTHS, 24),
    )


_LICENCE = _table(Step.LICENCE_FILED, effect_by=Deadline(Period(months=3), Step.CONTRACT_SIGNED))
STEPS = {
    Instrument.TRANSFER: _table(Step.ASSIGNMENT_REGISTERED),
    Instrument.EXCLUSIVE_LICENCE: _LICENCE,
    Instrument.SOLE_LICENCE: _LICENCE,
    Instrument.ORDINARY_LICENCE: _LICENCE,
    Instrument.EQUITY: _table(Step.SHARES_REGISTERED),
}
FOLLOW_UP = (Planned(Step.PARTIES_ASKED), Planned(Step.PRICE_TALKED), Planned(Step.FOLLOW_UP_ENDED))
TRANSFERRED_BY = frozenset({Step.ASSIGNMENT_REGISTERED, Step.LICENCE_FILED, Step.SHARES_REGISTERED})


class CaseNotAccepted(Refusal):
    """A case must be accepted before steps are recorded on it."""

    code = "case_not_accepted"


class CaseTaken(Refusal):
    """A manager has accepted the case, so it is given to no other."""

    code = "case_taken"


class CaseClosed(Refusal):
    """The case is closed."""

    code = "case_closed"


class CaseUnfinished(Refusal):
    """A step is still to be done before the case may be closed."""

    code = "case_unfinished"

    def __init__(self, step: Step) -> None:
        super().__init__(step=step.value)


class StepOutsideCase(Refusal):
    """The day on which the step is said to have been done is before the hammer's, or still to come."""

    code = "step_outside_case"

    def __init__(self, hammer_on: date, today: date) -> None:
        super().__init__(hammer_on=hammer_on.isoformat(), today=today.isoformat())


class StepDone(Refusal):
    """The step is on record already."""

    code = "step_done"

    def __init__(self, step: Step) -> None:
        super().__init__(step=step.value)


class StepTooEarly(Refusal):
    """Another step must come first."""

    code = "step_too_early"

    def __init__(self, step: Step, first: Step) -> None:
        super().__init__(step=step.value, first=first.value)


class NoSuchStep(Refusal):
    """The case has no such step."""

    code = "no_such_step"

    def __init__(self, step: str) -> None:
        super().__init__(step=step)


def planned(kind: CaseKind, instrument: Instrument) -> tuple[Planned, ...]:
    """Return the steps of a case, in their usual order."""
    return STEPS[instrument] if kind is CaseKind.SOLD else FOLLOW_UP


def must_be_next(steps: tuple[Planned, ...], done: Mapping[Step, date], step: Step, *, done_on: date) -> None:
    """Refuse a step that is done, unknown, or that another must precede: to the day.

    :raises NoSuchStep, StepDone, StepTooEarly: as they say
    """
    plan = next((each for each in steps if each.step is step), None)
    if plan is None:
        raise NoSuchStep(step)
    if step in done:
        raise StepDone(step)
    for each in steps:
        if each.step in plan.after and not (each.step in done and done[each.step] <= done_on):
            raise StepTooEarly(step, each.step)


def must_have_happened(done_on: date, *, hammer_on: date, today: date) -> None:
    """Refuse a day on which the step cannot have been done.

    :raises StepOutsideCase: it is before the hammer's day, or after today
    """
    if not hammer_on <= done_on <= today:
        raise StepOutsideCase(hammer_on, today)


def must_be_finished(kind: CaseKind, steps: tuple[Planned, ...], done: Mapping[Step, date]) -> None:
    """Refuse to close a case too early: a sale needs every step, a follow-up only its end.

    :raises CaseUnfinished: with the first step that is missing
    """
    needed = [each.step for each in steps] if kind is CaseKind.SOLD else [Step.FOLLOW_UP_ENDED]
    for step in needed:
        if step not in done:
            raise CaseUnfinished(step)


def latest_days(steps: tuple[Planned, ...], special: SpecialDays, *, hammer_on: date) -> dict[Step, date]:
    """Return the last days of the steps that have one, each reckoned as if those before were done on theirs."""
    found: dict[Step, date] = {}
    for each in steps:
        last = None if each.deadline is None else each.deadline.due_on(hammer_on, found, special)
        if last is not None:
            found[each.step] = last
    return found


def overdue(
    steps: tuple[Planned, ...], done: Mapping[Step, date], special: SpecialDays, *, hammer_on: date, today: date
) -> frozenset[Step]:
    """Return the steps whose last day has passed and which are not done."""
    late = set()
    for each in steps:
        if each.step in done or each.deadline is None:
            continue
        due_on = each.deadline.due_on(hammer_on, done, special)
        if due_on is not None and due_on < today:
            late.add(each.step)
    return frozenset(late)

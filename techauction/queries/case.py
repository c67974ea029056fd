"""One case, as its technology-transfer manager sees it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from techauction.core.consigning import Instrument
from techauction.core.days import day_of, unknown_years
from techauction.core.handoff import CaseKind, Planned, Step
from techauction.core.money import Money
from techauction.core.names import Name
from techauction.queries.manager import Progress, progress_of
from techauction.queries.sale import keeps_offers
from techauction.store.aftersale import CaseRow, CaseStepRow
from techauction.store.auction import OutcomeRow, PaddleRow
from techauction.store.consigning import LotRow, ResultRow
from techauction.store.money import SettlementRow
from techauction.store.people import OrganisationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Whom the manager talks to. `was`: the name that a bidder's paddle was issued to, where it has another by now."""

    name: Name
    was: Name | None
    agent: str
    telephone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step of a case: done on a day, or still to be done. `missing` are the steps that must come first."""

    step: Step
    done_on: date | None
    note: str
    recorded_by: str
    after: tuple[Step, ...]
    missing: tuple[Step, ...]
    due_on: date | None
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """A case. `price` is the hammer price, or the highest bid of a lot that passed in; none where its offers are not public.

    The reserve is nowhere here.
    """

    lot_id: int
    number: int | None
    slug: str
    round_title: Name
    synthetic: bool
    rehearsal: bool
    title: Name
    kind: CaseKind
    instrument: Instrument
    institute: Party
    buyer: Party | None
    paddle: int | None
    price: Money | None
    deposit_applied: Money | None
    due: Money | None
    opened_at: datetime
    accepted_at: datetime | None
    closed_at: datetime | None
    steps: tuple[StepLine, ...]
    possible: tuple[Step, ...]
    hammer_on: date
    today: date
    unknown_years: tuple[int, ...]
    """Years of which no special day is known, and in which a number of working days ends: that last day may still move."""

    @property
    def done(self) -> int:
        """Return how many steps are done."""
        return sum(each.done_on is not None for each in self.steps)

    @property
    def finished(self) -> bool:
        """Return whether the case may be closed."""
        if self.kind is CaseKind.SOLD:
            return self.done == len(self.steps)
        return any(each.step is Step.FOLLOW_UP_ENDED and each.done_on is not None for each in self.steps)


def case(session: Session, lot_id: int, *, manager_id: int, now: datetime) -> CasePage | None:
    """Return the manager's case, or nothing where it is missing or another's."""
    row = session.scalars(
        select(CaseRow)
        .where(CaseRow.lot_id == lot_id, CaseRow.manager_id == manager_id)
        .options(
            joinedload(CaseRow.lot).joinedload(LotRow.round),
            joinedload(CaseRow.lot).joinedload(LotRow.result).joinedload(ResultRow.institute),
            selectinload(CaseRow.steps).joinedload(CaseStepRow.recorded_by),
        )
    ).one_or_none()
    if row is None:
        return None
    lot, result, round_ = row.lot, row.lot.result, row.lot.round
    progress = progress_of(session, select(CaseRow.lot_id).where(CaseRow.lot_id == lot_id))[lot_id]
    settlement, outcome = session.get(SettlementRow, lot_id), session.get(OutcomeRow, lot_id)
    today = day_of(now)
    return CasePage(
        lot_id=lot_id,
        number=lot.number,
        slug=round_.slug,
        round_title=round_.title,
        synthetic=round_.synthetic,
        rehearsal=round_.rehearsal,
        title=result.title,
        kind=row.kind,
        instrument=result.instrument,
        institute=_party(result.institute),
        buyer=_bidder(session, lot),
        paddle=lot.standing_paddle,
        price=None if keeps_offers(lot.format, outcome.ending if outcome else None) else lot.standing_amount,
        deposit_applied=settlement.deposit_applied if settlement else None,
        due=settlement.due if settlement else None,
        opened_at=row.opened_at,
        accepted_at=row.accepted_at,
        closed_at=row.closed_at,
        steps=_steps(row, progress, today),
        possible=tuple(
            each.step for each in progress.steps if each.step not in progress.done and each.after <= progress.done.keys()
        ),
        hammer_on=progress.hammer_on,
        today=today,
        unknown_years=_unknown_years(progress),
    )


def _unknown_years(progress: Progress) -> tuple[int, ...]:
    """Return the years in which what is still to be done within working days may fall due on another day."""
    waiting = [each.deadline for each in progress.steps if each.deadline is not None and each.step not in progress.done]
    days = [each.due_on(progress.hammer_on, progress.done, progress.special) for each in waiting if each.period.working_days]
    return unknown_years([day for day in days if day is not None], progress.special)


def _steps(row: CaseRow, progress: Progress, today: date) -> tuple[StepLine, ...]:
    kept = {each.step: each for each in row.steps}
    late = progress.overdue(today)
    return tuple(_step(each, kept.get(each.step), progress, overdue=each.step in late) for each in progress.steps)


def _step(planned: Planned, kept: CaseStepRow | None, progress: Progress, *, overdue: bool) -> StepLine:
    after = tuple(each.step for each in progress.steps if each.step in planned.after)
    return StepLine(
        step=planned.step,
        done_on=kept.done_on if kept else None,
        note=kept.note if kept else "",
        recorded_by=kept.recorded_by.name if kept else "",
        after=after,
        missing=tuple(each for each in after if each not in progress.done),
        due_on=planned.deadline.due_on(progress.hammer_on, progress.done, progress.special) if planned.deadline else None,
        overdue=overdue,
    )


def _bidder(session: Session, lot: LotRow) -> Party | None:
    """Return who holds the paddle that bought the lot, or that bid most for it."""
    if lot.standing_paddle is None:
        return None
    paddle = session.scalars(
        select(PaddleRow)
        .where(PaddleRow.round_id == lot.round_id, PaddleRow.number == lot.standing_paddle)
        .options(joinedload(PaddleRow.organisation))
    ).one()
    return _party(paddle.organisation, Name(paddle.bidder.name_zh, paddle.bidder.name_en))


def _party(row: OrganisationRow, issued_to: Name | None = None) -> Party:
    was = None if issued_to == row.name else issued_to
    return Party(name=row.name, was=was, agent=row.agent or row.legal_representative, telephone=row.telephone)

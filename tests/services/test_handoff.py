from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core import handoff
from techauction.core.handoff import CaseKind, Step
from techauction.core.refusal import NoSuch
from techauction.queries.handoff import given_cases
from techauction.services.handoff import accept_case, assign_case, close_case, open_case, record_step
from techauction.store.aftersale import CaseRow, CaseStepRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow
from techauction.store.notices import NoticeRow
from techauction.store.people import Role, UserRow
from tests.builders import a_lot, a_user
from tests.conftest import TEN

TODAY = date(2026, 11, 2)


def opened(session: Session, lot: LotRow, kind: CaseKind = CaseKind.SOLD) -> CaseRow:
    open_case(session, lot=lot, kind=kind, now=TEN)
    return session.get_one(CaseRow, lot.id)


def accepted(session: Session, manager: UserRow, kind: CaseKind = CaseKind.SOLD) -> CaseRow:
    case = opened(session, a_lot(session), kind)
    accept_case(session, case_id=case.lot_id, manager_id=manager.id, now=TEN)
    return case


def record(session: Session, case: CaseRow, step: Step, *, done_on: date = TODAY, days_later: int = 0) -> None:
    assert case.manager_id is not None
    record_step(
        session,
        case_id=case.lot_id,
        manager_id=case.manager_id,
        step=step,
        done_on=done_on,
        note="",
        now=TEN + timedelta(days=days_later),
    )
    session.flush()


def give(session: Session, case: CaseRow, manager: UserRow, by: UserRow, market: str) -> None:
    """Give a case to a manager, by somebody who has just been shown whose it is."""
    assign_case(
        session,
        case_id=case.lot_id,
        manager_id=manager.id,
        instead_of=case.manager_id,
        market_key=market,
        by_id=by.id,
        now=TEN,
    )


def test_a_case_goes_to_the_manager_of_its_field_and_market(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        a_user(session, Role.MANAGER, fields=("life",))
        a_user(session, Role.MANAGER, market="anhui", fields=("energy",))
        expected = a_user(session, Role.MANAGER, fields=("energy",))

        case = opened(session, a_lot(session, field="energy"))

        assert case.manager_id == expected.id


def test_among_a_fields_managers_the_one_with_the_fewest_open_cases_gets_the_next(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        first = a_user(session, Role.MANAGER, fields=("energy",))
        second = a_user(session, Role.MANAGER, fields=("energy",))

        given = [opened(session, a_lot(session)).manager_id for _ in range(4)]

        assert given == [first.id, second.id, first.id, second.id]


def test_a_closed_case_no_longer_counts(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        first = a_user(session, Role.MANAGER, fields=("energy",))
        a_user(session, Role.MANAGER, fields=("energy",))
        opened(session, a_lot(session)).closed_at = TEN

        assert opened(session, a_lot(session)).manager_id == first.id


def test_without_a_manager_of_the_field_one_of_the_market_gets_the_case(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        a_user(session, Role.MANAGER, market="anhui", fields=("energy",))
        expected = a_user(session, Role.MANAGER, fields=("life",))

        assert opened(session, a_lot(session, field="energy")).manager_id == expected.id


def test_a_case_without_any_manager_waits_and_its_organizers_are_told(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        a_user(session, Role.MANAGER, disabled_at=TEN)
        a_user(session, Role.ORGANIZER, market="anhui")
        organizer = a_user(session, Role.ORGANIZER)
        administrator = a_user(session, Role.ADMINISTRATOR)

        case = opened(session, a_lot(session))

        assert case.manager_id is None
        told = session.scalars(select(NoticeRow)).all()
        assert {each.user_id for each in told} == {organizer.id, administrator.id}
        assert {each.what for each in told} == {"case_without_manager"}


def test_the_manager_is_told_of_a_new_case(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        manager = a_user(session, Role.MANAGER)
        lot = a_lot(session)

        opened(session, lot, CaseKind.FOLLOW_UP)

        notice = session.scalars(select(NoticeRow)).one()
        assert (notice.user_id, notice.what) == (manager.id, "case_opened")
        assert notice.facts["lot_id"] == lot.id
        assert notice.facts["kind"] == "follow_up"


def test_accepting_twice_is_one_act(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        manager = a_user(session, Role.MANAGER)
        case = accepted(session, manager)

        accept_case(session, case_id=case.lot_id, manager_id=manager.id, now=TEN + timedelta(hours=1))

        assert case.accepted_at == TEN
        assert [each.what for each in session.scalars(select(AuditRow))] == ["case.accepted"]


def test_another_managers_case_answers_like_a_missing_one(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        case = accepted(session, a_user(session, Role.MANAGER))
        other = a_user(session, Role.MANAGER)

        for case_id in (case.lot_id, 999_999):
            with pytest.raises(NoSuch):
                accept_case(session, case_id=case_id, manager_id=other.id, now=TEN)
            with pytest.raises(NoSuch):
                close_case(session, case_id=case_id, manager_id=other.id, now=TEN)
            with pytest.raises(NoSuch):
                record_step(
                    session,
                    case_id=case_id,
                    manager_id=other.id,
                    step=Step.SALE_CONFIRMED,
                    done_on=TODAY,
                    note="",
                    now=TEN,
                )


def test_no_step_is_recorded_before_the_case_is_accepted(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        a_user(session, Role.MANAGER)
        case = opened(session, a_lot(session))

        with pytest.raises(handoff.CaseNotAccepted):
            record(session, case, Step.SALE_CONFIRMED)


def test_a_step_is_recorded_with_its_day_and_who_recorded_it(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        manager = a_user(session, Role.MANAGER)
        case = accepted(session, manager)

        record(session, case, Step.SALE_CONFIRMED)

        kept = session.scalars(select(CaseStepRow)).one()
        assert (kept.step, kept.done_on, kept.recorded_by_id) == (Step.SALE_CONFIRMED, TODAY, manager.id)


def test_a_step_is_recorded_once(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        case = accepted(session, a_user(session, Role.MANAGER))
        record(session, case, Step.SALE_CONFIRMED)
        session.expire_all()

        with pytest.raises(handoff.StepDone):
            record(session, case, Step.SALE_CONFIRMED)


def test_a_step_waits_for_what_must_come_first(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        case = accepted(session, a_user(session, Role.MANAGER))

        with pytest.raises(handoff.StepTooEarly) as refused:
            record(session, case, Step.CONTRACT_REGISTERED)

        assert refused.value.facts["first"] == "contract_signed"


def test_a_sale_has_no_steps_of_a_follow_up(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        case = accepted(session, a_user(session, Role.MANAGER))

        with pytest.raises(handoff.NoSuchStep):
            record(session, case, Step.PARTIES_ASKED)


@pytest.mark.parametrize("done_on", [TODAY - timedelta(days=1), TODAY + timedelta(days=1)])
def test_a_step_lies_between_the_hammer_and_today(sessions: sessionmaker[Session], done_on: date) -> None:
    with sessions() as session:
        case = accepted(session, a_user(session, Role.MANAGER))

        with pytest.raises(handoff.StepOutsideCase):
            record(session, case, Step.SALE_CONFIRMED, done_on=done_on)


def test_a_sale_is_closed_only_after_its_last_step(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        manager = a_user(session, Role.MANAGER)
        case = accepted(session, manager)
        steps = handoff.planned(CaseKind.SOLD, case.lot.result.instrument)
        for planned in steps[:-1]:
            record(session, case, planned.step)
            session.expire(case)

        with pytest.raises(handoff.CaseUnfinished) as refused:
            close_case(session, case_id=case.lot_id, manager_id=manager.id, now=TEN)

        assert refused.value.facts["step"] == steps[-1].step
        record(session, case, steps[-1].step)
        session.expire(case)
        close_case(session, case_id=case.lot_id, manager_id=manager.id, now=TEN)
        assert case.closed_at == TEN


def test_a_follow_up_is_closed_when_it_ended_and_takes_no_more_steps(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        manager = a_user(session, Role.MANAGER)
        case = accepted(session, manager, CaseKind.FOLLOW_UP)
        record(session, case, Step.FOLLOW_UP_ENDED)
        session.expire(case)
        close_case(session, case_id=case.lot_id, manager_id=manager.id, now=TEN)

        with pytest.raises(handoff.CaseClosed):
            record(session, case, Step.PRICE_TALKED)


def test_an_organizer_gives_a_waiting_case_to_a_manager_of_its_market(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        organizer = a_user(session, Role.ORGANIZER)
        case = opened(session, a_lot(session))
        manager = a_user(session, Role.MANAGER)

        give(session, case, manager, organizer, "zhejiang")

        assert case.manager_id == manager.id
        assert session.scalars(select(NoticeRow.user_id).where(NoticeRow.what == "case_opened")).all() == [manager.id]


def test_an_organizer_of_another_market_finds_no_such_case(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        organizer = a_user(session, Role.ORGANIZER, market="anhui")
        case = opened(session, a_lot(session))
        manager = a_user(session, Role.MANAGER)

        with pytest.raises(NoSuch):
            give(session, case, manager, organizer, "anhui")


def test_a_case_of_a_manager_who_left_goes_to_another(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        left = a_user(session, Role.MANAGER)
        case = accepted(session, left)
        other = a_user(session, Role.MANAGER)
        organizer = a_user(session, Role.ORGANIZER)
        assert given_cases(session, market_key="zhejiang", page=1).cases == ()
        left.disabled_at = TEN
        session.flush()

        assert [each.lot_id for each in given_cases(session, market_key="zhejiang", page=1).cases] == [case.lot_id]
        give(session, case, other, organizer, "zhejiang")

        assert (case.manager_id, case.accepted_at) == (other.id, None)


def test_a_closed_case_is_given_to_nobody(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        case = opened(session, a_lot(session))
        case.closed_at = TEN
        organizer, manager = a_user(session, Role.ORGANIZER), a_user(session, Role.MANAGER)

        with pytest.raises(handoff.CaseClosed):
            give(session, case, manager, organizer, "zhejiang")


def test_an_accepted_case_stays_with_its_manager(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        case = accepted(session, a_user(session, Role.MANAGER))
        other = a_user(session, Role.MANAGER)
        organizer = a_user(session, Role.ORGANIZER)

        with pytest.raises(handoff.CaseTaken):
            give(session, case, other, organizer, "zhejiang")

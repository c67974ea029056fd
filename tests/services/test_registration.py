"""Enterprises register themselves; their market decides."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core import accounts, credit_code, registration
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.registration import Decision
from techauction.db import writing
from techauction.queries.enterprises import enterprise as enterprise_page
from techauction.services.accounts import NewOrganisation, NewUser, bring_in
from techauction.services.registration import Enterprise, FirstUser, decide, register
from techauction.store.audit import AuditRow
from techauction.store.notices import NoticeRow
from techauction.store.people import OrganisationKind, OrganisationRow, Role, Standing, UserRow
from tests.builders import a_user
from tests.conftest import TEN

ALIBABA = "91330100716105852F"
TSINGHUA = "12100000400000624D"


def an_enterprise(**more: str) -> Enterprise:
    """Return what an enterprise says of itself."""
    said = Enterprise(
        name_zh="甬江储能有限公司",
        name_en="Yongjiang Storage Ltd",
        credit_code=ALIBABA,
        province="Zhejiang",
        market_key="zhejiang",
        legal_representative="王一",
        agent="李二",
        telephone="0574-12345678",
    )
    return replace(said, **more)


def a_first_user(sign_in_name: str = "yongjiang") -> FirstUser:
    """Return the enterprise's first user."""
    return FirstUser(sign_in_name=sign_in_name, email="li@example.org", password_hash="hash")


def registered(session: Session, *, sign_in_name: str = "yongjiang", **more: str) -> OrganisationRow:
    """Register an enterprise."""
    user = a_first_user(sign_in_name)
    first = register(session, enterprise=an_enterprise(**more), user=user, locale=None, now=TEN)
    return session.get_one(OrganisationRow, first.organisation_id)


def test_an_enterprise_registers_with_its_first_user(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        row = registered(session)

        user = session.scalars(select(UserRow)).one()
        assert (row.kind, row.standing) == (OrganisationKind.ENTERPRISE, Standing.REGISTERED)
        assert (user.role, user.organisation_id, user.name, user.email) == (Role.ENTERPRISE, row.id, "李二", "li@example.org")
        assert "organisation.registered" in session.scalars(select(AuditRow.what)).all()


def test_the_organizers_of_its_market_hear_of_it_and_no_others(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        own, other = a_user(session, market="zhejiang"), a_user(session, market="anhui")

        registered(session)

        told = session.scalars(select(NoticeRow.user_id)).all()
        assert own.id in told
        assert other.id not in told


def test_a_credit_code_registers_once(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        registered(session)

        with pytest.raises(accounts.CreditCodeTaken):
            registered(session, sign_in_name="another", credit_code=ALIBABA.lower())


def test_a_sign_in_name_is_given_once(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        registered(session)
        session.commit()

        with pytest.raises(accounts.SignInNameTaken):
            registered(session, credit_code=TSINGHUA)
        session.rollback()

        assert session.scalar(select(func.count()).select_from(OrganisationRow)) == 1


def test_a_wrong_credit_code_registers_nothing(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        with pytest.raises(credit_code.CreditCodeWrong):
            registered(session, credit_code="913301007161058520")

        assert session.scalar(select(func.count()).select_from(OrganisationRow)) == 0


def test_a_market_that_is_none_is_not_found(sessions: sessionmaker[Session]) -> None:
    with sessions() as session, pytest.raises(NoSuch):
        registered(session, market_key="atlantis")


def test_of_two_that_register_the_same_at_once_one_hears_why(sessions: sessionmaker[Session]) -> None:
    together = Barrier(2)

    def attempt(sign_in_name: str) -> str:
        with sessions() as session:
            together.wait()
            try:
                with writing(session):
                    registered(session, sign_in_name=sign_in_name)
            except Refusal as refusal:
                return refusal.code
            return "registered"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(attempt, ["first", "second"]))

    assert answers == ["credit_code_taken", "registered"]


def test_its_market_approves_an_enterprise(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        row, organizer = registered(session), a_user(session)

        decide_on(session, row, organizer, Decision.APPROVED)

        assert row.standing is Standing.APPROVED
        told = session.scalars(select(NoticeRow).where(NoticeRow.what == "registration_approved")).one()
        assert told.user.organisation_id == row.id


def test_a_refusal_needs_a_reason_and_may_be_taken_back(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        row, organizer = registered(session), a_user(session)

        with pytest.raises(registration.ReasonNeeded):
            decide_on(session, row, organizer, Decision.REFUSED)
        decide_on(session, row, organizer, Decision.REFUSED, "The licence is out of date.")
        assert (row.standing, row.standing_reason) == (Standing.REFUSED, "The licence is out of date.")
        decide_on(session, row, organizer, Decision.APPROVED)

        assert (row.standing, row.standing_reason) == (Standing.APPROVED, "")


@pytest.mark.parametrize("decision", Decision)
def test_an_approval_stands(sessions: sessionmaker[Session], decision: Decision) -> None:
    with sessions() as session:
        row, organizer = registered(session), a_user(session)
        decide_on(session, row, organizer, Decision.APPROVED)

        with pytest.raises(registration.AlreadyDecided):
            decide_on(session, row, organizer, decision, "Second thoughts.")


def test_another_market_does_not_find_the_enterprise(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        row, stranger = registered(session), a_user(session, market="anhui")

        with pytest.raises(NoSuch):
            decide_on(session, row, stranger, Decision.APPROVED)

        assert row.standing is Standing.REGISTERED


def decide_on(session: Session, row: OrganisationRow, organizer: UserRow, decision: Decision, reason: str = "") -> None:
    """Decide as this organizer."""
    assert organizer.market_key is not None
    decide(
        session,
        organisation_id=row.id,
        market_key=organizer.market_key,
        decision=decision,
        reason=reason,
        by_id=organizer.id,
        now=TEN,
    )


ODD = "913301007161058520"
"""Its last sign does not check the others."""


def test_a_code_that_does_not_check_waits_for_its_markets_explicit_yes(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        with pytest.raises(credit_code.CreditCodeUnchecked):
            registered(session, credit_code=ODD)
        row = register_odd(session)
        by = a_user(session)
        said = {"organisation_id": row.id, "market_key": "zhejiang", "by_id": by.id, "now": TEN, "reason": ""}

        with pytest.raises(registration.CreditCodeNeedsYes):
            decide(session, decision=Decision.APPROVED, **said)
        assert (row.standing, row.code_accepted_at) == (Standing.REGISTERED, None)
        decide(session, decision=Decision.APPROVED, licence_seen=True, **said)

        assert (row.standing, row.code_accepted_at) == (Standing.APPROVED, TEN)
        noted = session.scalars(select(AuditRow).where(AuditRow.what == "organisation.code_accepted")).one()
        assert (noted.by_id, noted.detail) == (by.id, f"{ODD} does not check")


def register_odd(session: Session) -> OrganisationRow:
    """Register an enterprise whose code stands on its licence though it does not check."""
    enterprise = replace(an_enterprise(credit_code=ODD), code_unchecked=True)
    first = register(session, enterprise=enterprise, user=a_first_user("odd"), locale=None, now=TEN)
    return session.get_one(OrganisationRow, first.organisation_id)


def test_an_administrator_cannot_say_the_markets_yes(sessions: sessionmaker[Session]) -> None:
    brought = NewOrganisation(
        kind=OrganisationKind.UNIVERSITY,
        name_zh="某大学",
        name_en="A university",
        credit_code=ODD,
        province="Zhejiang",
        market_key="zhejiang",
        telephone="",
        code_unchecked=True,
    )
    user = NewUser(sign_in_name="officer", name="Li", role=Role.INSTITUTE, password_hash="hash", sealing_officer=True)
    with sessions() as session:
        row = bring_in(session, organisation=brought, user=user, by_id=None, now=TEN)

        assert row.standing is Standing.REGISTERED
        assert enterprise_page(session, organisation_id=row.id, market_key="zhejiang") is not None


def test_a_code_that_checks_leaves_no_note_of_it(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        row, by = registered(session), a_user(session)
        decide(
            session,
            organisation_id=row.id,
            market_key="zhejiang",
            decision=Decision.APPROVED,
            reason="",
            by_id=by.id,
            now=TEN,
            licence_seen=True,
        )

        assert row.code_accepted_at is None

"""A new name of an organisation: two decide, and every round that goes on has it on record."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.approval import ApprovalDecided, ApprovalExpired, ApprovalOwn, ApprovalStale, Decision
from techauction.core.names import Name
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.registration import ReasonNeeded
from techauction.core.renaming import LASTS, RenameWaits, SameName
from techauction.core.round_record import RoundKind
from techauction.reports.record_of_sale import verify_round
from techauction.reports.settlement import compile_settlement
from techauction.services import opening, renaming
from techauction.store.audit import AuditRow
from techauction.store.notices import NoticeRow
from techauction.store.people import Role, UserRow
from techauction.store.record import RoundRecordRow
from techauction.store.renames import RenameRow
from tests.builders import OPENS, a_user, an_organisation
from tests.conftest import TEN
from tests.rounds import Played, a_round_sold, a_round_to_play

NEW = Name("新名公司", "New Name")
MINUTE = timedelta(minutes=1)


def asked(
    session: Session, organisation_id: int, wanted: Name = NEW, *, by: int | None = None, reason: str = "Notice 7."
) -> int:
    by_id = by or a_user(session).id
    return renaming.ask(session, organisation_id=organisation_id, wanted=wanted, reason=reason, by_id=by_id, now=TEN)


def renamed(session: Session, organisation_id: int, wanted: Name = NEW, *, at: timedelta = MINUTE) -> None:
    by_id = a_user(session, Role.ADMINISTRATOR).id
    rename = asked(session, organisation_id, wanted, by=a_user(session, Role.ADMINISTRATOR).id)
    renaming.approve(session, rename_id=rename, by_id=by_id, now=TEN + at)


def test_a_name_changes_when_another_approves_it(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        organisation = an_organisation(session)
        user = a_user(session, Role.ENTERPRISE, organisation=organisation)
        one, other = a_user(session), a_user(session)
        rename = asked(session, organisation.id, by=one.id)
        assert organisation.name != NEW

        renaming.approve(session, rename_id=rename, by_id=other.id, now=TEN + MINUTE)

        assert organisation.name == NEW
        row = session.get_one(RenameRow, rename)
        assert (row.decision, row.decided_by_id, row.decided_at) == (Decision.APPROVED, other.id, TEN + MINUTE)
        assert session.scalars(select(AuditRow.what).order_by(AuditRow.id)).all() == [
            "organisation.rename_asked",
            "organisation.rename_approved",
        ]
        told = {(each.what, each.user_id) for each in session.scalars(select(NoticeRow))}
        assert told == {("rename_asked", other.id), ("organisation_renamed", user.id)}


def test_nobody_renames_alone(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        organisation = an_organisation(session)
        one = a_user(session)
        rename = asked(session, organisation.id, by=one.id)

        for decide in (renaming.approve, renaming.decline):
            with pytest.raises(ApprovalOwn):
                decide(session, rename_id=rename, by_id=one.id, now=TEN)

        renaming.take_back(session, rename_id=rename, by_id=one.id, now=TEN)
        with pytest.raises(ApprovalDecided):
            renaming.approve(session, rename_id=rename, by_id=a_user(session).id, now=TEN)
        assert organisation.name != NEW


@pytest.mark.parametrize(
    "stranger",
    [
        lambda session: a_user(session, market="shanghai"),
        lambda session: a_user(session, Role.AUDITOR),
        lambda session: a_user(session, Role.ENTERPRISE),
        lambda session: a_user(session, disabled_at=TEN),
        lambda session: a_user(session, Role.ADMINISTRATOR, disabled_at=TEN),
    ],
    ids=["another market's", "auditor", "enterprise", "disabled", "disabled administrator"],
)
def test_only_organizers_of_its_market_and_administrators_may(
    sessions: sessionmaker[Session], stranger: Callable[[Session], UserRow]
) -> None:
    with sessions.begin() as session:
        organisation = an_organisation(session)
        rename, by_id = asked(session, organisation.id), stranger(session).id

        with pytest.raises(NoSuch):
            asked(session, organisation.id, by=by_id)
        for decide in (renaming.approve, renaming.decline, renaming.take_back):
            with pytest.raises(NoSuch):
                decide(session, rename_id=rename, by_id=by_id, now=TEN)


def test_what_stands_against_asking_is_said(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        organisation = an_organisation(session)

        def refusal(wanted: Name, **more: str) -> type[Refusal]:
            with pytest.raises(Refusal) as refused:
                asked(session, organisation.id, wanted, **more)  # type: ignore[arg-type]
            return refused.type

        assert refusal(NEW, reason=" ") is ReasonNeeded
        assert refusal(organisation.name) is SameName
        asked(session, organisation.id)
        assert refusal(Name("又一个", "Another")) is RenameWaits
        with pytest.raises(NoSuch):
            asked(session, 10_000)


def test_a_request_expires_and_one_that_is_stale_is_not_approved(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        organisation, by_id = an_organisation(session), a_user(session).id
        rename = asked(session, organisation.id)
        with pytest.raises(ApprovalExpired):
            renaming.approve(session, rename_id=rename, by_id=by_id, now=TEN + LASTS)

        organisation.name_en = "Other"
        with pytest.raises(ApprovalStale):
            renaming.approve(session, rename_id=rename, by_id=by_id, now=TEN)


def on_record(session: Session, played: Played) -> list[RoundRecordRow]:
    its = RoundRecordRow.round_id == played.row.id
    return list(session.scalars(select(RoundRecordRow).where(its, RoundRecordRow.kind == RoundKind.BIDDER_RENAMED)))


def test_a_rename_stands_on_the_record_of_every_round_that_goes_on(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        sold = a_round_sold(session)
        bidder = sold.paddles[0].organisation_id
        open_, published = a_round_to_play(session, {}), a_round_to_play(session, {})
        opening.open_round(session, round_id=open_.row.id, read_clock=lambda: OPENS)
        for place, played in enumerate((open_, published)):
            renamed(session, played.paddles[place].organisation_id, Name(f"新{place}", f"New {place}"))
        renamed(session, bidder, at=timedelta(days=1))

        assert [each.data["paddle"] for each in on_record(session, open_)] == [101]
        assert [each.data["paddle"] for each in on_record(session, published)] == [102]
        assert on_record(session, sold) == []
        for played in (sold, open_, published):
            assert verify_round(session, played.row.slug) == []


def test_a_settlement_names_the_buyer_as_its_paddle_was_issued(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        sold = a_round_sold(session)
        before = compile_settlement(session, sold.row.slug)

        renamed(session, sold.paddles[0].organisation_id, at=timedelta(days=1))

        assert compile_settlement(session, sold.row.slug) == before
        sale = before.lines[0].sale
        assert sale is not None
        assert sale.buyer.name == Name(sold.paddles[0].name_zh or "", sold.paddles[0].name_en or "") != NEW


def test_a_second_rename_is_followed_too(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {})
        its = played.paddles[0].organisation_id
        for minutes, name in enumerate((NEW, Name("再改", "Again"), NEW), 1):
            renamed(session, its, name, at=minutes * MINUTE)

        assert len(on_record(session, played)) == 3
        assert verify_round(session, played.row.slug) == []

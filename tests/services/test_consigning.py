from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core import consigning as rules
from techauction.core.consigning import Instrument
from techauction.core.lot import Stage
from techauction.core.refusal import NoSuch
from techauction.core.round import Phase
from techauction.core.seen import Marks, marks_of, values_of
from techauction.custody import KeyRing
from techauction.services import consigning
from techauction.services.consigning import Described, Terms
from techauction.store.consigning import LotRow, ReserveRow, RoundRow
from techauction.store.notices import NoticeRow
from techauction.store.people import OrganisationKind, Role, Standing, UserRow
from tests.builders import a_reserve, a_round, a_user, an_organisation, wan

BATTERY = Described(
    title_zh="高安全长寿命先进锂离子电池储能系统",
    title_en="Safe and durable lithium-ion storage",
    summary_zh="",
    summary_en="",
    field="energy",
    maturity=7,
    instrument=Instrument.TRANSFER,
    owners="Zhejiang University of Technology",
    rights="Patent",
)
TERMS = Terms(start=wan(200), increment=wan(10), reserve_announced=True)


def an_officer(session: Session, **said: Any) -> UserRow:
    """Keep a sealing officer of a university in Zhejiang."""
    return a_user(session, Role.INSTITUTE, sealing_officer=True, **said)


def submitted(session: Session, round_: RoundRow, by: UserRow, clock: ManualClock, described: Described = BATTERY) -> LotRow:
    """Bring the battery to the round, or what is described."""
    assert by.organisation_id is not None
    return consigning.submit(
        session,
        institute_id=by.organisation_id,
        round_id=round_.id,
        described=described,
        terms=TERMS,
        by_id=by.id,
        read_clock=clock,
    )


def accept(session: Session, lot: LotRow, clock: ManualClock, number: int | None = None, market: str = "zhejiang") -> int:
    """Have an organizer of the market accept the lot."""
    by = a_user(session, market=market)
    return consigning.accept(
        session, lot_id=lot.id, market_key=market, number=number, seen=seen(lot), by_id=by.id, read_clock=clock
    )


def seen(lot: LotRow) -> Marks:
    """Return the marks of what is shown of a result."""
    return marks_of(values_of(lot.result.as_described(), lot.terms()))


def test_a_result_goes_from_its_institute_to_its_market_and_into_the_round(
    sessions: sessionmaker[Session], clock: ManualClock
) -> None:
    with sessions() as session:
        round_, by = a_round(session, phase=Phase.DRAFT), an_officer(session)

        lot = submitted(session, round_, by, clock)

        assert (lot.stage, lot.number, lot.market_key) == (Stage.SUBMITTED, None, "zhejiang")
        assert accept(session, lot, clock) == 1
        assert (lot.stage, lot.number) == (Stage.LISTED, 1)
        assert [(each.user_id, each.what) for each in session.scalars(select(NoticeRow))] == [(by.id, "result_accepted")]


def test_a_form_sent_twice_lists_one_result(sessions: sessionmaker[Session], clock: ManualClock) -> None:
    with sessions() as session:
        round_, by = a_round(session), an_officer(session)
        submitted(session, round_, by, clock)

        with pytest.raises(rules.ResultListed):
            submitted(session, round_, by, clock)


def test_lots_are_numbered_one_after_another_unless_the_market_wants_otherwise(
    sessions: sessionmaker[Session], clock: ManualClock
) -> None:
    with sessions() as session:
        round_, by = a_round(session), an_officer(session)
        first, second, third = (
            submitted(session, round_, by, clock, replace(BATTERY, title_zh=f"成果{number}")) for number in range(3)
        )

        assert accept(session, first, clock) == 1
        assert accept(session, second, clock, number=7) == 7
        with pytest.raises(rules.LotNumberTaken):
            accept(session, third, clock, number=7)
        assert accept(session, third, clock) == 8


def test_a_returned_result_is_revised_and_submitted_again(sessions: sessionmaker[Session], clock: ManualClock) -> None:
    with sessions() as session:
        round_, by = a_round(session, phase=Phase.DRAFT), an_officer(session)
        lot = submitted(session, round_, by, clock)
        accept(session, lot, clock)
        organizer = a_user(session)

        consigning.send_back(
            session, lot_id=lot.id, market_key="zhejiang", reason="Name the owners.", by_id=organizer.id, read_clock=clock
        )
        assert (lot.stage, lot.number, lot.return_reason) == (Stage.RETURNED, None, "Name the owners.")

        assert by.organisation_id is not None
        consigning.revise(
            session,
            lot_id=lot.id,
            institute_id=by.organisation_id,
            described=BATTERY,
            terms=Terms(start=wan(300), increment=wan(10), reserve_announced=True),
            seen=seen(lot),
            by_id=by.id,
            read_clock=clock,
        )
        assert (lot.stage, lot.start) == (Stage.SUBMITTED, wan(300))


def test_an_accepted_lot_cannot_be_revised(sessions: sessionmaker[Session], clock: ManualClock) -> None:
    with sessions() as session:
        round_, by = a_round(session), an_officer(session)
        lot = submitted(session, round_, by, clock)
        accept(session, lot, clock)

        assert by.organisation_id is not None
        with pytest.raises(rules.StageForbids):
            consigning.revise(
                session,
                lot_id=lot.id,
                institute_id=by.organisation_id,
                described=BATTERY,
                terms=TERMS,
                seen=seen(lot),
                by_id=by.id,
                read_clock=clock,
            )


def test_a_lot_is_accepted_into_a_published_round_only_before_registration_closes(
    sessions: sessionmaker[Session], clock: ManualClock
) -> None:
    with sessions() as session:
        round_, by = a_round(session), an_officer(session)
        lot = submitted(session, round_, by, clock)
        clock.set(round_.registration_closes_at)

        with pytest.raises(rules.ListingClosed):
            accept(session, lot, clock)
        with pytest.raises(rules.ListingClosed):
            submitted(session, round_, by, clock)


def test_what_is_anothers_answers_like_what_is_not_there(sessions: sessionmaker[Session], clock: ManualClock) -> None:
    with sessions() as session:
        round_, by, stranger = a_round(session), an_officer(session), an_officer(session)
        lot = submitted(session, round_, by, clock)

        with pytest.raises(NoSuch):
            accept(session, lot, clock, market="anhui")
        with pytest.raises(NoSuch):
            consigning.own_lot_for_update(session, lot.id, stranger.organisation_id or 0)
        with pytest.raises(NoSuch):
            consigning.accept(session, lot_id=9_999, market_key="zhejiang", number=None, seen={}, by_id=by.id, read_clock=clock)


def test_an_institute_brings_results_only_where_its_market_takes_part_and_when_it_is_approved(
    sessions: sessionmaker[Session], clock: ManualClock
) -> None:
    with sessions() as session:
        round_ = a_round(session)
        elsewhere = an_officer(session, organisation=an_organisation(session, OrganisationKind.HOSPITAL, market="anhui"))
        waiting = an_officer(
            session, organisation=an_organisation(session, OrganisationKind.UNIVERSITY, standing=Standing.REGISTERED)
        )

        with pytest.raises(rules.MarketTakesNoPart):
            submitted(session, round_, elsewhere, clock)
        with pytest.raises(rules.InstituteNotApproved):
            submitted(session, round_, waiting, clock)


def test_a_reserve_is_forgotten_when_none_is_announced_any_more(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    with sessions() as session:
        round_, by = a_round(session), an_officer(session)
        lot = submitted(session, round_, by, clock)
        a_reserve(session, lot, wan(250), custody=custody)

        assert by.organisation_id is not None
        consigning.revise(
            session,
            lot_id=lot.id,
            institute_id=by.organisation_id,
            described=BATTERY,
            terms=Terms(start=wan(200), increment=wan(10), reserve_announced=False),
            seen=seen(lot),
            by_id=by.id,
            read_clock=clock,
        )

        assert session.scalars(select(ReserveRow)).all() == []

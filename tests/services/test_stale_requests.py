"""Requests that do not hold any more: what was shown has changed, or whoever asked may not ask."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.approval import Act, ApprovalDecided, ApprovalSameMarket, ApprovalStale, Decision
from techauction.core.lot import Stage
from techauction.services import pausing
from techauction.store.auction import ApprovalRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow
from techauction.store.people import Role, UserRow
from tests.builders import CLOSES, OPENS, wan
from tests.services.test_approvals import MINUTE, Sale


@pytest.fixture
def sale(sessions: sessionmaker[Session]) -> Sale:
    """Return an open round of two lots."""
    return Sale(sessions).opened()


def test_a_request_to_resume_ends_the_pause_that_it_was_about_and_no_later_one(sale: Sale) -> None:
    sale.pause(0, at=OPENS + MINUTE)
    old, new = (sale.ask(Act.RESUME, 0, by=by, at=OPENS + 2 * MINUTE) for by in (sale.ada, sale.bo))
    sale.approve(new, at=OPENS + 3 * MINUTE)
    again = {"lot_ids": [sale.lots[0]], "reason": "A court's order.", "by_id": sale.bo}
    sale.do(pausing.pause, at=OPENS + 4 * MINUTE, **again)

    with pytest.raises(ApprovalStale):
        sale.approve(old, at=OPENS + 5 * MINUTE)

    assert sale.lot(0).stage is Stage.PAUSED
    assert sale.wrong() == []


def test_a_request_answered_as_changed_is_closed_also_when_everything_is_as_it_was(sale: Sale) -> None:
    sale.bid(0, 0, wan(200), OPENS + MINUTE)
    sale.pause(0, at=OPENS + 2 * MINUTE)
    asked = sale.ask(Act.RESUME, 0, at=OPENS + 3 * MINUTE)
    with sale.sessions.begin() as session:
        session.execute(update(LotRow).where(LotRow.id == sale.lots[0]).values(standing_paddle=102))
    with pytest.raises(ApprovalStale):
        sale.approve(asked, at=OPENS + 4 * MINUTE)
    with sale.sessions.begin() as session:
        session.execute(update(LotRow).where(LotRow.id == sale.lots[0]).values(standing_paddle=101))

    with pytest.raises(ApprovalDecided) as refused:
        sale.approve(asked, by=sale.bo, at=OPENS + 5 * MINUTE)

    assert refused.value.facts == {"decision": "stale"}
    assert sale.lot(0).stage is Stage.PAUSED
    with sale.sessions() as session:
        row = session.get_one(ApprovalRow, asked)
        assert (row.decision, row.decided_by_id, row.decided_at) == (Decision.STALE, sale.cy, OPENS + 4 * MINUTE)
        assert session.scalars(select(AuditRow.by_id).where(AuditRow.what == "approval.stale")).all() == [sale.cy]
    assert sale.wrong() == []


def test_who_may_not_approve_closes_no_request(sale: Sale) -> None:
    sale.bid(0, 0, wan(200), OPENS + MINUTE)
    sale.pause(0, at=OPENS + 2 * MINUTE)
    asked = sale.ask(Act.VOID_BID, 0, at=OPENS + 3 * MINUTE, seq=2)
    with sale.sessions.begin() as session:
        session.execute(update(UserRow).where(UserRow.id == sale.ada).values(disabled_at=OPENS))

    with pytest.raises(ApprovalSameMarket):
        sale.approve(asked, by=sale.bo, at=OPENS + 4 * MINUTE)

    with sale.sessions() as session:
        assert session.get_one(ApprovalRow, asked).decision is None


def test_of_two_alike_requests_for_more_time_one_is_done(sale: Sale) -> None:
    first, second = (sale.ask(Act.PROLONG, 0, by=by, at=OPENS + MINUTE, minutes=10) for by in (sale.ada, sale.bo))
    sale.approve(first, at=OPENS + 2 * MINUTE)

    with pytest.raises(ApprovalStale):
        sale.approve(second, at=OPENS + 2 * MINUTE)

    assert sale.lot(0).closes_at == CLOSES + timedelta(minutes=10)
    assert sale.wrong() == []


@pytest.mark.parametrize(
    "change",
    [{"disabled_at": OPENS}, {"market_key": "anhui"}, {"role": Role.AUDITOR, "market_key": None}],
    ids=["disabled", "elsewhere", "auditor"],
)
def test_a_request_does_not_outlive_its_askers_office(sale: Sale, change: dict[str, object]) -> None:
    sale.pause(0, at=OPENS + MINUTE)
    asked = sale.ask(Act.RESUME, 0, at=OPENS + 2 * MINUTE)
    with sale.sessions.begin() as session:
        session.execute(update(UserRow).where(UserRow.id == sale.ada).values(**change))

    with pytest.raises(ApprovalStale):
        sale.approve(asked, at=OPENS + 3 * MINUTE)

    assert sale.lot(0).stage is Stage.PAUSED


@pytest.mark.parametrize(
    "change",
    [
        {"decision": Decision.DECLINED},
        {"act": Act.PROLONG},
        {"decided_at": OPENS + 4 * MINUTE},
        {"reason": "Another."},
        {"subject": {"lots": [], "seq": 2, "minutes": None}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_act_that_nobody_approved_is_found(sale: Sale, change: dict[str, object]) -> None:
    sale.pause(0, at=OPENS + MINUTE)
    sale.approve(sale.ask(Act.RESUME, 0, at=OPENS + 2 * MINUTE), at=OPENS + 3 * MINUTE)
    assert sale.wrong() == []

    with sale.sessions.begin() as session:
        session.execute(update(ApprovalRow).values(**change))

    assert [each for each in sale.wrong() if "not_approved" in each]


@pytest.mark.parametrize("act", [Act.PROLONG, Act.VOID_BID, Act.CLOSE_EARLY])
def test_acts_that_two_agreed_on_verify_only_with_their_requests(sale: Sale, act: Act) -> None:
    sale.bid(0, 0, wan(200), OPENS + MINUTE)
    subject: dict[str, int] = {}
    if act is Act.VOID_BID:
        sale.pause(0, at=OPENS + 2 * MINUTE)
        subject = {"seq": 2}
    elif act is Act.PROLONG:
        subject = {"minutes": 7}
    lots = () if act is Act.CLOSE_EARLY else (0,)
    sale.approve(sale.ask(act, *lots, at=OPENS + 3 * MINUTE, **subject), at=OPENS + 4 * MINUTE)
    assert sale.wrong() == []

    with sale.sessions.begin() as session:
        session.execute(update(ApprovalRow).values(asked_by_id=sale.bo))

    assert [each for each in sale.wrong() if "not_approved" in each]


def test_a_resume_by_one_is_found_but_in_a_round_of_invented_data(sessions: sessionmaker[Session]) -> None:
    found = []
    for terms in ({}, {"synthetic": True}, {"rehearsal": True}):
        sale = Sale(sessions, **terms).opened()
        sale.pause(0, at=OPENS + MINUTE)
        alone = {"lot_ids": [sale.lots[0]], "reason": "So.", "by_id": sale.ada}
        sale.do(pausing.resume, at=OPENS + 2 * MINUTE, **alone)
        found.append([each for each in sale.wrong() if "not_approved" in each and "one person alone" in each] != [])

    assert found == [True, False, True]

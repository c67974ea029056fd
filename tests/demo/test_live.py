from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core.lot import Stage
from techauction.core.round import Phase
from techauction.custody import KeyRing
from techauction.db import writing
from techauction.demo import live, people
from techauction.demo.data import joint_2020
from techauction.demo.live import Loaded
from techauction.demo.play import ANNOUNCED_AT
from techauction.demo.show import PAUSE, Show
from techauction.queries.demo import demo_account, demo_page
from techauction.reports.record_of_sale import verify_round
from techauction.saleroom.auctioneer import Auctioneer
from techauction.saleroom.simulated import SimulatedBidders
from techauction.services import opening, pausing
from techauction.services.loading import load_round
from techauction.store.auction import OutcomeRow, PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import Role, UserRow

SECOND = timedelta(seconds=1)
PATIENCE_S = 20


@pytest.fixture
def settled(sessions: sessionmaker[Session], custody: KeyRing) -> sessionmaker[Session]:
    """Return sessions on a demonstration in which nothing was played."""
    with sessions() as session, writing(session):
        load_round(session, joint_2020(), now=ANNOUNCED_AT, custody=custody)
        people.settle_in(session, now=ANNOUNCED_AT)
    return sessions


@pytest.fixture
def auctioneer(settled: sessionmaker[Session], clock: ManualClock, custody: KeyRing) -> Iterator[Auctioneer]:
    made = Auctioneer(settled, clock, custody=custody)
    made.start()
    yield made
    made.stop()


def load(sessions: sessionmaker[Session], now: datetime, custody: KeyRing) -> Loaded:
    with sessions() as session, writing(session):
        return live.load(session, custody=custody, now=now)


def opened(sessions: sessionmaker[Session], auctioneer: Auctioneer, clock: ManualClock, custody: KeyRing) -> Loaded:
    loaded = load(sessions, clock(), custody)
    clock.set(loaded.opens_at)
    auctioneer.act(partial(opening.open_round, round_id=loaded.round_id)).result(PATIENCE_S)
    return loaded


def stages(sessions: sessionmaker[Session], slug: str) -> list[Stage]:
    with sessions() as session:
        found = select(LotRow.stage).join(RoundRow, LotRow.round_id == RoundRow.id).where(RoundRow.slug == slug)
        return list(session.scalars(found.order_by(LotRow.number)))


def test_a_dozen_lots_open_within_seconds_and_close_over_twenty_minutes(
    settled: sessionmaker[Session], auctioneer: Auctioneer, clock: ManualClock, custody: KeyRing
) -> None:
    began = clock()

    loaded = opened(settled, auctioneer, clock, custody)

    assert loaded.slug == "joint-live"
    assert loaded.opens_at - began <= timedelta(seconds=20)
    assert stages(settled, "joint-live") == [Stage.OPEN] * 12
    with settled() as session:
        closes = list(
            session.scalars(select(LotRow.closes_at).where(LotRow.round_id == loaded.round_id).order_by(LotRow.number))
        )
        row = session.get_one(RoundRow, loaded.round_id)
        assert (row.rehearsal, row.synthetic) == (True, True)
    assert [close - loaded.opens_at for close in closes if close] == [
        timedelta(seconds=150 + 95 * place) for place in range(12)
    ]


def test_every_run_has_a_live_round_of_its_own_and_shares_the_next_one(
    settled: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    slugs = [load(settled, clock(), custody).slug for _ in range(3)]

    assert slugs == ["joint-live", "joint-live-2", "joint-live-3"]
    with settled() as session:
        others = session.scalars(select(RoundRow.slug).where(RoundRow.slug.startswith("joint-next"))).all()
        titles = session.scalars(select(RoundRow.title_en).where(RoundRow.slug.startswith("joint-live"))).all()
    assert others == ["joint-next"]
    assert len(set(titles)) == 3


def test_visitors_have_paddles_in_the_live_round_but_for_the_newcomer(
    settled: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    load(settled, clock(), custody)

    with settled() as session:
        page = demo_page(session)

    roles = dict(page.roles)
    assert set(roles) == set(Role)
    assert [each.paddles for each in roles[Role.ENTERPRISE]] == [(260,), (218,), ()]
    assert any(each.sealing_officer for each in roles[Role.INSTITUTE])
    assert {each.market.en for each in roles[Role.ORGANIZER] if each.market} == {
        "Shanghai Technology Exchange",
        "Jiangsu Technology Exchange",
        "Zhejiang Technology Exchange",
        "Anhui Technology Exchange",
    }
    assert len(roles[Role.MANAGER]) == 8


def test_only_those_meant_for_visitors_can_be_signed_in_without_a_password(settled: sessionmaker[Session]) -> None:
    with settled() as session:
        auditor = session.scalars(select(UserRow).where(UserRow.role == Role.AUDITOR)).one()
        rival = session.scalars(select(UserRow).where(UserRow.sign_in_name == "paddle-231")).one()

        assert demo_account(session, user_id=auditor.id) == auditor.id
        assert demo_account(session, user_id=rival.id) is None
        assert demo_account(session, user_id=99_999) is None


def test_rivals_bid_on_the_lots_and_sell_them_by_the_clock(
    settled: sessionmaker[Session], auctioneer: Auctioneer, clock: ManualClock, custody: KeyRing
) -> None:
    loaded = opened(settled, auctioneer, clock, custody)
    rivals = SimulatedBidders(settled, auctioneer, clock, round_id=loaded.round_id, visitors=people.VISITORS, seed=1)

    while rivals.look_once():
        clock.advance(SECOND * 15)
        auctioneer.nudge().result(PATIENCE_S)

    with settled() as session:
        row = session.get_one(RoundRow, loaded.round_id)
        visitors = session.scalars(
            select(func.count())
            .select_from(OutcomeRow)
            .join(LotRow, OutcomeRow.lot_id == LotRow.id)
            .where(LotRow.round_id == loaded.round_id, OutcomeRow.paddle.in_(people.VISITORS))
        ).one()
        endings = session.scalars(select(OutcomeRow.ending).join(LotRow).where(LotRow.round_id == loaded.round_id)).all()
        assert row.phase is Phase.CLOSED
        assert visitors == 0
        assert len(endings) == 12
        assert len(set(endings)) == 2, "most are sold; the one with a high reserve passes in"
        assert verify_round(session, loaded.slug) == []


def test_when_the_live_round_has_ended_the_next_one_begins(
    settled: sessionmaker[Session], auctioneer: Auctioneer, clock: ManualClock, custody: KeyRing
) -> None:
    told: list[Loaded] = []
    loaded = opened(settled, auctioneer, clock, custody)
    show = Show(settled, auctioneer, clock, custody=custody, first=loaded, tell=told.append)
    while set(stages(settled, loaded.slug)) != {Stage.ENDED}:
        show.look_once()
        clock.advance(SECOND * 60)
        auctioneer.nudge().result(PATIENCE_S)

    show.look_once()
    clock.advance(PAUSE - SECOND)
    show.look_once()
    before = list(told)
    clock.advance(SECOND)
    show.look_once()

    assert before == []
    assert [each.slug for each in told] == ["joint-live-2"]
    assert told[0].opens_at > clock()
    assert stages(settled, "joint-live-2") == [Stage.LISTED] * 12
    show.look_once()
    assert len(told) == 1


def test_an_earlier_round_goes_on_from_where_its_process_died_up_to_now(
    engine: Engine, settled: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    first = Auctioneer(settled, clock, custody=custody)
    first.start()
    loaded = opened(settled, first, clock, custody)
    with settled() as session:
        lots = list(session.scalars(select(LotRow.id).where(LotRow.round_id == loaded.round_id).order_by(LotRow.number)))
        organizer = session.scalars(select(UserRow.id).where(UserRow.role == Role.ORGANIZER).limit(1)).one()
    first.act(partial(pausing.pause, lot_ids=lots[:1], reason="A look", by_id=organizer)).result(PATIENCE_S)
    first.stop()
    clock.advance(timedelta(minutes=10))

    live.end_earlier(engine, clock, custody=custody)

    found = stages(settled, loaded.slug)
    assert found == [Stage.ENDED] * 5 + [Stage.OPEN] * 7
    with settled() as session:
        assert verify_round(session, loaded.slug) == []


def test_an_earlier_round_that_never_opened_is_called_off(
    engine: Engine, settled: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    load(settled, clock(), custody)
    clock.advance(timedelta(hours=1))

    live.end_earlier(engine, clock, custody=custody)

    with settled() as session:
        phases = dict(session.execute(select(RoundRow.slug, RoundRow.phase)).all())
        assert phases["joint-live"] is Phase.CALLED_OFF
        assert phases["joint-next"] is Phase.PUBLISHED


def test_nothing_is_ended_where_nothing_was_begun(
    engine: Engine, settled: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    live.end_earlier(engine, clock, custody=custody)

    with settled() as session:
        assert session.scalars(select(func.count()).select_from(OutcomeRow)).one() == 0
        assert session.scalars(select(func.count()).select_from(PaddleRow)).one() == 109

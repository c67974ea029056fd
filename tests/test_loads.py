import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice, pairwise
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from techauction import loads
from techauction.core.custody import WITHOUT_KEYS, NoCustodyKey, Slip
from techauction.core.planned import RoundFile
from techauction.core.reading import Faults
from techauction.core.refusal import NoSuch
from techauction.core.round import Phase
from techauction.core.roundfile import RoundFileWrong, read
from techauction.custody import KeyRing
from techauction.db import writing
from techauction.queries.administration import organisations_page
from techauction.queries.enterprises import enterprises
from techauction.queries.institute import my_results
from techauction.queries.organizer import own_rounds
from techauction.reports.recorded import find_round
from techauction.services import registration, sweeping
from techauction.services.checking import known
from techauction.services.loading import ADMISSIONS_AT_ONCE, Load, load_round
from techauction.services.registration import decide
from techauction.store.auction import AdmissionRow
from techauction.store.base import Row
from techauction.store.consigning import RoundMarketRow, RoundRow
from techauction.store.money import DepositRow
from techauction.store.people import OrganisationRow
from tests.builders import an_organisation
from tests.conftest import TEN
from tests.plans import a_bidder, a_plan

Sessions = sessionmaker[Session]
PATIENCE_S = 20


def a_file(session: Session, plan: dict[str, Any]) -> RoundFile:
    faults = Faults()
    file = read(plan, known(session, TEN), faults, TEN)
    assert not faults.noted
    return file


def load(engine: Engine, plan: dict[str, Any], **more: Any) -> str:
    with Session(engine) as session:
        file = a_file(session, plan)
    return loads.load(engine, file, Faults(), now=TEN, **{"custody": WITHOUT_KEYS, **more})


def counts(sessions: Sessions) -> dict[str, int]:
    with sessions() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in Row.metadata.tables.items()
        }


def half_loaded(sessions: Sessions, plan: dict[str, Any], steps: int | None = None, custody: Any = WITHOUT_KEYS) -> Load:
    """Take so many steps of a load, or all but the last, and leave it."""
    with sessions() as session:
        load = Load(a_file(session, plan), publish=True, by_id=None, custody=custody, now=TEN)
        for place, step in enumerate(load.steps(session)):
            if place == steps:
                break
            with writing(session):
                step(session)
    return load


def test_a_round_is_loaded_in_steps_between_which_others_write(engine: Engine, sessions: Sessions) -> None:
    plan = a_plan(lots=40, enterprises=60)
    seen: list[int] = []

    def committed(_connection: object) -> None:
        with engine.connect() as beside:
            seen.append(beside.scalar(select(func.count()).select_from(AdmissionRow)) or 0)

    event.listen(engine, "commit", committed)
    load(engine, plan)
    event.remove(engine, "commit", committed)

    grown = [after - before for before, after in pairwise(seen)]
    assert sum(each > 0 for each in grown) >= 2_400 // ADMISSIONS_AT_ONCE
    assert max(grown) <= ADMISSIONS_AT_ONCE
    with sessions() as session:
        row = session.scalars(select(RoundRow)).one()
        assert (row.phase, row.published_at, row.loading_at) == (Phase.PUBLISHED, TEN, None)
        assert session.scalar(select(func.count()).select_from(AdmissionRow)) == 2_400


def test_a_step_changes_few_places_of_each_index(engine: Engine, sessions: Sessions) -> None:
    load(engine, a_plan(lots=96, enterprises=96))

    with sessions() as session:
        kept = session.execute(select(AdmissionRow.paddle_id, AdmissionRow.lot_id).order_by(AdmissionRow.id)).all()
    assert len(kept) == 96 * 96
    rest = iter(kept)
    while step := list(islice(rest, ADMISSIONS_AT_ONCE)):
        paddles, lots = (set(each) for each in zip(*step, strict=True))
        assert max(len(paddles), len(lots)) <= 64


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_load_leaves_no_long_wal_to_the_commit_of_a_bid(engine: Engine, database_url: str) -> None:
    load(engine, a_plan(lots=96, enterprises=96))

    without_wal = f"{Path(make_url(database_url).database or '').as_uri()}?immutable=1"
    with closing(sqlite3.connect(without_wal, uri=True)) as copied:
        assert copied.execute("SELECT count(*) FROM admissions").fetchone() == (96 * 96,)


def test_in_steps_or_in_one_transaction_the_same_is_kept(engine: Engine, sessions: Sessions, custody: KeyRing) -> None:
    fixed = a_plan(slug="fixed", deposit_kind="fixed", deposit_fixed_fen=700)
    plans = [a_plan(lots=3, enterprises=4, slug="one"), fixed]
    plans[0]["lots"][1]["reserve_fen"] = 250_000_000
    plans[0]["enterprises"][1]["lots"] = [3, 1]
    slips: dict[int, Slip] = {}
    for plan in plans:
        load(engine, plan, custody=custody, ready=slips.update)
    in_steps = counts(sessions)
    for plan in plans:
        with sessions.begin() as session:
            load_round(
                session, plan | {"round": {**plan["round"], "slug": plan["round"]["slug"] + "-2"}}, now=TEN, custody=custody
            )

    twice = counts(sessions)
    brought = {"organisations"}
    grown = {name: twice[name] - in_steps[name] for name in twice if name not in brought and in_steps[name] != twice[name]}
    assert grown == {name: in_steps[name] for name in grown}
    assert {"reserves", "paddles", "admissions", "deposits", "deposit_receipts", "postings"} <= set(grown)
    assert [*slips] == [2]
    with sessions() as session:
        sums = select(func.sum(DepositRow.held), func.count()).where(DepositRow.required == DepositRow.held)
        held, deposits = session.execute(sums).one()
        assert (int(held.minor), deposits) == (2 * (20_000_000 * 11 + 2 * 700), 2 * 13)


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 6])
def test_a_load_broken_off_anywhere_leaves_nothing(sessions: Sessions, engine: Engine, custody: KeyRing, steps: int) -> None:
    plan = a_plan(lots=3, enterprises=4)
    plan["lots"][0]["reserve_fen"] = 250_000_000
    before = counts(sessions)
    half_loaded(sessions, plan, steps, custody)
    assert counts(sessions) != before

    loads.sweep(engine)

    assert counts(sessions) == before


def test_a_sweep_that_is_broken_off_is_gone_on_with(sessions: Sessions) -> None:
    before = counts(sessions)
    load = half_loaded(sessions, a_plan(lots=5, enterprises=6))
    taken, more = 0, True
    while more:
        with sessions() as session, writing(session):
            more = sweeping.sweep_some(session, round_id=load.round_id, most=7)
        taken += 1

    assert counts(sessions) == before
    assert taken > 10, "a few rows at a time"


def test_what_stays_is_what_was_here(sessions: Sessions, engine: Engine) -> None:
    with sessions.begin() as session:
        an_organisation(session, credit_code=a_bidder(1)["credit_code"])
        load_round(session, a_plan(slug="another"), now=TEN)
    before = counts(sessions)
    half_loaded(sessions, a_plan(lots=3, enterprises=4))

    loads.sweep(engine)

    assert counts(sessions) == before
    with sessions() as session, pytest.raises(NoSuch):
        sweeping.sweep_some(session, round_id=session.scalars(select(RoundRow.id)).one())


def test_a_load_that_was_swept_cannot_be_finished(sessions: Sessions, engine: Engine) -> None:
    load = half_loaded(sessions, a_plan())
    loads.sweep(engine)

    with sessions() as session, writing(session), pytest.raises(NoSuch):
        load.finish(session)

    assert counts(sessions)["rounds"] == 0


def test_a_load_that_fails_is_swept_at_once(sessions: Sessions, engine: Engine) -> None:
    plan = a_plan()
    plan["lots"][1]["reserve_fen"] = 250_000_000
    before = counts(sessions)

    with pytest.raises(NoCustodyKey):
        load(engine, plan)

    assert counts(sessions) == before


def test_the_name_of_a_broken_load_is_free_again(sessions: Sessions, engine: Engine) -> None:
    half_loaded(sessions, a_plan(lots=4))

    load(engine, a_plan(lots=2))

    assert (counts(sessions)["rounds"], counts(sessions)["lots"]) == (1, 2)


def test_two_loads_at_once_share_the_organisations_that_both_bring(sessions: Sessions, engine: Engine) -> None:
    plans = [a_plan(slug=f"round-{number}", lots=3, enterprises=5) for number in range(3)]

    with ThreadPoolExecutor(3) as pool:
        slugs = list(pool.map(lambda plan: load(engine, plan), plans))

    assert slugs == ["round-0", "round-1", "round-2"]
    assert (counts(sessions)["organisations"], counts(sessions)["paddles"]) == (6, 15)


def test_who_waits_too_long_for_another_load_is_told(sessions: Sessions, engine: Engine) -> None:
    here, go_on = Event(), Event()

    def ready(_slips: dict[int, Slip]) -> None:
        here.set()
        assert go_on.wait(PATIENCE_S)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(load, engine, a_plan(slug="first"), ready=ready)
        assert here.wait(PATIENCE_S)
        with pytest.raises(loads.LoadGoing):
            load(engine, a_plan(slug="second"), patience_s=0)
        loads.sweep(engine)  # it leaves alone what goes on
        go_on.set()

    assert first.result() == "first"
    with sessions() as session:
        assert session.scalars(select(RoundRow.slug).where(RoundRow.phase == Phase.PUBLISHED)).all() == ["first"]


def test_an_enterprise_that_registers_meanwhile_breaks_the_load_and_stays(sessions: Sessions, engine: Engine) -> None:
    plan = a_plan()
    with sessions() as session:
        steps = (load := Load(a_file(session, plan), publish=True, by_id=None, custody=WITHOUT_KEYS, now=TEN)).steps(session)
        with writing(session):
            next(steps)(session)
        step = next(steps)
        with sessions.begin() as beside:
            an_organisation(beside, credit_code=plan["enterprises"][0]["credit_code"])
        with pytest.raises(IntegrityError), writing(session):
            step(session)

    loads.sweep(engine)

    assert load.round_id
    assert (counts(sessions)["rounds"], counts(sessions)["organisations"]) == (0, 1)


def test_a_slug_taken_is_told_before_anything_is_written(sessions: Sessions, engine: Engine) -> None:
    load(engine, a_plan())
    before = counts(sessions)

    with pytest.raises(RoundFileWrong) as refused:
        load(engine, a_plan())

    assert refused.value.problems == ("round.slug: rehearsal is taken",)
    assert counts(sessions) == before


def test_no_list_shows_what_is_being_loaded(sessions: Sessions) -> None:
    plan = a_plan()
    with sessions.begin() as session:
        institute = an_organisation(session, credit_code=plan["institutes"][0]["credit_code"], name_en="Was here before")
        institute_id = institute.id
    load = half_loaded(sessions, plan)

    def shown(session: Session) -> list[Any]:
        return [
            own_rounds(session, market_key="zhejiang", page=1).rounds,
            enterprises(session, market_key="jiangsu", standing=None, page=1).enterprises,
            [each.name for each in organisations_page(session, search="Enterprise", page=1).organisations],
            my_results(session, institute_id=institute_id, page=1).results,
        ]

    with sessions() as session:
        assert [len(each) for each in shown(session)] == [0, 0, 0, 0]
    with sessions() as session, writing(session):
        load.finish(session)
    with sessions() as session:
        assert [len(each) for each in shown(session)] == [1, 1, 2, 2]


def test_an_announced_round_whose_row_says_that_it_is_being_loaded_is_neither_hidden_nor_swept(
    sessions: Sessions, engine: Engine
) -> None:
    load(engine, a_plan())
    with sessions.begin() as session:
        session.execute(update(RoundRow).values(loading_at=TEN))

    loads.sweep(engine)

    with sessions() as session:
        assert find_round(session, session.scalars(select(RoundRow.slug)).one()).phase is Phase.PUBLISHED


def test_nobody_decides_on_an_organisation_that_is_being_loaded(sessions: Sessions) -> None:
    half_loaded(sessions, a_plan())

    with sessions.begin() as session:
        row = session.scalars(select(OrganisationRow).where(OrganisationRow.name_en == "Enterprise 1")).one()
        with pytest.raises(NoSuch):
            decide(
                session,
                organisation_id=row.id,
                market_key=row.market_key,
                decision=registration.Decision.REFUSED,
                reason="No.",
                by_id=1,
                now=TEN,
            )


def test_a_draft_is_its_markets_own(sessions: Sessions, engine: Engine) -> None:
    load(engine, a_plan(rehearsal=False), publish=False)

    with sessions() as session:
        row = session.scalars(select(RoundRow)).one()
        assert (row.phase, row.published_at, row.loading_at) == (Phase.DRAFT, None, None)
        assert session.scalars(select(RoundMarketRow.market_key)).all() == ["zhejiang"]

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.api import shapes
from techauction.api.loading import MOST_READ_HERE
from techauction.clock import ManualClock
from techauction.core.round import Phase
from techauction.core.roundfile import MOST_BYTES
from techauction.store.auction import PaddleRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import Role
from tests.api.conftest import Program
from tests.builders import OPENS
from tests.conftest import TEN
from tests.plans import a_plan

Programs = Callable[..., Program]
Sessions = sessionmaker[Session]


@pytest.fixture
def organizer(program: Programs) -> Program:
    return program(Role.ORGANIZER, market="zhejiang")


def kept(sessions: Sessions) -> tuple[int, ...]:
    with sessions() as session:
        return tuple(session.scalar(select(func.count()).select_from(row)) or 0 for row in (RoundRow, LotRow, PaddleRow))


def test_one_call_creates_and_publishes_a_round(organizer: Program, sessions: Sessions) -> None:
    answer = organizer.post("/rounds", a_plan(lots=3, enterprises=2))

    assert (answer.status_code, answer.location) == (201, "/api/v1/rounds/rehearsal")
    told = answer.get_json()
    shapes.LoadedRound.model_validate(told)
    assert (told["round"]["phase"], told["round"]["lots"], told["round"]["paddles"]) == (Phase.PUBLISHED, 3, 2)
    assert [each["number"] for each in told["lots"]] == [1, 2, 3]
    lot = organizer.get(f"/lots/{told['lots'][0]['id']}").get_json()
    assert (lot["round"], lot["state"]["stage"]) == ("rehearsal", "listed")
    with sessions() as session:
        row = session.scalars(select(AuditRow).where(AuditRow.what == "round.loaded")).one()
    assert row.by_id is not None


def test_a_rehearsal_may_open_in_seconds(organizer: Program) -> None:
    answer = organizer.post("/rounds", a_plan(opens_at=TEN + timedelta(seconds=2)))

    assert answer.status_code == 201


def test_a_round_in_earnest_needs_its_notice(organizer: Program) -> None:
    early = organizer.post("/rounds", a_plan(rehearsal=False))
    noticed = organizer.post("/rounds", a_plan(rehearsal=False, opens_at=TEN + timedelta(days=7)))

    assert early.get_json()["problems"] == [
        {"path": "$.round.opens_at", "what": "must leave the notice of 7 days, but for a rehearsal"}
    ]
    assert noticed.status_code == 201


WRONG: list[tuple[str, int, str, object]] = [
    ("lots", 0, "start_fen", "200000000"),
    ("lots", 1, "start_fen", 200_000_000.0),
    ("lots", 0, "increment_fen", True),
    ("lots", 0, "start_fen", 10**15 + 1),
    ("lots", 0, "start_fen", -1),
    ("lots", 0, "reserve_fen", 1.5),
    ("enterprises", 1, "paddle", "202"),
    ("institutes", 0, "market", "mars"),
]


def test_what_is_wrong_is_told_by_its_path_and_nothing_is_kept(organizer: Program, sessions: Sessions) -> None:
    for part, place, name, value in WRONG:
        plan = a_plan()
        plan[part][place][name] = value

        answer = organizer.post("/rounds", plan)

        told = answer.get_json()
        shapes.RoundProblem.model_validate(told)
        assert (answer.status_code, answer.content_type, told["code"]) == (422, "application/problem+json", "round_file_wrong")
        assert f"$.{part}[{place}].{name}" in [each["path"] for each in told["problems"]]
    assert kept(sessions) == (0, 0, 0)


def test_every_fault_is_told_at_once(organizer: Program) -> None:
    plan = a_plan(slug="?", collar="three")
    plan["lots"][1]["start_fen"] = 2.5

    told = organizer.post("/rounds", plan).get_json()

    assert [each["path"] for each in told["problems"]] == ["$.round.slug", "$.round.collar", "$.lots[1].start_fen"]


EXPONENT = b'{"round": {}, "institutes": [], "lots": [{"start_fen": 1e9}]}'


def test_an_exponent_is_no_whole_number_of_fen(organizer: Program) -> None:
    told = organizer.post("/rounds", EXPONENT).get_json()

    assert {"path": "$.lots[0].start_fen", "what": "must be a whole number of fen"} in told["problems"]


def test_a_name_that_stands_twice_is_refused_by_name(organizer: Program, sessions: Sessions) -> None:
    body = json.dumps(a_plan()).replace('"start_fen": ', '"start_fen": 1, "start_fen": ', 1).encode()

    answer = organizer.post("/rounds", body)

    assert (answer.status_code, answer.get_json()["code"], answer.get_json()["name"]) == (422, "json_key_twice", "start_fen")
    assert kept(sessions) == (0, 0, 0)


def test_a_body_that_is_no_plan_is_refused(organizer: Program) -> None:
    bodies = [b"", b"{", b"\xff\xfe", b'{"round": NaN}', b"[" * 100_000, b"1" * 5_000, b"[]", b"null", b'"\\ud800"']

    answers = [organizer.post("/rounds", body) for body in bodies]

    assert {(answer.status_code, answer.get_json()["problems"][0]["path"]) for answer in answers} == {(422, "$")}


def test_a_name_that_no_text_can_hold_is_told_all_the_same(organizer: Program) -> None:
    answer = organizer.post("/rounds", b'{"\\ud800: ": 1}')

    assert answer.status_code == 422
    assert [each["path"] for each in answer.get_json()["problems"]] == ["$"]


def test_a_body_past_all_measure_is_refused(organizer: Program) -> None:
    answer = organizer.post("/rounds", b"[" * (MOST_BYTES + 1))

    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")


def test_a_body_past_what_other_calls_may_have_is_read(organizer: Program) -> None:
    answer = organizer.post("/rounds", json.dumps(a_plan()).encode() + b" " * 5_000_000)

    assert answer.status_code == 201


def test_a_long_file_is_read_by_a_child_and_the_same_comes_of_it(organizer: Program, sessions: Sessions) -> None:
    plan = a_plan(lots=230, enterprises=120)
    for lot in plan["lots"]:
        lot["summary_zh"] = "长" * 400
    assert len(json.dumps(plan)) > MOST_READ_HERE
    twice = json.dumps(plan).replace('"slug"', '"slug": "x", "slug"', 1)
    wrong = {**plan, "enterprises": [1] * 700}

    refused = [organizer.post("/rounds", body) for body in (wrong, twice.encode(), b"[" * 300_000)]
    answer = organizer.post("/rounds", plan)

    assert [(each.status_code, each.get_json()["code"]) for each in refused] == [
        (422, "round_file_wrong"),
        (422, "json_key_twice"),
        (422, "round_file_wrong"),
    ]
    assert (len(refused[0].get_json()["problems"]), refused[0].get_json()["more"] > 600) == (100, True)
    assert (answer.status_code, kept(sessions)) == (201, (1, 230, 120))


def test_the_first_hundred_faults_are_told_and_how_many_more(organizer: Program) -> None:
    plan = a_plan()
    plan["enterprises"] = [1] * 700

    answer = organizer.post("/rounds", plan)
    told = answer.get_json()
    shapes.RoundProblem.model_validate(told)

    assert (len(told["problems"]), told["problems"][0]["path"]) == (100, "$.enterprises[0]")
    assert told["more"] > 600
    assert len(answer.data) < 30_000


def test_an_organizer_hosts_for_the_own_market_only(program: Programs, sessions: Sessions) -> None:
    told = program(Role.ORGANIZER, market="shanghai").post("/rounds", a_plan()).get_json()

    assert [each["path"] for each in told["problems"]] == ["$.round.host_market"]
    assert kept(sessions) == (0, 0, 0)


def test_the_same_round_twice_is_one(organizer: Program, sessions: Sessions) -> None:
    first, second = (organizer.post("/rounds", a_plan()) for _each in range(2))

    assert (first.status_code, second.status_code) == (201, 422)
    assert second.get_json()["problems"] == [{"path": "$.round.slug", "what": "rehearsal is taken"}]
    assert kept(sessions)[0] == 1


def test_a_reserve_loaded_is_shown_by_no_answer(organizer: Program, clock: ManualClock) -> None:
    plan = a_plan()
    plan["lots"][0]["reserve_fen"] = 271_828_182
    clock.set(OPENS - timedelta(minutes=40))

    loaded: Any = organizer.post("/rounds", plan)
    pages = [loaded.text, *(organizer.get(path).text for path in ("/rounds", "/rounds/rehearsal", "/rounds/rehearsal/lots"))]

    assert loaded.status_code == 201
    assert [page for page in pages if "271828182" in page] == []


def test_of_two_calls_at_once_one_creates_the_round(organizer: Program, sessions: Sessions) -> None:
    clients = [Program(organizer.client.application.test_client(), organizer.token) for _each in range(4)]
    together = Barrier(len(clients))

    def call(program: Program) -> Any:
        together.wait(20)
        return program.post("/rounds", a_plan(lots=5))

    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(call, clients))

    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]
    assert {each["path"] for answer in answers for each in answer.get_json().get("problems", [])} == {"$.round.slug"}
    assert kept(sessions) == (1, 5, 2)

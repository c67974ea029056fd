from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import TypeAdapter
from sqlalchemy.orm import Session, sessionmaker

from techauction.api import shapes
from techauction.app import create_app
from techauction.clock import ManualClock
from techauction.core.tokens import TokenScope
from techauction.db import db, writing
from techauction.identity import passwords
from techauction.queries.published import PublishedRound
from techauction.saleroom.auctioneer import Auctioneer
from techauction.settings import Settings
from techauction.store.people import Role
from tests import builders
from tests.api.conftest import Program
from tests.builders import CLOSES, wan
from tests.entering import token_of
from tests.plans import a_plan
from tests.rounds import Played, a_round_sold

Programs = Callable[..., Program]
Sessions = sessionmaker[Session]
PASSWORD = "correct horse battery"


@pytest.fixture
def sold(sessions: Sessions, clock: ManualClock) -> Played:
    with sessions() as session, writing(session):
        played = a_round_sold(session)
    clock.set(CLOSES + timedelta(hours=2))
    return played


def test_a_round_is_told_with_its_terms_and_totals(program: Programs, sold: Played) -> None:
    answer = program().get(f"/rounds/{sold.row.slug}")

    told = answer.get_json()
    TypeAdapter(PublishedRound).validate_python(told)
    assert (told["slug"], told["phase"], told["host_market"], told["markets"]) == (
        sold.row.slug,
        "closed",
        "zhejiang",
        ["zhejiang"],
    )
    assert (told["lots"], told["lots_sold"], told["bids"]) == (6, 2, 6)
    assert (told["sold_start_fen"], told["hammer_fen"], told["value_added_rate"]) == (
        wan(400).minor,
        wan(530).minor,
        "32.50",
    )


def test_lots_are_listed_with_their_state(program: Programs, sold: Played) -> None:
    answer = program().get(f"/rounds/{sold.row.slug}/lots")

    told = answer.get_json()
    shapes.Lots.model_validate(told)
    assert [each["number"] for each in told["lots"]] == [1, 2, 3, 4, 5, 6]
    first = told["lots"][0]
    assert (first["start_fen"], first["ladder"], first["deposit_fen"]) == (
        wan(200).minor,
        [[0, wan(10).minor]],
        wan(20).minor,
    )
    assert (first["state"]["ending"], first["state"]["price_fen"], first["state"]["paddle"]) == ("sold", wan(300).minor, 101)


def test_a_lot_is_told_as_in_the_list(program: Programs, sold: Played) -> None:
    listed = program().get(f"/rounds/{sold.row.slug}/lots").get_json()["lots"][1]

    told = program().get(f"/lots/{sold.lots[1].id}").get_json()

    assert told == listed


def test_the_record_is_told_as_a_chain(program: Programs, sold: Played) -> None:
    caller = program()
    told = caller.get(f"/lots/{sold.lots[0].id}/record").get_json()

    shapes.Record.model_validate(told)
    events = told["events"]
    assert [each["seq"] for each in events] == list(range(1, told["total"] + 1))
    assert [each["kind"] for each in events] == ["opened", "bid", "bid", "bid", "hammered"]
    assert [each["prev_hash"] for each in events[1:]] == [each["hash"] for each in events[:-1]]
    assert events[-1]["hash"] == caller.get(f"/lots/{sold.lots[0].id}").get_json()["head_hash"]


def test_no_answer_shows_a_reserve(program: Programs, sessions: Sessions, clock: ManualClock) -> None:
    reserve = wan(220)
    with sessions() as session, writing(session):
        played = a_round_sold(session)
    clock.set(CLOSES + timedelta(hours=2))
    caller, lots = program(), [each.id for each in played.lots]
    paths = [f"/rounds/{played.row.slug}", f"/rounds/{played.row.slug}/lots"]
    paths += [f"/lots/{lot}{more}" for lot in lots for more in ("", "/record")]

    pages = [caller.get(path).text for path in paths]

    assert [page for page in pages if "reserve_fen" in page or "salt" in page] == []
    # Lot 2 was bid 220 for, which is its reserve too; in its record that amount stands once.
    assert sum(page.count(f":{reserve.minor},") for page in pages if '"events"' in page) == 1


def test_a_list_is_turned_page_by_page_and_ends(program: Programs, sold: Played) -> None:
    caller, path = program(), f"/rounds/{sold.row.slug}/lots"

    first, last, past = (caller.get(f"{path}?per_page=4&page={page}").get_json() for page in (1, 2, 3))

    assert ([each["number"] for each in first["lots"]], first["next"], first["pages"]) == ([1, 2, 3, 4], 2, 2)
    assert ([each["number"] for each in last["lots"]], last["next"], last["total"]) == ([5, 6], None, 6)
    assert (past["lots"], past["next"]) == ([], None)


def test_rounds_are_listed_the_latest_first_and_drafts_are_not(program: Programs, sessions: Sessions) -> None:
    with sessions() as session, writing(session):
        early = builders.a_round(session).slug
        late = builders.a_round(session, opens_at=builders.OPENS + timedelta(days=1), closes_at=CLOSES + timedelta(days=1)).slug
        draft = builders.a_round(session, phase=builders.Phase.DRAFT, published_at=None)
        hidden, lot = draft.slug, builders.a_lot(session, draft).id

    caller = program()
    told = caller.get("/rounds").get_json()

    shapes.Rounds.model_validate(told)
    assert [each["slug"] for each in told["rounds"]] == [late, early]
    paths = (f"/rounds/{hidden}", f"/rounds/{hidden}/lots", f"/lots/{lot}", f"/lots/{lot}/record")
    assert [caller.get(path).status_code for path in paths] == [404] * 4


NO_PAGES = ["page=0", "page=-1", "page=x", "page=1.0", "per_page=201", "page=10000000", "page=", "page=一"]


def test_a_page_that_cannot_be_is_refused(program: Programs) -> None:
    caller = program()

    answers = [caller.get(f"/rounds?{asked}") for asked in NO_PAGES]

    assert {(each.status_code, each.get_json()["code"], each.content_type) for each in answers} == {
        (422, "call_unreadable", "application/problem+json")
    }


NOWHERE = ["/rounds/none", "/rounds/%00", "/lots/999999", "/lots/99999999999999999999", "/nowhere", "/lots/x"]


def test_what_is_not_there_is_a_problem_too(program: Programs) -> None:
    caller = program()

    answers = [caller.get(path) for path in NOWHERE]

    assert {(each.status_code, each.get_json()["code"], each.content_type) for each in answers} == {
        (404, "no_such", "application/problem+json")
    }


def test_a_wrong_method_is_a_problem_too(client: FlaskClient) -> None:
    answer = client.delete("/api/v1/rounds")

    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_pages_still_answer_errors_as_pages(client: FlaskClient) -> None:
    assert client.get("/nowhere").content_type.startswith("text/html")


def test_a_problem_is_said_in_the_callers_language(program: Programs) -> None:
    chinese = program(Role.AUDITOR, locale="zh_Hans_CN")
    english = program(Role.AUDITOR, locale="en")

    accepted = program().get("/rounds/none").get_json()["title"]
    chosen = [each.get("/rounds/none", headers={"Accept-Language": ""}).get_json()["title"] for each in (chinese, english)]

    assert accepted == chosen[1] == "There is no such thing, or it is not yours to see."
    assert chosen[0] != chosen[1]


Call = tuple[str, str, TokenScope]
GATED: list[Call] = [
    ("GET", "/rounds", TokenScope.READ),
    ("GET", "/rounds/x", TokenScope.READ),
    ("GET", "/rounds/x/lots", TokenScope.READ),
    ("GET", "/lots/1", TokenScope.READ),
    ("GET", "/lots/1/record", TokenScope.READ),
    ("POST", "/rounds", TokenScope.ORGANIZE),
]


def test_every_address_is_gated_but_the_document(client: FlaskClient) -> None:
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.rule.startswith("/api/")]

    strangers = {
        rule.rule: client.open(rule.build(dict.fromkeys(rule.arguments, "1"))[1]).status_code for rule in _readable(rules)
    }  # type: ignore[index]

    assert {path for path, status in strangers.items() if status != 401} == {"/api/v1/openapi.json"}
    assert len(rules) == len(GATED) + 1


def _readable(rules: list[Any]) -> list[Any]:
    return [rule for rule in rules if "GET" in (rule.methods or ())]


def test_a_call_needs_its_scope(program: Programs, client: FlaskClient) -> None:
    stranger, unknown = program(None), Program(client, "ta_unknown")
    for method, path, scope in GATED:
        without = program(Role.ORGANIZER, *({TokenScope.READ, TokenScope.ORGANIZE} - {scope}))

        answers = [_call(each, method, path) for each in (without, stranger, unknown)]

        assert [(answer.status_code, answer.get_json()["code"]) for answer in answers] == [
            (403, "scope_missing"),
            (401, "not_signed_in"),
            (401, "token_ended"),
        ], path
        assert answers[0].get_json()["scope"] == scope.value
        assert answers[1].headers["WWW-Authenticate"].startswith("Bearer")
        assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}


def _call(program: Program, method: str, path: str) -> Any:
    return program.get(path) if method == "GET" else program.post(path, {})


def test_a_browser_reads_by_its_cookie_and_writes_with_its_token(
    settings: Settings, client: FlaskClient, sessions: Sessions
) -> None:
    with sessions() as session, writing(session):
        hashed = passwords(settings).hash(PASSWORD)
        builders.a_user(session, Role.ORGANIZER, sign_in_name="ada", password_hash=hashed, market="zhejiang")
    token = _token(client, "/account/sign-in")
    client.post("/account/sign-in", data={"csrf_token": token, "sign_in_name": "ada", "password": PASSWORD})
    token = _token(client, "/account/password")

    read = client.get("/api/v1/rounds")
    forged = client.post("/api/v1/rounds", json=a_plan())
    meant = client.post("/api/v1/rounds", json=a_plan(), headers={"X-CSRF-Token": token})

    assert (read.status_code, forged.status_code, meant.status_code) == (200, 401, 201)
    assert forged.get_json()["code"] == "not_signed_in"


def _token(client: FlaskClient, page: str) -> str:
    return token_of(client.get(page).text)


def test_calls_are_limited_by_token(settings: Settings, clock: ManualClock, new_token: Callable[..., str]) -> None:
    strict = replace(settings, rate_limits=True, api_calls_per_minute=3)
    app = create_app(strict, clock, Auctioneer(sessionmaker(), clock))
    busy, calm = (Program(app.test_client(), new_token(Role.AUDITOR)) for _each in range(2))

    answers = [busy.get("/rounds") for _each in range(8)]
    other = calm.get("/rounds")
    with app.app_context():
        db.engine.dispose()

    assert {answer.status_code for answer in answers} == {200, 429}
    assert (answers[-1].get_json()["code"], answers[-1].headers["Retry-After"]) == ("too_many_calls", "60")
    assert other.status_code == 200

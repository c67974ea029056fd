"""The API of a real process on both databases, without a server, and callers with tokens."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from techauction.app import create_app
from techauction.clock import ManualClock
from techauction.core.tokens import TokenScope
from techauction.db import db, make_engine, writing
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services import tokens
from techauction.settings import Settings
from techauction.store.people import Role
from tests import builders
from tests.entering import quick_settings


@dataclass(frozen=True)
class Program:
    """A program that calls with a token, and reads English."""

    client: FlaskClient
    token: str | None

    def get(self, path: str, **more: Any) -> TestResponse:
        """Ask for something."""
        return self.client.get(f"/api/v1{path}", headers=self._headers(more), **more)

    def post(self, path: str, body: object, **more: Any) -> TestResponse:
        """Send something."""
        said: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
        return self.client.post(f"/api/v1{path}", headers=self._headers(more), **said, **more)

    def _headers(self, more: dict[str, Any]) -> dict[str, str]:
        by = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        return {"Accept-Language": "en", **by, **more.pop("headers", {})}


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Return cheap settings on the test's database."""
    return quick_settings(tmp_path, database_url)


@pytest.fixture
def client(settings: Settings, clock: ManualClock) -> Iterator[FlaskClient]:
    """Yield a client of the app; its auctioneer rests."""
    engine = make_engine(settings.database_url, checkpoints=True)
    app = create_app(settings, clock, Auctioneer(sessionmaker(engine), clock))
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()
    engine.dispose()


@pytest.fixture
def new_token(sessions: sessionmaker[Session], clock: ManualClock) -> Callable[..., str]:
    """Return a maker of tokens for new users: `new_token(Role.ORGANIZER, TokenScope.READ)`."""

    def make(role: Role, *scopes: TokenScope, **more: Any) -> str:
        with sessions() as session, writing(session):
            user = builders.a_user(session, role, **more)
            return tokens.make(
                session, user_id=user.id, name="robot", scopes=scopes or tokens.SCOPES[role], days=None, now=clock()
            )

    return make


@pytest.fixture
def program(client: FlaskClient, new_token: Callable[..., str]) -> Callable[..., Program]:
    """Return a maker of programs: `program(Role.AUDITOR)` may do what an auditor's token may."""

    def make(role: Role | None = Role.AUDITOR, *scopes: TokenScope, **more: Any) -> Program:
        return Program(client, None if role is None else new_token(role, *scopes, **more))

    return make

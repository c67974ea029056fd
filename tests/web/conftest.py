"""An app on a database of the test's own, and browsers without JavaScript for it."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from techauction.app import create_app
from techauction.clock import ManualClock
from techauction.custody import key_ring
from techauction.db import db, make_engine, writing
from techauction.identity import passwords
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services import accounts
from techauction.settings import Settings
from techauction.store.people import Role, UserRow
from tests.entering import quick_settings, token_of

PASSWORD = "correct horse battery"
"""What everybody signs in with in these tests."""


class Browser(FlaskClient):
    """A client that reads English, follows no redirect by itself, and sends the token that its last page had."""

    def get_token(self) -> str:
        """Return a token of the present session."""
        page = self.get("/account/sign-in")
        if page.status_code == 303:
            page = self.get("/account/password")
        return token_of(page.text)

    def send(self, url: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Post a form with its token."""
        return self.post(url, data={"csrf_token": self.get_token(), **(data or {})}, **more)

    def change(self, url: str, data: dict[str, Any], *, shown_at: str | None = None) -> TestResponse:
        """Post a form that changes what is kept, with the marks of what its page shows now."""
        found = re.search(r'name="seen"[^>]* value="([^"]*)"', self.get(shown_at or url).text)
        return self.send(url, {"seen": found[1] if found else "", **data})

    def sign_in(self, sign_in_name: str, password: str = PASSWORD) -> TestResponse:
        """Sign in by the form."""
        return self.send("/account/sign-in", {"sign_in_name": sign_in_name, "password": password})

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Ask in English, unless the test says otherwise."""
        headers = dict(kwargs.pop("headers", None) or {})
        headers.setdefault("Accept-Language", "en")
        return super().open(*args, headers=headers, **kwargs)


@pytest.fixture
def settings(tmp_path: Path, migrated_file: Path) -> Settings:
    """Return cheap settings on a migrated SQLite file of the test's own."""
    file = tmp_path / "web.db"
    shutil.copy(migrated_file, file)
    return quick_settings(tmp_path, f"sqlite:///{file}")


@pytest.fixture
def auctioneer(settings: Settings, clock: ManualClock) -> Iterator[Auctioneer]:
    """Yield a real auctioneer at work on the app's database."""
    engine = make_engine(settings.database_url, checkpoints=True)
    made = Auctioneer(sessionmaker(engine, expire_on_commit=False), clock, custody=key_ring(settings))
    made.start()
    yield made
    made.stop()
    engine.dispose()


@pytest.fixture
def app(settings: Settings, clock: ManualClock, auctioneer: Auctioneer) -> Iterator[Flask]:
    """Yield the app, at the manual clock."""
    made = create_app(settings, clock, auctioneer)
    made.testing = True
    made.test_client_class = Browser
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def store(settings: Settings) -> Iterator[Callable[[], Session]]:
    """Yield a maker of sessions on the app's database, for arranging and looking."""
    engine = make_engine(settings.database_url)
    yield lambda: Session(engine, expire_on_commit=False)
    engine.dispose()


@pytest.fixture
def visitor(app: Flask) -> Browser:
    """Return a stranger's browser."""
    client = app.test_client()
    assert isinstance(client, Browser)
    return client


@pytest.fixture
def new_user(store: Callable[[], Session], settings: Settings, clock: ManualClock) -> Callable[..., UserRow]:
    """Return a maker of users: `new_user("ada", Role.AUDITOR)`; organisations and markets are given by name."""

    def make(sign_in_name: str, role: Role, **more: Any) -> UserRow:
        if role in (Role.ORGANIZER, Role.MANAGER):
            more.setdefault("market_key", "shanghai")
        with store() as session, writing(session):
            return accounts.create_user(
                session,
                sign_in_name=sign_in_name,
                name=more.pop("name", sign_in_name.title()),
                role=role,
                password_hash=passwords(settings).hash(PASSWORD),
                now=clock(),
                **more,
            )

    return make

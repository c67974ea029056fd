import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from techauction.app import create_app
from techauction.clock import ManualClock
from techauction.db import db
from techauction.saleroom.auctioneer import Auctioneer
from techauction.settings import Settings
from techauction.store.audit import AuditRow
from techauction.store.people import Role, UserRow
from tests.web.conftest import PASSWORD, Browser

Apps = Callable[..., Browser]


@pytest.fixture
def served(settings: Settings, clock: ManualClock, auctioneer: Auctioneer) -> Iterator[Apps]:
    """Yield a maker of browsers at an app with other settings."""
    made: list[Flask] = []

    def make(**changed: Any) -> Browser:
        app = create_app(dataclasses.replace(settings, **changed), clock, auctioneer)
        app.test_client_class = Browser
        made.append(app)
        client = app.test_client()
        assert isinstance(client, Browser)
        return client

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


def test_every_answer_is_protected(visitor: Browser) -> None:
    for url in ("/account/sign-in", "/nowhere", "/static/icons.svg", "/healthz"):
        with visitor.get(url) as answer:
            headers = answer.headers

        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers


def test_over_https_cookies_and_browsers_stay_there(served: Apps) -> None:
    answer = served(https_only=True).get("/account/sign-in")

    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    assert all(part in answer.headers["Set-Cookie"] for part in ("Secure", "HttpOnly", "SameSite=Lax"))


def test_a_form_without_its_token_is_refused(visitor: Browser, new_user: Callable[..., UserRow]) -> None:
    new_user("ada", Role.AUDITOR)
    visitor.sign_in("ada")

    without = visitor.post("/account/sign-out")
    forged = visitor.post("/account/sign-out", data={"csrf_token": "forged"})

    assert (without.status_code, forged.status_code) == (400, 400)
    assert "This form is out of date" in without.text
    assert visitor.get("/account/sessions").status_code == 200


def test_a_token_of_another_session_is_refused(app: Flask, visitor: Browser) -> None:
    other = app.test_client()
    assert isinstance(other, Browser)

    answer = visitor.post("/account/language", data={"csrf_token": other.get_token(), "language": "en"})

    assert answer.status_code == 400


def test_guessing_passwords_of_one_name_is_slowed_down(served: Apps, new_user: Callable[..., UserRow]) -> None:
    new_user("ada", Role.AUDITOR)
    client = served(rate_limits=True)

    tries = [client.sign_in("ada", "wrong").status_code for _ in range(11)]

    assert tries == [422] * 10 + [429]
    assert client.sign_in("ada").status_code == 429


def test_a_rivals_wrong_passwords_keep_nobody_out(served: Apps, new_user: Callable[..., UserRow]) -> None:
    new_user("ada", Role.AUDITOR)
    client = served(rate_limits=True)
    ada = {"sign_in_name": "ada", "password": "a wrong password"}

    tries = [client.send("/account/sign-in", ada, environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code for _ in range(11)]

    assert tries == [422] * 10 + [429]
    assert client.sign_in("ada").status_code == 303


def test_a_right_password_passes_where_others_failed(served: Apps, new_user: Callable[..., UserRow]) -> None:
    new_user("ada", Role.AUDITOR)
    client = served(rate_limits=True)

    tries = [client.sign_in(f"user{number}", "wrong").status_code for number in range(30)]

    assert tries == [422] * 30
    assert client.sign_in("ada").status_code == 303


def test_tries_that_come_at_once_are_counted_before_they_are_looked_at(served: Apps, new_user: Callable[..., UserRow]) -> None:
    new_user("ada", Role.AUDITOR)
    client = served(rate_limits=True, argon2_memory_kib=1024, argon2_time=20)
    application = client.application
    form = {"csrf_token": client.get_token(), "sign_in_name": "ada", "password": "a wrong password"}
    cookie = client.get_cookie("session")
    assert cookie is not None

    def one(_number: int) -> int:
        each = application.test_client()
        each.set_cookie("session", cookie.value)
        return each.post("/account/sign-in", data=form).status_code

    with ThreadPoolExecutor(30) as pool:
        answers = Counter(pool.map(one, range(60)))

    assert answers == {422: 10, 429: 50}


def test_a_present_password_is_not_guessed_in_a_stolen_sign_in(served: Apps, new_user: Callable[..., UserRow]) -> None:
    new_user("ada", Role.AUDITOR)
    client = served(rate_limits=True)
    client.sign_in("ada")
    new = {"new": "a new password of hers", "again": "a new password of hers"}

    def guess(password: str, address: str) -> int:
        form = {"present": password, **new}
        return client.send("/account/password", form, environ_base={"REMOTE_ADDR": address}).status_code

    tries = [guess("a wrong password", f"192.0.2.{number}") for number in range(11)]

    assert tries == [422] * 10 + [429]
    assert guess(PASSWORD, "127.0.0.1") == 429
    assert served(rate_limits=True).sign_in("ada").status_code == 303


def test_what_failed_stands_in_the_audit_and_no_password_does(
    served: Apps, new_user: Callable[..., UserRow], store: Callable[[], Session]
) -> None:
    ada = new_user("ada", Role.AUDITOR)
    client = served(rate_limits=True)

    for _ in range(12):
        client.sign_in("ada", "her-secret-misspelt")
    client.sign_in("a-password-in-the-wrong-field", "whatever it is")

    with store() as session:
        noted = session.scalars(select(AuditRow).where(AuditRow.what == "session.refused").order_by(AuditRow.id)).all()
        everything = str([(row.about, row.detail) for row in session.scalars(select(AuditRow))])
    assert [(row.about, row.detail) for row in noted] == [
        (f"user {ada.id}", "127.0.0.1 (1)"),
        (f"user {ada.id}", "127.0.0.1 (10)"),
    ]
    assert "misspelt" not in everything
    assert "wrong-field" not in everything


def test_signing_in_rightly_uses_up_no_tries(served: Apps, new_user: Callable[..., UserRow]) -> None:
    new_user("ada", Role.AUDITOR)
    client = served(rate_limits=True)

    for _ in range(12):
        assert client.sign_in("ada").status_code == 303
        client.send("/account/sign-out")


def test_a_proxy_is_believed_only_where_there_is_one(served: Apps, new_user: Callable[..., UserRow]) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9"}

    direct, behind = served(), served(trusted_proxies=1)
    for name, client in (("ada", direct), ("bob", behind)):
        new_user(name, Role.AUDITOR)
        client.send("/account/sign-in", {"sign_in_name": name, "password": PASSWORD}, headers=headers)

    assert "203.0.113.9" not in direct.get("/account/sessions").text
    assert "203.0.113.9" in behind.get("/account/sessions", headers=headers).text


def test_too_large_a_form_is_refused(visitor: Browser) -> None:
    answer = visitor.send("/account/sign-in", {"sign_in_name": "x" * (5 * 1024 * 1024)})

    assert answer.status_code == 413


@pytest.mark.parametrize(("url", "method", "code"), [("/nowhere", "GET", 404), ("/account/sign-out", "GET", 405)])
def test_an_error_is_a_page_with_a_number(url: str, method: str, code: int, visitor: Browser) -> None:
    answer = visitor.open(url, method=method, headers={"X-Request-ID": "a-number-of-mine"})

    assert answer.status_code == code
    assert answer.headers["X-Request-ID"] == "a-number-of-mine"
    assert "a-number-of-mine" in answer.text


def test_a_request_number_that_is_no_number_is_replaced(visitor: Browser) -> None:
    answer = visitor.get("/healthz", headers={"X-Request-ID": "<script>"})

    assert "<" not in answer.headers["X-Request-ID"]


def test_a_fault_of_ours_says_nothing_of_its_cause(app: Flask, visitor: Browser) -> None:
    app.testing = False

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("the secret cause")

    answer = visitor.get("/broken")

    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert "secret cause" not in answer.text


@pytest.mark.parametrize("value", [10**20, -(10**400), "\ud800"])
def test_what_no_database_keeps_is_refused(app: Flask, visitor: Browser, value: object) -> None:
    app.testing = False

    @app.get("/kept")
    def kept() -> str:
        column = UserRow.sign_in_name if isinstance(value, str) else UserRow.id
        return str(db.session.scalar(select(UserRow.id).where(column == value)))

    answer = visitor.get("/kept")

    assert answer.status_code == 400
    assert "This request cannot be read" in answer.text


def test_without_its_database_the_house_still_answers(app: Flask, visitor: Browser, new_user: Callable[..., UserRow]) -> None:
    new_user("ada", Role.AUDITOR)
    visitor.sign_in("ada")
    app.testing = False
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DROP TABLE user_sessions"))

    answer = visitor.get("/account/sessions")

    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in answer.text
    assert "user_sessions" not in answer.text
    assert visitor.get("/healthz").status_code == 200

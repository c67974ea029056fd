from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.identity import Passwords, caller_of_cookie, cookies, csrf_is_good
from techauction.store.people import Role, UserRow
from tests.web.conftest import Browser

Store = Callable[[], Session]


def cookie_of(client: Browser) -> str:
    kept = client.get_cookie("session")
    assert kept is not None
    return f"other=1; session={kept.value}; last=2"


def test_a_caller_is_known_by_the_cookie_alone(
    app: Flask, visitor: Browser, new_user: Callable[..., UserRow], store: Store, clock: ManualClock
) -> None:
    user = new_user("max", Role.MANAGER)
    visitor.sign_in("max")

    with store() as session:
        caller = caller_of_cookie(app, cookie_of(visitor), session, clock())

    assert caller is not None
    assert (caller.user_id, caller.role, caller.organisation_id) == (user.id, Role.MANAGER, None)


def test_nobody_is_known_by_a_cookie_that_says_nothing(app: Flask, visitor: Browser, store: Store, clock: ManualClock) -> None:
    visitor.get_token()

    with store() as session:
        callers = [
            caller_of_cookie(app, header, session, clock())
            for header in ("", "session=", "session=forged.x.y", cookie_of(visitor), "session=" + "x" * 10_000)
        ]

    assert callers == [None] * 5


def test_an_expired_sign_in_calls_no_more(
    app: Flask, visitor: Browser, new_user: Callable[..., UserRow], store: Store, clock: ManualClock
) -> None:
    new_user("ada", Role.AUDITOR)
    visitor.sign_in("ada")

    with store() as session:
        before = caller_of_cookie(app, cookie_of(visitor), session, clock() + timedelta(hours=11, minutes=59))
        after = caller_of_cookie(app, cookie_of(visitor), session, clock() + timedelta(hours=12))

    assert before is not None
    assert after is None


def test_a_pages_token_is_good_with_its_own_cookie_only(app: Flask, visitor: Browser) -> None:
    other = app.test_client()
    assert isinstance(other, Browser)
    token = visitor.get_token()
    other.get_token()

    assert csrf_is_good(app, cookie_of(visitor), token)
    assert not csrf_is_good(app, cookie_of(other), token)
    assert not csrf_is_good(app, cookie_of(visitor), "")
    assert not csrf_is_good(app, cookie_of(visitor), f"{token}x")
    assert not csrf_is_good(app, "", token)


def test_a_password_matches_its_own_hash_only() -> None:
    ways = Passwords(memory_kib=8, time=1)

    hashed = ways.hash("correct horse battery")

    assert ways.match(hashed, "correct horse battery")
    assert not ways.match(hashed, "another one")
    assert not ways.match(None, "nobody has this password")
    assert not ways.match("not a hash", "correct horse battery")


def test_a_cookie_of_any_bytes_is_read() -> None:
    assert cookies("a=\xff\xfe; session=kept")["session"] == "kept"
    assert cookies("a=\u62cd; session=kept")["session"] == "kept"

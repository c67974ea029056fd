from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core import tries as rules
from techauction.core.tries import TooManyTries
from techauction.db import writing
from techauction.services import accounts, tries
from techauction.services.tries import Attempt, Counted
from techauction.store.audit import AuditRow
from techauction.store.people import Role
from techauction.store.tries import TriesRow
from tests.builders import a_user
from tests.conftest import TEN

Sessions = sessionmaker[Session]
MINUTE = timedelta(minutes=1)


def an_attempt(name: str = "ada", address: str = "192.0.2.7", **more: Any) -> Attempt:
    return Attempt(sign_in_name=name, address=address, secret="s", **more)


def begun(sessions: Sessions, attempt: Attempt, at: Any = TEN) -> Counted | None:
    with sessions() as session:
        try:
            with writing(session):
                return tries.begin(session, attempt, now=at)
        except TooManyTries:
            return None


def failed(sessions: Sessions, attempt: Attempt, user_id: int | None = None) -> None:
    counted = begun(sessions, attempt)
    if counted is not None:
        with sessions() as session, writing(session):
            tries.wrong(session, attempt, counted, user_id=user_id, now=TEN)


def of_processes(sessions: Sessions, attempts: list[Attempt]) -> int:
    """Return how many of these are looked at, all begun at once by threads that share nothing but the database."""
    with ThreadPoolExecutor(12) as pool:
        return sum(each is not None for each in pool.map(lambda attempt: begun(sessions, attempt), attempts))


def test_of_sixty_tries_at_once_ten_are_looked_at(sessions: Sessions) -> None:
    assert of_processes(sessions, [an_attempt()] * 60) == rules.MOST


def test_tries_at_once_of_many_names_and_places_wait_for_each_other_in_one_order(sessions: Sessions) -> None:
    attempts = [an_attempt(f"user{number % 5}", f"192.0.2.{number % 3}") for number in range(60)]

    assert of_processes(sessions, attempts) == 60


def test_what_was_right_is_not_counted(sessions: Sessions) -> None:
    for _ in range(30):
        assert begun(sessions, an_attempt()) is not None
        with sessions() as session, writing(session):
            tries.right(session, an_attempt())

    with sessions() as session:
        assert session.scalar(select(func.sum(TriesRow.tries))) == 0


def test_after_its_window_all_is_forgotten(sessions: Sessions) -> None:
    for _ in range(12):
        begun(sessions, an_attempt())

    assert begun(sessions, an_attempt(), TEN + 5 * MINUTE - MINUTE / 60) is None
    assert begun(sessions, an_attempt(), TEN + 5 * MINUTE) == Counted(1, 1)
    begun(sessions, an_attempt("bob", "192.0.2.8"), TEN + 20 * MINUTE)
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(TriesRow)) == 3


def test_who_signs_in_from_a_place_is_known_there(sessions: Sessions) -> None:
    with sessions() as session, writing(session):
        ada = a_user(session, Role.AUDITOR, sign_in_name="ada").id
        accounts.sign_in(session, user_id=ada, address="192.0.2.7", agent="", now=TEN - MINUTE, hours=1)
        session.add(TriesRow(key=an_attempt().keys[1], began_at=TEN, tries=rules.MOST_FROM_PLACE))

    assert begun(sessions, an_attempt("ada")) is not None
    assert begun(sessions, an_attempt("bob")) is None
    assert begun(sessions, an_attempt("ada"), TEN + rules.KNOWN_FOR) is not None


def test_nobody_can_fill_the_audit_by_failing(sessions: Sessions) -> None:
    with sessions() as session, writing(session):
        ada = a_user(session, Role.AUDITOR, sign_in_name="ada").id

    for number in range(rules.MOST_NOTED + 20):
        failed(sessions, an_attempt(address=f"192.0.2.{number}"), ada)
    for number in range(20):
        failed(sessions, an_attempt(f"nobody{number}", "198.51.100.1"))

    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(AuditRow)) == rules.MOST_NOTED


def test_the_name_that_was_tried_stands_nowhere(sessions: Sessions) -> None:
    failed(sessions, an_attempt("a-password-in-the-wrong-field"))

    with sessions() as session:
        [row] = session.scalars(select(AuditRow))
        keys = session.scalars(select(TriesRow.key)).all()
    assert (row.about, row.by_id, row.detail) == ("no user", None, "192.0.2.7 (1)")
    assert all(len(key) == 64 and "field" not in key for key in keys)


def test_a_present_password_is_counted_by_the_sign_in(sessions: Sessions) -> None:
    looked_at = [begun(sessions, an_attempt(address=f"192.0.2.{number}", session_id=5)) for number in range(12)]

    assert [each is not None for each in looked_at] == [True] * 10 + [False] * 2
    assert begun(sessions, an_attempt()) is not None

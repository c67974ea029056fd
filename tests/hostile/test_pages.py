"""No page breaks, whoever asks it for whatever, in whatever stage a lot is: generated from the URL map."""

import traceback
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from flask import got_request_exception
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from tests.hostile.asking import Call, Seen, ask, doors, hostile, lawful, walk
from tests.hostile.house import House

MANY = 1
"""So many hostile values in each part of an address and in each field. More find more, and take more time."""
SAMPLE = 3
"""On SQLite, in the quick half, each third address is tried; on PostgreSQL, whose columns are narrower, all are."""
_FAR = {HTTPStatus.BAD_REQUEST: 900, HTTPStatus.UNPROCESSABLE_ENTITY: 399}
"""What comes nearer to an act: a form that was read comes before a page that is not there."""
UNREACHED = {
    "POST /account/sign-in": "needs somebody's password: tests/web/test_account.py",
    "POST /institute/results/<int:lot_id>/reserve": "needs what stands on a seal slip: tests/web/test_reserves.py",
    "POST /api/v1/rounds": "takes JSON: test_calls.py",
}
"""Acts that nothing here does, and why."""


PARTS = 6
"""Addresses are tried in so many parts: a test that takes minutes on a quiet machine is cut off as hung on a busy one."""


class Tried:
    """What was asked of the house, and what broke."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._broken: dict[str, list[str]] = defaultdict(list)
        self._raised: list[BaseException] = []
        self._told: list[Any] = []
        self.reached: set[str] = set()

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what is raised and logged meanwhile."""
        with got_request_exception.connected_to(self._note), capture_logs() as told:
            yield
        self._told += [each for each in told if each.get("exc_info")]

    def _note(self, _app: Any, exception: BaseException, **_more: Any) -> None:
        self._raised.append(exception)

    def ask(self, call: Call) -> TestResponse:
        """Ask, and look whether that broke anything."""
        answer = ask(self._house, call)
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            self.reached.add(str(call.door))
        if answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR or self._raised:
            self._broken[_where(self._raised)].append(f"{answer.status_code} {call}")
        self._raised.clear()
        return answer

    def must_be_whole(self, caplog: pytest.LogCaptureFixture) -> None:
        """Fail if anything broke."""
        said = (f"{len(which)} × {where}\n  " + "\n  ".join(which[:3]) for where, which in self._broken.items())
        assert not self._broken, "\n\n".join(said)
        assert self._told == []
        records = [*caplog.get_records("setup"), *caplog.get_records("call")]
        assert [each for each in records if each.exc_info] == []


@pytest.fixture(scope="module")
def looked(house: House) -> tuple[Tried, Seen]:
    """Return what came of a look at every page in every stage, and the forms that stand there."""
    tried, seen = Tried(house), Seen(house.process.app)
    with tried.noting():
        for call in walk(house, doors(house.process.app)):
            seen.look(call, tried.ask(call))
    return tried, seen


def test_no_page_breaks_that_is_looked_at(looked: tuple[Tried, Seen], caplog: pytest.LogCaptureFixture) -> None:
    tried, _ = looked

    tried.must_be_whole(caplog)
    assert tried.reached


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_breaks(house: House, looked: tuple[Tried, Seen], part: int, caplog: pytest.LogCaptureFixture) -> None:
    every = doors(house.process.app)
    tried_doors = (every[::SAMPLE] if house.engine.dialect.name == "sqlite" else every)[part::PARTS]
    (before, seen), tried = looked, Tried(house)

    with tried.noting():
        for door in tried_doors:
            home = None
            if door.method != "GET":
                house.go_back()
                answered = [
                    (tried.ask(call).status_code, number, call) for number, call in enumerate(lawful(house, door, seen))
                ]
                nearest, _, home = min(answered, key=lambda each: (_FAR.get(each[0], each[0]), each[1]))
                if nearest < HTTPStatus.BAD_REQUEST:
                    house.go_back()
            for call in hostile(house, door, home, many=MANY):
                tried.ask(call)

    tried.must_be_whole(caplog)
    assert {str(door) for door in tried_doors} - before.reached - tried.reached - set(UNREACHED) == set()


def _where(raised: list[BaseException]) -> str:
    if not raised:
        return "no exception"
    error = raised[-1]
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "/techauction/" in each.filename]
    last = " < ".join(f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in reversed(frames[-4:]))
    return f"{type(error).__name__}: {str(error)[:160]} @ {last}"

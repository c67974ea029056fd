"""No page breaks, whoever asks it for whatever, in whatever stage a lot is: generated from the URL map."""

import traceback
from collections import defaultdict
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


def test_nothing_breaks(house: House, caplog: pytest.LogCaptureFixture) -> None:
    every, seen = doors(house.process.app), Seen(house.process.app)
    tried_doors = every[::SAMPLE] if house.engine.dialect.name == "sqlite" else every
    broken: dict[str, list[str]] = defaultdict(list)
    reached: set[str] = set()
    raised: list[BaseException] = []

    def note(_app: Any, exception: BaseException, **_more: Any) -> None:
        raised.append(exception)

    def tried(call: Call) -> TestResponse:
        answer = ask(house, call)
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            reached.add(str(call.door))
        if answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR or raised:
            broken[_where(raised)].append(f"{answer.status_code} {call}")
        raised.clear()
        return answer

    with got_request_exception.connected_to(note), capture_logs() as told:
        for call in walk(house, every):
            seen.look(call, tried(call))
        for door in tried_doors:
            home = None
            if door.method != "GET":
                house.go_back()
                answered = [(tried(call).status_code, number, call) for number, call in enumerate(lawful(house, door, seen))]
                nearest, _, home = min(answered, key=lambda each: (_FAR.get(each[0], each[0]), each[1]))
                if nearest < HTTPStatus.BAD_REQUEST:
                    house.go_back()
            for call in hostile(house, door, home, many=MANY):
                tried(call)

    assert not broken, "\n\n".join(f"{len(which)} × {where}\n  " + "\n  ".join(which[:3]) for where, which in broken.items())
    assert [each for each in told if each.get("exc_info")] == []
    assert [each for each in caplog.records if each.exc_info] == []
    assert {str(door) for door in tried_doors} - reached - set(UNREACHED) == set()


def _where(raised: list[BaseException]) -> str:
    if not raised:
        return "no exception"
    error = raised[-1]
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "/techauction/" in each.filename]
    last = " < ".join(f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in reversed(frames[-4:]))
    return f"{type(error).__name__}: {str(error)[:160]} @ {last}"

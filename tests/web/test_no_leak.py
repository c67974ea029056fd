"""Two houses that differ in nothing but their reserves: until the close they tell everybody the same, byte for byte.

Masked are the commitments, and what hashes them (the head of a lot's record is a hash over its commitment), because they are
salted and differ between any two runs, as do session tokens, form keys and signatures. Nothing else is.
"""

import itertools
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from techauction.clock import ManualClock
from techauction.core.money import Money
from techauction.settings import Settings
from tests import builders
from tests.conftest import TEN
from tests.web.secret_house import House, a_house, opened

LOW, HIGH = (Money(200_000_000), Money(200_000_000)), (Money(999_999_999_99), Money(271_828_183))
"""Reserves that every bid meets, and such as none does: one of another length, so that a length would tell too."""
_OF_THE_PROCESS = {"health.metrics"}
"""What tells of the process itself: its seconds and its memory are never the same twice."""
_MASKS = (
    # A form key: a quoted SHA-1 in base64, which once in some seven hundred sign-ins has no digit; its instant; its signature.
    (re.compile(rb"\bI[jm][A-Za-z0-9_-]{54}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}"), b"<token>"),
    (re.compile(rb"[0-9a-f]{16,64}"), b"<hash>"),
    (re.compile(rb"(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)*"), b"<token>"),
    (re.compile(rb"ms=\d+\.\d"), b"ms=<time>"),
    (re.compile(rb"127\.0\.0\.1:\d+"), b"<address>"),
)


def masked(said: bytes) -> bytes:
    for pattern, mask in _MASKS:
        said = pattern.sub(mask, said)
    return said


def heard(house: House, clock: ManualClock) -> Iterator[tuple[str, str, bytes]]:
    """Yield everything that everybody is told before the opening, at the offers, and during the sale."""
    yield from house.told("GET", ("en",))
    answers = opened(house, clock)
    yield from (
        ("bidders", "offer", f"{each.status_code} {each.headers.get('ETag')}".encode() + each.content) for each in answers
    )
    clock.advance(timedelta(minutes=1))
    yield from house.told("GET", ("en",))
    yield from house.told("POST", ("en",))
    yield from house.live()


def run(settings: Settings, reserves: tuple[Money, Money]) -> list[tuple[str, str, bytes]]:
    clock = ManualClock(TEN)
    builders._numbers = count(1)  # noqa: SLF001 (both houses have the same names)
    with a_house(settings, clock, reserves) as house:
        return [(who, where, masked(said)) for who, where, said in heard(house, clock) if where not in _OF_THE_PROCESS]


@pytest.mark.slow
def test_two_runs_that_differ_in_reserves_alone_tell_everybody_the_same(
    settings: Settings, migrated_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    second = replace(settings, instance=tmp_path / "second", database_url=f"sqlite:///{tmp_path / 'second' / 'web.db'}")
    second.instance.mkdir()
    shutil.copy(migrated_file, second.instance / "web.db")

    low, low_logs = run(settings, LOW), capfd.readouterr()
    high, high_logs = run(second, HIGH), capfd.readouterr()

    assert len(low) > 500
    differing = [(one, other) for one, other in itertools.zip_longest(low, high) if one != other]
    assert [one[:2] for one, _ in differing] == [], differing[0]
    assert lines(low_logs.out + low_logs.err) == lines(high_logs.out + high_logs.err)


def lines(logs: str) -> list[bytes]:
    """Return the log without its own times, the wall clock's, and without what a process says once, whoever comes first."""
    return sorted(
        masked(re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", "", line).encode())
        for line in logs.splitlines()
        if "sqlite_is_old" not in line
    )

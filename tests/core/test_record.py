import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from techauction.core.money import LARGEST_FEN, Money
from techauction.core.record import GENESIS, VERSION, Event, Kind, commitment, instant, round_digest
from tests.conftest import TEN

EVENT = Event(
    lot="joint-2020/17",
    seq=2,
    kind=Kind.BID,
    at=TEN,
    paddle=260,
    amount=Money(200_000_000),
    closes_at=TEN,
    data={"confirmed": False},
)


def test_the_digest_of_a_known_event_stays_what_it_was() -> None:
    # Printed records are checked against this form for ten years and more: a change of the form needs a new VERSION.
    assert EVENT.digest(GENESIS) == "c1ecd00e785d3c0fbb450c4b5854216470ed45d5d188fbff80ccf0c91a948ee6"


texts = st.text(st.characters(exclude_categories=["Cs"]))
wholes = st.integers(-LARGEST_FEN, LARGEST_FEN)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (bounds are naive)
names = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
plain = st.recursive(
    st.none() | st.booleans() | wholes | texts, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=8
)


@given(
    st.builds(
        Event,
        lot=texts,
        seq=wholes,
        kind=st.sampled_from(Kind),
        at=instants,
        paddle=st.none() | wholes,
        amount=st.none() | st.builds(Money, wholes),
        closes_at=st.none() | instants,
        data=st.dictionaries(names, plain),
    ),
    texts,
)
def test_an_events_digest_is_that_of_its_canonical_json(event: Event, prev_hash: str) -> None:
    canonical = rfc8785.dumps(
        {
            "v": VERSION,
            "lot": event.lot,
            "seq": event.seq,
            "kind": event.kind.value,
            "at": event.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "paddle": event.paddle,
            "amount_fen": None if event.amount is None else event.amount.minor,
            "closes_at": None if event.closes_at is None else event.closes_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "data": dict(event.data),
            "prev_hash": prev_hash,
        }
    )

    assert event.digest(prev_hash) == hashlib.sha256(canonical).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"lot": "joint-2020/18"},
        {"seq": 3},
        {"kind": Kind.EXTENDED},
        {"at": TEN + timedelta(microseconds=1)},
        {"paddle": 261},
        {"amount": Money(200_000_001)},
        {"closes_at": TEN + timedelta(microseconds=1)},
        {"data": {"confirmed": True}},
    ],
)
def test_every_part_of_an_event_is_in_its_digest(change: dict[str, Any]) -> None:
    assert replace(EVENT, **change).digest(GENESIS) != EVENT.digest(GENESIS)


def test_the_hash_before_is_in_the_digest() -> None:
    assert EVENT.digest("1" * 64) != EVENT.digest(GENESIS)


def test_an_instant_is_written_in_utc_to_the_microsecond() -> None:
    assert instant(datetime(2020, 6, 6, 1, 30, tzinfo=UTC)) == "2020-06-06T01:30:00.000000Z"


def test_an_instant_of_another_zone_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        instant(datetime(2020, 6, 6, 9, 30, tzinfo=timezone(timedelta(hours=8))))


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_commitment_holds_for_one_reserve_only(one: int, other: int) -> None:
    same = commitment("r/1", Money(one), "5" * 64) == commitment("r/1", Money(other), "5" * 64)

    assert same is (one == other)


def test_a_commitment_depends_on_its_salt_and_its_lot() -> None:
    assert len({commitment(lot, Money(5), salt) for lot in ("r/1", "r/2") for salt in ("5" * 64, "6" * 64)}) == 4


def test_a_rounds_digest_depends_on_every_head_and_not_on_their_order() -> None:
    heads = {1: "a" * 64, 2: "b" * 64}

    assert round_digest("r", heads) == round_digest("r", dict(reversed(heads.items())))
    assert len({round_digest("r", heads), round_digest("s", heads), round_digest("r", {1: "a" * 64, 2: "c" * 64})}) == 3

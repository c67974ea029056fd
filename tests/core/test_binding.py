import hashlib
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from techauction.core.binding import Bidder, admitted_digest, binding, lots_digest
from techauction.core.record import GENESIS
from techauction.core.refused import Chain
from techauction.core.round_record import RoundEvent, RoundKind, closed_with, plan_digest
from techauction.core.round_replay import replay
from techauction.core.violation import Fault
from tests.conftest import TEN

BIDDER = Bidder("91330000000000000X", "甲公司", "Alpha")
SALT = "5" * 64


def test_a_known_binding_stays_what_it_was() -> None:
    # Auditors open bindings for ten years and more: the form may not change.
    assert binding("joint-2020", 260, BIDDER, SALT) == "2fc8aa1cdf64d81f073b646e2f3b4bd160895a466e31c9345d808fd38afdb6d9"
    assert lots_digest("joint-2020", 260, [2, 1], SALT) == "3055254fa636fc473bb7333412269c3b37f71a8644ab01f272641797745d0a1e"
    assert (
        admitted_digest("joint-2020/17", [(260, None, SALT), (101, 1, SALT)])
        == "d57414ff21821a3fa92cc93a9ef80a4d7e06c2ba570031698cc3d8ccff5ca70b"
    )


@pytest.mark.parametrize("changed", [{"credit_code": "9133000000000000XX"}, {"name_zh": "乙公司"}, {"name_en": "Beta"}])
def test_a_binding_is_of_one_bidder(changed: dict[str, str]) -> None:
    assert binding("r", 101, replace(BIDDER, **changed), SALT) != binding("r", 101, BIDDER, SALT)


def test_a_binding_is_of_one_round_one_paddle_and_one_salt() -> None:
    every = [(round_, paddle, salt) for round_ in "rs" for paddle in (101, 102) for salt in (SALT, "6" * 64)]

    assert len({binding(round_, paddle, BIDDER, salt) for round_, paddle, salt in every}) == len(every)


@given(st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)))
def test_the_digest_of_lots_is_of_these_lots(one: set[int], other: set[int]) -> None:
    assert (lots_digest("r", 101, one, SALT) == lots_digest("r", 101, other, SALT)) is (one == other)


def test_who_is_admitted_depends_on_paddle_rank_and_salt_and_not_on_their_order() -> None:
    admitted = [(101, None, SALT), (102, 1, SALT)]
    others = [
        [(101, None, SALT)],
        [(101, 1, SALT), (102, 1, SALT)],
        [(101, None, SALT), (102, 2, SALT)],
        [(101, None, "6" * 64), (102, 1, SALT)],
    ]

    assert admitted_digest("r/1", admitted) == admitted_digest("r/1", admitted[::-1])
    assert len({admitted_digest("r/1", each) for each in (admitted, *others)}) == 5
    assert admitted_digest("r/2", admitted) != admitted_digest("r/1", admitted)


EVENT = RoundEvent(round="joint-2020", seq=1, kind=RoundKind.PADDLE_VOIDED, at=TEN, data={"paddle": 260})


def test_the_digest_of_a_known_round_event_stays_what_it_was() -> None:
    assert EVENT.digest(GENESIS) == "6a7df711bcde168f1da4faf60e5414d848661c773563e33308f990a29585c010"


@pytest.mark.parametrize(
    "changed", [{"round": "other"}, {"seq": 2}, {"kind": RoundKind.PADDLE_ISSUED}, {"at": TEN.replace(hour=3)}, {"data": {}}]
)
def test_every_part_of_a_round_event_is_in_its_digest(changed: dict[str, object]) -> None:
    assert replace(EVENT, **changed).digest(GENESIS) != EVENT.digest(GENESIS)  # type: ignore[arg-type]
    assert EVENT.digest("1" * 64) != EVENT.digest(GENESIS)


def chained(*happened: tuple[RoundKind, dict[str, object]]) -> list[tuple[RoundEvent, str, str]]:
    entries, prev_hash = [], GENESIS
    for seq, (kind, data) in enumerate(happened, 1):
        event = RoundEvent(round="r", seq=seq, kind=kind, at=TEN, data=data)
        entries.append((event, prev_hash, event.digest(prev_hash)))
        prev_hash = entries[-1][2]
    return entries


def issued(paddle: int) -> tuple[RoundKind, dict[str, object]]:
    return RoundKind.PADDLE_ISSUED, {"paddle": paddle, "binding": "b", "lots": "l"}


def voided(paddle: int) -> tuple[RoundKind, dict[str, object]]:
    return RoundKind.PADDLE_VOIDED, {"paddle": paddle}


OPENED: tuple[RoundKind, dict[str, object]] = (RoundKind.ROUND_OPENED, {"plan": {"min_admitted": 2}})


CLOSED: tuple[RoundKind, dict[str, object]] = (RoundKind.ROUND_CLOSED, {"refused": []})


def test_a_round_says_at_its_close_what_was_refused_at_its_lots() -> None:
    said = closed_with({2: Chain(3, "b"), 7: Chain(), 1: Chain(1, "a")})
    after = replay("r", chained(OPENED, (RoundKind.ROUND_CLOSED, said)))

    assert said == {"refused": [[1, 1, "a"], [2, 3, "b"]]}
    assert after.violations == []
    assert (after.closed_at, after.refused) == (TEN, {1: Chain(1, "a"), 2: Chain(3, "b")})
    assert replay("r", chained(OPENED)).refused is None


def test_a_replay_knows_which_paddles_stood_at_each_place() -> None:
    after = replay("r", chained(issued(101), issued(102), voided(101), OPENED, issued(103)))

    assert after.violations == []
    assert [[paddle for paddle, bound in after.bound.items() if bound.stood_at(seq)] for seq in range(6)] == [
        [],
        [101],
        [101, 102],
        [102],
        [102],
        [102, 103],
    ]
    assert (after.opened_seq, after.plan) == (4, {"min_admitted": 2})


@pytest.mark.parametrize(
    ("happened", "fault"),
    [
        ([issued(101), issued(101)], Fault.UNLAWFUL),
        ([voided(101)], Fault.UNLAWFUL),
        ([issued(101), voided(101), voided(101)], Fault.UNLAWFUL),
        ([OPENED, OPENED], Fault.UNLAWFUL),
        ([OPENED, CLOSED, CLOSED], Fault.UNLAWFUL),
        ([OPENED, CLOSED, issued(101)], Fault.UNLAWFUL),
        ([(RoundKind.ROUND_CLOSED, {})], Fault.UNREADABLE),
        ([(RoundKind.ROUND_CLOSED, {"refused": {"1": 2}})], Fault.UNREADABLE),
        ([(RoundKind.ROUND_CLOSED, {"refused": [[1, 2]]})], Fault.UNREADABLE),
        ([(RoundKind.ROUND_CLOSED, {"refused": [[1, True, "a"]]})], Fault.UNREADABLE),
        ([(RoundKind.PADDLE_ISSUED, {"paddle": "101"})], Fault.UNREADABLE),
        ([(RoundKind.ROUND_OPENED, {"plan": None})], Fault.UNREADABLE),
        ([issued(101), (RoundKind.BIDDER_RENAMED, {"paddle": 101, "binding": "b"})], Fault.UNREADABLE),
    ],
)
def test_what_cannot_have_happened_is_noted(happened: list[tuple[RoundKind, dict[str, object]]], fault: Fault) -> None:
    assert [each.code for each in replay("r", chained(*happened)).violations] == [fault]


def test_an_event_taken_out_changed_or_put_in_another_place_is_noted() -> None:
    one, two, three = chained(issued(101), issued(102), voided(101))

    def codes(*entries: tuple[RoundEvent, str, str]) -> list[Fault]:
        return [each.code for each in replay("r", entries).violations]

    assert codes(one, three) == [Fault.GAP, Fault.BROKEN_CHAIN]
    assert codes(one, (replace(two[0], data=issued(103)[1]), *two[1:]), three) == [Fault.WRONG_HASH]
    assert Fault.BROKEN_CHAIN in codes(two, one, three)


plain = st.dictionaries(
    st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
    st.none() | st.booleans() | st.integers(0, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
)


@given(plain)
def test_what_is_hashed_is_canonical_json(plan: dict[str, object]) -> None:
    said = rfc8785.dumps({"round": "r", "plan": plan})  # type: ignore[dict-item]
    assert plan_digest("r", plan) == hashlib.sha256(said).hexdigest()

"""The record of a sealed lot, played again: what is not as it must be is found."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from techauction.core.lot import Format
from techauction.core.money import Money
from techauction.core.record import GENESIS, Event, Kind, instant, sealed_digest
from techauction.core.replay import replay
from techauction.core.replayed import Entry
from techauction.core.violation import Fault
from tests.conftest import TEN

NAME = "a-round/1"
CLOSE = TEN + timedelta(hours=1)
START, STEP, SALT = 200_000_000, 10_000_000, "5" * 64
Said = list[dict[str, Any]]


def a_record(*, format_: Format = Format.SEALED, change: Callable[[Said], None] = lambda _said: None) -> Said:
    """Return what happens to a lot: two sealed offers, opened, and the hammer; `change` may make it wrong."""
    offers = [(2, 7, START + STEP), (3, 8, START + 3 * STEP)]
    extension = {"kind": "A", "trigger_s": 300, "length_s": 300, "cap_s": None}
    said: Said = [
        {
            "kind": Kind.OPENED,
            "at": TEN,
            "data": {
                "start_fen": START,
                "ladder": [[0, STEP]],
                "extension": extension,
                "max_steps": 10,
                "raise_own_bid": False,
                "collar": 3,
                "min_bidding": 1,
                "opens_at": instant(TEN),
                "commitment": None,
                "format": format_.value,
            },
        },
        *(
            {
                "kind": Kind.SEALED,
                "at": TEN + timedelta(minutes=seq),
                "data": {"commitment": sealed_digest(NAME, paddle, Money(amount), SALT)},
            }
            for seq, paddle, amount in offers
        ),
        {
            "kind": Kind.UNSEALED,
            "at": CLOSE,
            "data": {
                "bids": [
                    {"seq": seq, "paddle": paddle, "amount_fen": amount, "salt": SALT, "confirmed": False, "rank": None}
                    for seq, paddle, amount in offers
                ]
            },
        },
        {
            "kind": Kind.HAMMERED,
            "at": CLOSE,
            "paddle": 8,
            "amount": Money(START + 3 * STEP),
            "data": {"ending": "sold", "reason": None},
        },
    ]
    change(said)
    return said


def found(said: Said) -> set[Fault]:
    """Return what the replay finds in the record, hashed as it stands."""
    entries: list[Entry] = []
    head = GENESIS
    for seq, each in enumerate(said, 1):
        event = Event(lot=NAME, seq=seq, closes_at=CLOSE, **each)
        entries.append((event, head, event.digest(head)))
        head = entries[-1][2]
    return {each.code for each in replay(NAME, entries).violations}


def test_a_lawful_record_is_found_lawful() -> None:
    assert found(a_record()) == set()


def _opened(said: Said) -> Said:
    bids: Said = said[3]["data"]["bids"]
    return bids


def another_salt(said: Said) -> None:
    _opened(said)[0]["salt"] = "6" * 64


def another_sum(said: Said) -> None:
    _opened(said)[0]["amount_fen"] += STEP


def another_paddle(said: Said) -> None:
    _opened(said)[0]["paddle"] = 9


@pytest.mark.parametrize("change", [another_salt, another_sum, another_paddle])
def test_an_offer_that_was_not_committed_is_found(change: Callable[[Said], None]) -> None:
    assert found(a_record(change=change)) == {Fault.UNLAWFUL}


def left_out(said: Said) -> None:
    del _opened(said)[0]


def out_of_order(said: Said) -> None:
    _opened(said).reverse()


def never_opened(said: Said) -> None:
    del said[3]


def named(said: Said) -> None:
    said[1]["paddle"] = 7


def _committed_again(said: Said, place: int, **changed: Any) -> None:
    bid = _opened(said)[place] | changed
    _opened(said)[place] = bid
    said[1 + place]["data"] = {"commitment": sealed_digest(NAME, bid["paddle"], Money(bid["amount_fen"]), bid["salt"])}


def twice(said: Said) -> None:
    _committed_again(said, 0, paddle=8)


def under_the_start(said: Said) -> None:
    _committed_again(said, 0, amount_fen=START - STEP)


def off_the_grid(said: Said) -> None:
    _committed_again(said, 0, amount_fen=START + 1)


@pytest.mark.parametrize("change", [left_out, out_of_order, named, twice, under_the_start, off_the_grid])
def test_an_unlawful_opening_is_found(change: Callable[[Said], None]) -> None:
    assert Fault.UNLAWFUL in found(a_record(change=change))


def test_a_hammer_over_closed_envelopes_is_found() -> None:
    assert found(a_record(change=never_opened)) == {Fault.UNLAWFUL, Fault.WRONG_OUTCOME}


def test_a_sealed_offer_on_an_ascending_lot_is_found() -> None:
    assert Fault.UNLAWFUL in found(a_record(format_=Format.ASCENDING))


@pytest.mark.parametrize(("place", "at"), [(2, CLOSE), (3, CLOSE - timedelta(microseconds=1))])
def test_what_happened_at_another_time_is_found(place: int, at: datetime) -> None:
    def change(said: Said) -> None:
        said[place]["at"] = at

    assert found(a_record(change=change)) == {Fault.OFF_TIME}


def the_lesser(said: Said) -> None:
    said[4] |= {"paddle": 7, "amount": Money(START + STEP)}


def test_a_buyer_who_did_not_offer_most_is_found() -> None:
    assert found(a_record(change=the_lesser)) == {Fault.WRONG_OUTCOME}


def unreadable(said: Said) -> None:
    _opened(said)[0]["seq"] = "2"


def test_what_cannot_be_read_is_said_to_be_so() -> None:
    assert Fault.UNREADABLE in found(a_record(change=unreadable))

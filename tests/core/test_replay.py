from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import bidding, hammer, pausing
from techauction.core.increment import Ladder
from techauction.core.lot import Extension, ExtensionKind, Lot, Rules, Stage
from techauction.core.money import ZERO, Money
from techauction.core.offer import Eligibility, Offer
from techauction.core.outcome import Ending, PassedIn, Sold
from techauction.core.record import GENESIS, Event, Kind, commitment, instant
from techauction.core.refusal import Refusal
from techauction.core.replay import replay
from techauction.core.replayed import Entry, Replay, Sealed
from techauction.core.violation import Fault
from tests.conftest import TEN

NAME = "round-1/7"
MINUTE = timedelta(minutes=1)
START = Money(100_000)
STEP = Money(10_000)
RULES = Rules(extension=Extension(trigger=5 * MINUTE, length=5 * MINUTE), collar=0)


@dataclass
class Sale:
    """A lot that is sold event after event, as the services put it on record."""

    lot: Lot
    sealed: Sealed | None = None
    entries: list[Entry] = field(default_factory=list)
    stopped_at: datetime | None = None

    def put(self, kind: Kind, at: datetime, *, paddle: int | None = None, amount: Money | None = None, **data: Any) -> None:
        prev_hash = self.entries[-1][2] if self.entries else GENESIS
        event = Event(
            lot=NAME,
            seq=len(self.entries) + 1,
            kind=kind,
            at=at,
            paddle=paddle,
            amount=amount,
            closes_at=self.lot.closes_at,
            data=data,
        )
        self.entries.append((event, prev_hash, event.digest(prev_hash)))

    def open(self) -> "Sale":
        rules, extension = self.lot.rules, self.lot.rules.extension
        self.put(
            Kind.OPENED,
            self.lot.opens_at,
            start_fen=self.lot.start.minor,
            ladder=self.lot.ladder.as_json(),
            extension={
                "kind": extension.kind.value,
                "trigger_s": int(extension.trigger.total_seconds()),
                "length_s": int(extension.length.total_seconds()),
                "cap_s": None if extension.cap is None else int(extension.cap.total_seconds()),
            },
            max_steps=rules.max_steps,
            raise_own_bid=rules.raise_own_bid,
            collar=rules.collar,
            min_bidding=rules.min_bidding,
            opens_at=instant(self.lot.opens_at),
            commitment=None if self.sealed is None else commitment(NAME, self.sealed.reserve, self.sealed.salt),
        )
        return self

    def bid(self, paddle: int, amount: Money, at: datetime, *, confirmed: bool = False) -> None:
        before = self.lot
        after = bidding.take(before, Offer(amount, confirmed), Eligibility(paddle, True, False, ZERO, ZERO), at)
        self.put(Kind.BID, at, paddle=paddle, amount=amount, confirmed=confirmed)
        self.lot = after
        if after.closes_at != before.closes_at:
            self.put(Kind.EXTENDED, at, **{"from": instant(before.closes_at)})

    def pause(self, at: datetime) -> None:
        self.lot, self.stopped_at = pausing.pause(self.lot, at), at
        self.put(Kind.PAUSED, at, reason="an inquiry")

    def interrupt(self, away_from: datetime, at: datetime) -> None:
        self.lot, self.stopped_at = pausing.interrupt(self.lot), away_from
        self.put(Kind.INTERRUPTED, at, reason="away", away_from=instant(away_from))

    def resume(self, at: datetime) -> None:
        assert self.stopped_at is not None
        self.lot, self.stopped_at = pausing.resume(self.lot, self.stopped_at, at), None
        self.put(Kind.RESUMED, at, reason="it is settled")

    def fall(self, at: datetime) -> Sold | PassedIn:
        ending = hammer.fall(self.lot, None if self.sealed is None else self.sealed.reserve, at)
        self.lot = replace(self.lot, stage=Stage.ENDED)
        match ending:
            case Sold(paddle=paddle, hammer_price=price):
                opened: dict[str, Any] = {}
                if self.sealed is not None:
                    opened = {"reserve_fen": self.sealed.reserve.minor, "salt": self.sealed.salt}
                self.put(Kind.HAMMERED, at, paddle=paddle, amount=price, ending="sold", reason=None, **opened)
            case PassedIn(reason=reason):
                self.put(Kind.HAMMERED, at, ending="passed_in", reason=reason.value)
        return ending

    def replay(self) -> Replay:
        return replay(NAME, self.entries, self.sealed)


def a_sale(*, rules: Rules = RULES, sealed: Sealed | None = None) -> Sale:
    """Return a lot that opens at ten and closes an hour later."""
    close = TEN + 60 * MINUTE
    lot = Lot(
        stage=Stage.OPEN,
        start=START,
        ladder=Ladder.flat(STEP),
        rules=rules,
        opens_at=TEN,
        closes_at=close,
        scheduled_closes_at=close,
    )
    return Sale(lot, sealed).open()


def a_sold_lot(sealed: Sealed | None = None) -> Sale:
    """Return a lot with three bids, the last of which moved the close."""
    sale = a_sale(sealed=sealed)
    sale.bid(1, START, TEN + MINUTE)
    sale.bid(2, START + STEP, TEN + 2 * MINUTE)
    sale.bid(1, START + STEP.times(3), TEN + 58 * MINUTE)
    sale.fall(TEN + 63 * MINUTE)
    return sale


def rehashed(entries: list[Entry], place: int, **changes: Any) -> list[Entry]:
    """Return the record with one event changed, and the whole chain computed anew over it."""
    done: list[Entry] = []
    for at, (event, _, _) in enumerate(entries):
        changed = replace(event, **changes) if at == place else event
        prev_hash = done[-1][2] if done else GENESIS
        done.append((changed, prev_hash, changed.digest(prev_hash)))
    return done


def faults(entries: list[Entry], sealed: Sealed | None = None) -> set[Fault]:
    return {violation.code for violation in replay(NAME, entries, sealed).violations}


def test_a_lawful_sale_replays_to_its_outcome_without_violation() -> None:
    sale = a_sold_lot()

    after = sale.replay()

    assert after.violations == ()
    assert after.lot == sale.lot
    assert (after.seq, after.head, after.bids) == (6, sale.entries[-1][2], 3)
    assert after.ended is not None
    assert (after.ended.ending, after.ended.paddle, after.ended.price) == (Ending.SOLD, 1, START + STEP.times(3))


def test_nothing_on_record_is_nothing_that_happened() -> None:
    after = replay(NAME, [])

    assert (after.lot, after.seq, after.head, after.violations) == (None, 0, GENESIS, ())


@pytest.mark.parametrize("reserve", [START + STEP, START + STEP.times(9)], ids=["sold", "passed in"])
def test_a_reserve_that_was_committed_is_honoured(reserve: Money) -> None:
    sealed = Sealed(reserve, "5a17" * 16)

    after = a_sold_lot(sealed).replay()

    assert after.violations == ()
    assert after.ended is not None
    assert after.ended.reserve_met is (after.ended.ending is Ending.SOLD)


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize(
    "changes",
    [
        {"seq": 9},
        {"kind": Kind.RESUMED},
        {"at": TEN + 7 * MINUTE},
        {"paddle": 77},
        {"amount": Money(123)},
        {"closes_at": TEN + 600 * MINUTE},
        {"data": {"said": "otherwise"}},
        {"lot": "round-1/8"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_any_changed_value_breaks_the_hash(place: int, changes: dict[str, Any]) -> None:
    entries = a_sold_lot().entries
    event, prev_hash, digest = entries[place]

    entries[place] = (replace(event, **changes), prev_hash, digest)

    assert Fault.WRONG_HASH in faults(entries)


@pytest.mark.parametrize("place", range(6))
def test_an_event_that_was_hashed_anew_breaks_the_chain(place: int) -> None:
    entries = a_sold_lot().entries
    event, prev_hash, _ = entries[place]
    changed = replace(event, data=dict(event.data) | {"more": 1})

    entries[place] = (changed, prev_hash, changed.digest(prev_hash))

    assert faults(entries) == ({Fault.BROKEN_CHAIN} if place < 5 else set())


@pytest.mark.parametrize("place", range(5))
def test_an_event_that_was_taken_out_leaves_a_gap(place: int) -> None:
    entries = a_sold_lot().entries

    del entries[place]

    assert {Fault.GAP, Fault.BROKEN_CHAIN} <= faults(entries)


@pytest.mark.parametrize(
    ("place", "changes", "fault"),
    [
        (1, {"amount": START - STEP}, Fault.UNLAWFUL),
        (1, {"amount": START + Money(1)}, Fault.UNLAWFUL),
        (2, {"amount": START}, Fault.UNLAWFUL),
        (2, {"paddle": 1}, Fault.UNLAWFUL),
        (3, {"amount": START + STEP.times(12)}, Fault.UNLAWFUL),
        (3, {"amount": None}, Fault.UNREADABLE),
        (3, {"data": {}}, Fault.UNREADABLE),
        (3, {"at": TEN + 61 * MINUTE}, Fault.OFF_TIME),
        (2, {"at": TEN}, Fault.OFF_TIME),
        (0, {"at": TEN - MINUTE}, Fault.OFF_TIME),
        (0, {"data": {}}, Fault.UNREADABLE),
        (0, {"closes_at": TEN - MINUTE}, Fault.WRONG_CLOSE),
        (2, {"closes_at": TEN + 70 * MINUTE}, Fault.WRONG_CLOSE),
        (4, {"closes_at": TEN + 64 * MINUTE}, Fault.WRONG_CLOSE),
        (4, {"data": {"from": instant(TEN)}}, Fault.WRONG_CLOSE),
        (4, {"at": TEN + 59 * MINUTE}, Fault.OFF_TIME),
        (4, {"kind": Kind.PAUSED, "data": {"reason": "why"}, "closes_at": TEN + 60 * MINUTE}, Fault.WRONG_CLOSE),
        (5, {"at": TEN + 62 * MINUTE}, Fault.OFF_TIME),
        (5, {"paddle": 2}, Fault.WRONG_OUTCOME),
        (5, {"amount": START}, Fault.WRONG_OUTCOME),
        (5, {"data": {"ending": "passed_in", "reason": "no_bid"}, "paddle": None, "amount": None}, Fault.WRONG_OUTCOME),
        (5, {"data": {"ending": "sold", "reason": None, "reserve_fen": 1, "salt": "00"}}, Fault.RESERVE_MISMATCH),
        (5, {"data": {"ending": "gone", "reason": None}}, Fault.UNREADABLE),
        (5, {"kind": Kind.VOIDED}, Fault.UNREADABLE),
        (5, {"kind": Kind.RESUMED, "data": {"reason": "why"}}, Fault.OFF_TIME),
        (2, {"kind": Kind.OPENED}, Fault.UNLAWFUL),
        (2, {"kind": Kind.WITHDRAWN, "data": {"reason": "why"}}, Fault.OFF_TIME),
        (1, {"kind": Kind.HAMMERED, "data": {"ending": "passed_in", "reason": "no_bid"}}, Fault.OFF_TIME),
    ],
)
def test_a_chain_rewritten_as_a_whole_still_breaks_the_rules(place: int, changes: dict[str, Any], fault: Fault) -> None:
    assert fault in faults(rehashed(a_sold_lot().entries, place, **changes))


def test_nothing_follows_the_hammer() -> None:
    sale = a_sold_lot()

    sale.put(Kind.BID, TEN + 64 * MINUTE, paddle=3, amount=START + STEP.times(4), confirmed=False)

    assert faults(sale.entries) == {Fault.UNLAWFUL}


def test_a_bid_that_moved_the_close_needs_its_extension() -> None:
    assert faults(a_sold_lot().entries[:4]) == {Fault.MISSING_TAIL}


@pytest.mark.parametrize("opening", [{}, {"reserve_fen": START.minor + 1, "salt": "5a17" * 16}], ids=["kept shut", "another"])
def test_a_sale_opens_the_reserve_that_was_committed(opening: dict[str, Any]) -> None:
    sale = a_sold_lot(Sealed(START, "5a17" * 16))

    entries = rehashed(sale.entries, 5, data={"ending": "sold", "reason": None, **opening})

    assert Fault.RESERVE_MISMATCH in faults(entries, sale.sealed)


def test_a_reserve_that_was_changed_after_the_opening_does_not_pass_a_lot_in() -> None:
    sale = a_sold_lot(Sealed(START + STEP.times(9), "5a17" * 16))

    assert faults(sale.entries, Sealed(START + STEP.times(8), "5a17" * 16)) == {Fault.RESERVE_MISMATCH}
    assert Fault.RESERVE_MISMATCH in faults(sale.entries, None)


def test_a_pause_and_an_interruption_give_a_full_period() -> None:
    sale = a_sale()
    sale.bid(1, START, TEN + MINUTE)
    sale.pause(TEN + 59 * MINUTE)
    sale.resume(TEN + 90 * MINUTE)
    sale.interrupt(TEN + 94 * MINUTE, TEN + 99 * MINUTE)
    sale.resume(TEN + 120 * MINUTE)
    sale.fall(TEN + 125 * MINUTE)

    after = sale.replay()

    assert after.violations == ()
    assert after.lot == sale.lot
    assert Fault.WRONG_CLOSE in faults(rehashed(sale.entries, 3, closes_at=TEN + 91 * MINUTE))
    assert Fault.OFF_TIME in faults(
        rehashed(sale.entries, 4, data={"reason": "away", "away_from": instant(TEN + 100 * MINUTE)}), None
    )


@pytest.mark.parametrize(
    ("kind", "data", "ending"),
    [
        (Kind.WITHHELD, {"reason": "too_few_admitted"}, Ending.WITHHELD),
        (Kind.WITHDRAWN, {"reason": "sold elsewhere"}, Ending.WITHDRAWN),
    ],
)
def test_a_lot_may_end_without_having_opened(kind: Kind, data: dict[str, str], ending: Ending) -> None:
    event = Event(lot=NAME, seq=1, kind=kind, at=TEN, data=data)

    after = replay(NAME, [(event, GENESIS, event.digest(GENESIS))])

    assert after.violations == ()
    assert after.lot is None
    assert after.ended is not None
    assert (after.ended.ending, after.ended.reason) == (ending, data["reason"])


WEIRD = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    place=st.integers(0, 5),
    key=st.sampled_from(["start_fen", "ladder", "extension", "opens_at", "confirmed", "from", "ending", "reason", "salt", "x"]),
    value=WEIRD,
)
def test_whatever_the_data_holds_the_replay_answers(place: int, key: str, value: Any) -> None:
    entries = a_sold_lot().entries
    event, prev_hash, digest = entries[place]
    same = key in event.data and event.data[key] == value and type(event.data[key]) is type(value)

    entries[place] = (replace(event, data=dict(event.data) | {key: value}), prev_hash, digest)

    assert same or faults(entries)


ACTS: dict[str, Callable[[Sale, int, int, datetime], object]] = {
    "bid": lambda sale, paddle, steps, at: sale.bid(
        paddle, sale.lot.least_bid() + sale.lot.increment().times(steps), at, confirmed=True
    ),
    "pause": lambda sale, _, __, at: sale.pause(at),
    "resume": lambda sale, _, __, at: sale.resume(at),
}


@given(
    extension=st.builds(
        Extension,
        kind=st.sampled_from(ExtensionKind),
        trigger=st.integers(1, 3600).map(lambda seconds: timedelta(seconds=seconds)),
        length=st.integers(1, 3600).map(lambda seconds: timedelta(seconds=seconds)),
        cap=st.none() | st.integers(0, 3600).map(lambda seconds: timedelta(seconds=seconds)),
    ),
    own=st.booleans(),
    min_bidding=st.integers(1, 3),
    reserve=st.none() | st.integers(0, 60).map(lambda steps: Sealed(START + STEP.times(steps), "00" * 32)),
    acts=st.lists(
        st.tuples(
            st.sampled_from(["bid", "bid", "bid", "pause", "resume"]),
            st.integers(1, 4),
            st.integers(0, 9),
            st.integers(0, 1_200_000_000),
        ),
        max_size=25,
    ),
)
def test_every_lawful_sale_replays_to_the_state_it_left(
    extension: Extension,
    own: bool,
    min_bidding: int,
    reserve: Sealed | None,
    acts: list[tuple[str, int, int, int]],
) -> None:
    sale = a_sale(rules=Rules(extension=extension, raise_own_bid=own, min_bidding=min_bidding), sealed=reserve)
    at = TEN
    for act, paddle, steps, later in acts:
        at += timedelta(microseconds=later)
        try:
            ACTS[act](sale, paddle, steps, at)
        except (Refusal, AssertionError):  # not every random act is lawful; those leave nothing behind
            continue
    if sale.lot.stage is Stage.PAUSED:
        sale.resume(at)
    ending = sale.fall(max(at, sale.lot.closes_at))

    after = sale.replay()

    assert after.violations == ()
    assert after.lot == sale.lot
    assert (after.seq, after.head) == (len(sale.entries), sale.entries[-1][2])
    assert after.ended is not None
    match ending:
        case Sold(paddle=paddle, hammer_price=price):
            assert (after.ended.paddle, after.ended.price, after.ended.ending) == (paddle, price, Ending.SOLD)
        case PassedIn(reason=reason):
            assert (after.ended.reason, after.ended.ending) == (reason.value, Ending.PASSED_IN)


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("away_s", "back_s", "at_s", "given_s", "wrong"),
    [
        (-1, 0, 0, 300, set()),
        (-0.5, 0.5, 2, 302, set()),
        (-0.5, 0.4, 2, 302, {Fault.OFF_TIME}),
        (0, 2, 2, 302, {Fault.OFF_TIME}),
        (-5, -1, 2, 302, {Fault.OFF_TIME}),
        (-5, 3, 2, 302, {Fault.OFF_TIME}),
        (-5, 1, 2, 301, {Fault.WRONG_CLOSE}),
        (-5, 1, 2, 303, {Fault.WRONG_CLOSE}),
    ],
)
def test_the_house_gives_a_full_period_by_itself_only_for_an_absence_at_the_close(
    away_s: float, back_s: float, at_s: int, given_s: int, wrong: set[Fault]
) -> None:
    sale = a_sale()
    close = sale.lot.closes_at
    length = sale.lot.rules.extension.length
    said = {
        "from": instant(close),
        "reason": "away",
        "cause": "absence",
        "away_from": instant(close + away_s * SECOND),
        "back_at": instant(close + back_s * SECOND),
    }
    sale.lot = replace(sale.lot, closes_at=close + length + (given_s - 300) * SECOND)
    sale.put(Kind.PROLONGED, close + at_s * SECOND, **said)

    assert faults(sale.entries) == wrong


def test_an_interruption_that_says_when_the_house_was_back_was_a_second_at_least() -> None:
    for away_s, wrong in ((1, set()), (0.9, {Fault.OFF_TIME})):
        sale = a_sale()
        back_at = sale.lot.closes_at
        sale.lot = pausing.interrupt(sale.lot)
        said = {"reason": "away", "away_from": instant(back_at - away_s * SECOND), "back_at": instant(back_at)}
        sale.put(Kind.INTERRUPTED, back_at, **said)

        assert faults(sale.entries) == wrong

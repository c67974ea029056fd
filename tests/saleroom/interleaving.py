"""Random interleavings of what may happen at a sale, done by a house and by the naive model, and compared at every moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from techauction.core.money import Money
from techauction.core.offer import OffGrid
from techauction.core.refusal import Refusal
from techauction.services.offers import Taken
from tests.builders import OPENS
from tests.model_offers import ModelLotOfSealedOffers
from tests.model_rights import ModelLotWithRights

MICROSECOND = timedelta(microseconds=1)
WAYS = ("", "sign_in_ended", "token_ended")
"""An offer comes from the house itself, by a sign-in, or by a token; named by what is said when that has ended."""


@dataclass
class Who:
    """A bidder, as the model wants to know it."""

    name: int
    paddle: int | None
    lots: set[int]
    short_of_deposit: set[int] = field(default_factory=set)
    voided: bool = False
    ended: set[str] = field(default_factory=set)
    ranks: dict[int, int] = field(default_factory=dict)
    """Its priority rights, by lot."""


@dataclass
class Terms:
    """What a round's lots are sold by, and the lots: (start, ladder, reserve) each; in fen and seconds.

    `sealed`: the numbers of the lots that are sold by sealed offers.
    """

    kind: str
    trigger: int
    length: int
    cap: int | None
    max_steps: int
    raise_own_bid: bool
    collar: int
    min_bidding: int
    gap: int
    closes: datetime
    lots: list[tuple[int, list[list[int]], int | None]]
    opens: datetime = OPENS
    sealed: frozenset[int] = frozenset()


@dataclass
class Ask:
    """An offer. `floor`: a clerk calls it from the hall. `ago`: so long before its decision it was here."""

    lot: int
    who: Who
    amount: int
    confirmed: bool
    key: str
    by: str
    matching: bool = False
    floor: bool = False
    ago: timedelta = timedelta(0)


@dataclass
class Leave:
    """A standing instruction, or that it is taken back."""

    lot: int
    who: Who
    ceiling: int | None


@dataclass
class Void:
    """The voiding of the bid at a place in the record."""

    lot: int
    seq: int


@dataclass
class CloseKey:
    """The closing of a key."""

    lot: int
    who: Who
    key: str


@dataclass
class Act:
    """`pause`, `resume` or `hammer`."""

    what: str
    lot: int


Deed = Ask | CloseKey | Act | Leave | Void
State = tuple[str, datetime, tuple[int, int] | None, int, tuple[Any, ...] | None]


class House(Protocol):
    """What sells. `answers_keys`: it knows offers by their keys; `closes_itself`: it lets hammers fall when they are due."""

    answers_keys: bool
    closes_itself: bool

    def do(self, deeds: Sequence[Deed], now: datetime) -> list[Any]:
        """Do these one after the other, all at `now`; return answers (Taken, a Refusal, or nothing where it was done)."""

    def absence(self, since: datetime, now: datetime) -> datetime:
        """Be away, and come back; return since when the house knows it was away."""

    def stepped(self, drift: timedelta, now: datetime) -> None:
        """Find at `now` that the wall clock was stepped."""

    def change(self, who: Who, now: datetime) -> None:
        """Have it take effect that a paddle was voided, that priority rights were waived, or that a way in was ended."""

    def states(self) -> list[State]:
        """Return stage, close, standing bid, number of events and ending of each lot."""

    def check(self) -> None:
        """Replay the record, and compare."""


def some_terms(chance: Random, lots: int, *, sealed: bool = False) -> Terms:
    """Return terms that are hard on the rules: short, coarse, and with every setting on some day.

    With `sealed` the last lot is sold by sealed offers every other time.
    """
    length = chance.choice((1, 19, 60, 300))
    return Terms(
        kind=chance.choice("AB"),
        trigger=chance.choice((1, 19, 60, 120, 300)),
        length=length,
        cap=chance.choice((None, None, 0, length, 2 * length + 7)),
        max_steps=chance.choice((1, 2, 10, 40)),
        raise_own_bid=chance.random() < 0.3,
        collar=chance.choice((0, 1, 2, 3)),
        min_bidding=chance.choice((1, 1, 2, 3)),
        gap=chance.choice((0, 10)),
        closes=OPENS + timedelta(seconds=chance.choice((400, 3_600)), microseconds=chance.randrange(10)),
        lots=[_some_lot(chance) for _ in range(lots)],
        sealed=frozenset([lots] if sealed and chance.random() < 0.5 else []),
    )


def _some_lot(chance: Random) -> tuple[int, list[list[int]], int | None]:
    start = chance.choice((1, 7, 100, 20_000_000))
    step = max(1, start // chance.choice((1, 3, 10)))
    ladder = [[0, step]]
    for _ in range(chance.randrange(3)):
        ladder.append([ladder[-1][0] + start * chance.randrange(1, 4), chance.randrange(1, 3 * step + 1)])
    return start, ladder, None if chance.random() < 0.5 else start + step * chance.randrange(8)


def some_bidders(chance: Random, lots: int) -> list[Who]:
    """Return five bidders: one without a paddle, one not admitted to lot 1, one that owes a deposit, and two in order.

    Some of those with a paddle hold priority rights.
    """
    everywhere = set(range(1, lots + 1))
    bidders = [Who(0, None, set())] + [Who(place, 100 + place, set(everywhere)) for place in range(1, 5)]
    chance.choice(bidders[1:]).lots.discard(1)
    chance.choice(bidders[1:]).short_of_deposit.add(chance.randrange(lots) + 1)
    for who in chance.sample(bidders[1:], chance.randrange(4)):
        who.ranks = {lot: chance.choice((1, 1, 2)) for lot in who.lots}
    return bidders


class Play:
    """One interleaving."""

    def __init__(self, chance: Random, terms: Terms, bidders: list[Who], house: House) -> None:
        self.chance, self.terms, self.bidders, self.house = chance, terms, bidders, house
        self.keys: dict[tuple[int, str], Any] = {}
        self.lots = [
            (ModelLotOfSealedOffers if place in terms.sealed else ModelLotWithRights)(place, *lot, terms, self.keys)
            for place, lot in enumerate(terms.lots, 1)
        ]
        self.weights = [1 + 5 * (who.paddle is not None and not who.short_of_deposit and 1 in who.lots) for who in bidders]
        self.now = self.fell = terms.opens
        self.told: list[tuple[Any, ...]] = []
        self.asked: list[Ask] = []

    def run(self, moments: int) -> None:
        """Let so many moments pass, resume and end what has not ended then, and have the record checked."""
        try:
            for _ in range(moments):
                if any(lot.stage != "ended" for lot in self.lots):
                    self._moment()
            self._do([Act("resume", lot.number) for lot in self.lots if lot.stopped])
            self._wait_until(max([self.now, *(lot.closes for lot in self.lots)]))
            self._hammers_that_are_due()
            assert all(lot.ending for lot in self.lots)
            self.house.check()
        except BaseException as error:
            error.add_note("\n".join(map(str, [self.terms, *self.told])))
            raise

    def _moment(self) -> None:
        roll = self.chance.random()
        if roll < 0.04:
            self._absence()
        elif roll < 0.07:
            self._step()
        elif roll < 0.11:
            self._change()
        else:
            self._wait_until(self._later())
        self._do([self._some_deed() for _ in range(self.chance.choice((1, 2, 3, 5)))])

    def _later(self) -> datetime:
        """Return an instant that is not past: this one, a little later, or one at which something turns."""
        lot, trigger = self.chance.choice(self.lots), timedelta(seconds=self.terms.trigger)
        turns = [lot.closes, lot.closes - MICROSECOND, lot.closes - trigger, lot.closes - trigger - MICROSECOND]
        turns += [lot.closes - timedelta(seconds=self.chance.randrange(self.terms.trigger + 1))] * 4
        later = self.chance.choices(
            (
                self.now,
                self.now + timedelta(microseconds=self.chance.randrange(20_000_000)),
                self.chance.choice(turns),
                self.now + timedelta(hours=3),
            ),
            (40, 30, 15, 0.5),
        )[0]
        return max(self.now, later)

    def _some_deed(self) -> Deed:
        lot, who = self.chance.choice(self.lots), self.chance.choices(self.bidders, self.weights)[0]
        roll = self.chance.random()
        if roll < (0.5 if lot.stopped else 0.08):
            return self._some_act(lot)
        if roll > 0.9 and who.paddle is not None:
            return Leave(lot.number, who, self._ceiling(lot))
        if roll > 0.75 and self.house.answers_keys and self.asked:
            return self._with_a_key_used_before(lot)
        self.asked.append(self._ask(lot, who))
        return self.asked[-1]

    def _some_act(self, lot: ModelLotWithRights) -> Act | Void:
        weights = (1, 10, 5, 1) if lot.stopped else (3, 2, 1, 3)
        what = self.chance.choices(("pause", "resume", "void", "hammer"), weights)[0]
        if what == "void" or (what == "hammer" and self.house.closes_itself):
            return Void(lot.number, self.chance.choice((*lot.seqs, 1)))
        return Act(what, lot.number)

    def _ask(self, lot: ModelLotWithRights, who: Who) -> Ask:
        floor = self.chance.random() < 0.1
        by = self.chance.choice(WAYS) if self.house.answers_keys and not floor else ""
        key = f"key-{len(self.told)}-{self.chance.randrange(10**9)}"
        matching = self.chance.random() < (0.4 if who.ranks else 0.03)
        amount = lot.bids[-1][1] if matching and lot.bids and self.chance.random() < 0.9 else self._amount(lot)
        return Ask(lot.number, who, amount, self.chance.random() < 0.5, key, by, matching, floor, self._ago(lot))

    def _ago(self, lot: ModelLotWithRights) -> timedelta:
        """Return how long an offer has waited: mostly not at all, often for a little, or since just before a close."""
        a_little = timedelta(microseconds=self.chance.randrange(5_000_000))
        before_close = max(self.now - lot.closes + self.chance.choice((-1, 0, 1)) * MICROSECOND, timedelta(0))
        return self.chance.choices((timedelta(0), a_little, before_close, 100 * a_little), (5, 3, 2, 0.5))[0]

    def _ceiling(self, lot: ModelLotWithRights) -> int | None:
        """Return a ceiling some steps away, seldom one that is none; or nothing."""
        ceiling = lot.least()
        for _ in range(self.chance.choice((0, 1, 2, 3, 5, 8, 13, 30))):
            ceiling = lot.up(ceiling)
        tops = [top for _, top in lot.left.values()]
        odd = [max(1, ceiling + 1), max(1, lot.least() - 1), ceiling * 2_000]
        return self.chance.choices(
            (ceiling, self.chance.choice(tops or [ceiling]), self.chance.choice(odd), None), (8, 3, 1, 1)
        )[0]

    def _with_a_key_used_before(self, lot: ModelLotWithRights) -> Deed:
        before = self.chance.choice(self.asked)
        if self.chance.random() < 0.3:
            return CloseKey(lot.number, before.who, self.chance.choice((before.key, f"key-{len(self.told)}-closed")))
        if self.chance.random() < 0.7:
            return before
        return Ask(lot.number, before.who, self._amount(lot), self.chance.random() < 0.5, before.key, before.by)

    def _amount(self, lot: ModelLotWithRights) -> int:
        price = lot.bids[-1][1] if lot.bids else lot.start
        step = max(rung for rung in lot.ladder if rung[0] <= price)[1]
        steps = self.chance.choice((0, 1, 1, 1, 2, self.terms.max_steps, self.terms.max_steps + 1))
        collar = self.terms.collar * price // step * step
        return max(
            1, self.chance.choice((price + steps * step,) * 6 + (price + steps * step + 1, lot.start, collar, collar + 1, 1))
        )

    def _do(self, deeds: list[Deed]) -> None:
        expected = [self._in_model(deed) for deed in deeds]
        self.told.append((str(self.now), deeds, expected))
        answers = self.house.do(deeds, self.now)
        assert [_plain(answer) for answer in answers] == expected
        for deed, answer in zip(deeds, answers, strict=True):
            if isinstance(answer, OffGrid) and isinstance(deed, Ask):
                _nearest(answer, deed)
        self._compare()

    def _in_model(self, deed: Deed) -> tuple[Any, ...]:
        lot = self.lots[deed.lot - 1]
        match deed:
            case Ask():
                how = {"confirmed": deed.confirmed, "matching": deed.matching}
                stamp = self.now - deed.ago
                return lot.offer(deed.who, deed.amount, key=deed.key, by=deed.by, now=self.now, stamp=stamp, **how)
            case Leave():
                code = lot.leave(deed.who, deed.ceiling, self.now)
            case Void():
                code = lot.void(deed.seq, self.now)
            case CloseKey():
                asked, said = self.keys.setdefault((deed.who.name, deed.key), ("closed", ("key_closed",)))
                if asked[0] != deed.lot:
                    return ("key_closed",)
                # What was offered under a seal is kept nowhere, so it is told to who asks the same again, and to nobody else.
                return (*said[:2], None, *said[3:]) if said[0] == "taken" and deed.lot in self.terms.sealed else said
            case Act("pause"):
                code = lot.stop("paused", self.now, self.now)
            case Act("resume"):
                code = lot.resume(self.now)
            case _:
                code = lot.hammer(self.now)
                self.fell = self.fell if code else self.now
        return (code,) if code else ()

    def _wait_until(self, later: datetime) -> None:
        self.now = later
        if self.house.closes_itself:
            self._hammers_that_are_due()

    def _hammers_that_are_due(self) -> None:
        due = [lot for lot in self.lots if lot.stage == "open" and self.now >= lot.closes]
        if due:
            self._do([Act("hammer", lot.number) for lot in due])

    def _absence(self) -> None:
        since = self.now
        if not self.house.closes_itself:
            # A hammer that fell is a proof of life, so no absence holds it (closing.md 14).
            since = max(since - timedelta(seconds=self.chance.randrange(30)), min(self.fell, since))
        self.now = self._later()
        since = self.house.absence(since, self.now)
        self.told.append((str(self.now), "away since", str(since)))
        for lot in self.lots:
            lot.absence(since, self.now)
            if self.house.closes_itself and lot.stage == "open" and self.now >= lot.closes:
                lot.hammer(self.now)
        self._compare()
        self._wait_until(self.now)

    def _step(self) -> None:
        """Step the wall clock, on either side; the lots that are open are paused first."""
        drift = timedelta(seconds=self.chance.choice((-7_200, -61, -1, 1, 59, 7_200)))
        self._hammers_that_are_due()
        self.told.append((str(self.now), "stepped by", str(drift)))
        self.house.stepped(drift, self.now)
        for lot in self.lots:
            lot.stop("paused", self.now, self.now)
        self._compare()
        self.now += drift

    def _change(self) -> None:
        who = self.chance.choice(self.bidders[1:])
        if self.chance.random() < 0.3:
            who.voided = True
        elif self.chance.random() < 0.3:
            who.ranks.clear()  # waived
        elif self.house.answers_keys:
            who.ended.add(self.chance.choice(WAYS[1:]))
        self.told.append((str(self.now), "changed", str(who)))
        self.house.change(who, self.now)

    def _compare(self) -> None:
        expected = [(lot.stage, lot.closes, lot.bids[-1] if lot.bids else None, lot.events, lot.ending) for lot in self.lots]
        assert self.house.states() == expected


def _plain(answer: Any) -> tuple[Any, ...]:
    match answer:
        case Taken():
            amount = None if answer.amount is None else answer.amount.minor
            return ("taken", answer.paddle, amount, answer.closes_at, answer.placed_at)
        case Refusal():
            return (answer.code,)
        case _:
            return ()


def _nearest(refusal: OffGrid, deed: Ask) -> None:
    below, above = refusal.facts["below"], refusal.facts["above"]
    assert isinstance(below, Money)
    assert isinstance(above, Money)
    assert below.minor < deed.amount < above.minor


def interleavings(runs: int, play: Callable[[Random], None]) -> None:
    """Play so many interleavings, always the same ones; a failure tells which."""
    for seed in range(runs):
        try:
            play(Random(seed))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise

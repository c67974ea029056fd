"""What is bid in the play, when and by whom: written beforehand with the rules themselves, the same at every run."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from techauction.core import bidding
from techauction.core.lot import Lot
from techauction.core.money import Money
from techauction.core.offer import Eligibility, Offer
from techauction.core.refusal import Refusal
from techauction.demo.data import Aim

BEAT = timedelta(seconds=10)
"""The clock moves in beats, so that offers on different lots come together."""
_EARLY_EVERY = 9
"""In the free period offers come at every ninth beat only: the fewer transactions, the shorter the play."""
_RISES = (1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3)
_MOST_BIDS = 30
_MOST_RIVALS = 7
_MOST_LATE = 5
_MISTAKES = 0.25
"""Before how many of the bids somebody makes a mistake."""
_CONTESTED = 0.7
"""How many of the lots are still bid for in their timed period."""
_TOO_EARLY, _TOO_LATE = 0.1, 0.15
"""On how many of the lots somebody offers before the opening, or after the close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One offer of the play. `refused` is the code that it is meant to get; without one it is meant to be taken."""

    at: datetime
    number: int
    paddle: int
    amount: Money
    refused: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A lot as it opens, the paddles that may bid on it, one that may not, and where the play takes it."""

    number: int
    lot: Lot
    admitted: Sequence[int]
    stranger: int
    aim: Aim


def write(parts: Sequence[Part], *, seed: int) -> list[Cue]:
    """Return the cues of a whole sale in their order."""
    beats = _beats(parts, _chance(seed))
    cues = [cue for part in parts for cue in _Writer(part, beats, _chance(f"{seed}/{part.number}")).cues()]
    return sorted(cues, key=lambda cue: cue.at)


def _chance(seed: int | str) -> Random:
    return Random(seed)  # noqa: S311 (a play needs no secrets, but the same course every time)


def _beats(parts: Sequence[Part], rnd: Random) -> list[datetime]:
    """Return the instants at which the clock stands; none of them is round."""
    first, last = min(part.lot.opens_at for part in parts), max(part.lot.closes_at for part in parts)
    whole = (last - first) // BEAT + 2 * _MOST_LATE * 60
    return [first + BEAT * beat + timedelta(microseconds=rnd.randrange(1, 9_000_000)) for beat in range(whole)]


class _Writer:
    """Writes one lot's cues, and knows after each how the lot stands, because the rules say so."""

    def __init__(self, part: Part, beats: Sequence[datetime], rnd: Random) -> None:
        self._part = part
        self._lot = part.lot
        self._beats = beats
        self._rnd = rnd

    def cues(self) -> Iterator[Cue]:
        """Yield the lot's cues: bids and mistakes, on some lots also an offer before the opening or after the close."""
        rises = self._rises()
        paddles = self._paddles(len(rises))
        late = self._rnd.randrange(min(_MOST_LATE, len(rises) - 1)) if self._rnd.random() < _CONTESTED else 0
        early = self._early_beats(len(rises) - late)
        if self._rnd.random() < _TOO_EARLY:
            yield self._refused(self._lot.opens_at - BEAT, paddles[0], self._lot.start)
        for place, (rise, paddle) in enumerate(zip(rises, paddles, strict=True)):
            at = early[place] if place < len(early) else self._late_beat()
            if self._rnd.random() < _MISTAKES:
                yield self._mistake(at, paddle)
            yield self._taken(at, paddle, self._lot.start + self._increment().times(rise))
        assert self._lot.standing is not None
        assert self._lot.standing.amount == self._part.aim.price
        if self._rnd.random() < _TOO_LATE:
            yield self._refused(self._beat_from(self._lot.closes_at), paddles[-2], self._lot.least_bid())

    def _increment(self) -> Money:
        return self._lot.increment()

    def _rises(self) -> list[int]:
        """Return how many increments over the start price each bid is; the last is the price aimed at."""
        whole = (self._part.aim.price - self._lot.start).minor // self._increment().minor
        rises = [0]
        while rises[-1] < whole:
            step = self._rnd.choice(_RISES)
            # Towards the end of a long duel people make bigger steps.
            step += (whole - rises[-1]) // max(1, _MOST_BIDS - len(rises))
            rises.append(min(whole, rises[-1] + min(step, self._lot.rules.max_steps)))
        return rises

    def _paddles(self, count: int) -> list[int]:
        """Return who makes each bid: never the same twice in turn, the paddle aimed at last."""
        rivals = self._rnd.sample(list(self._part.admitted), min(len(self._part.admitted), self._rnd.randint(3, _MOST_RIVALS)))
        last = self._part.aim.paddle or rivals[0]
        paddles = [last]
        while len(paddles) < count:
            paddles.append(self._rnd.choice([each for each in {*rivals, last} if each != paddles[-1]]))
        return paddles[::-1]

    def _early_beats(self, count: int) -> list[datetime]:
        """Return beats of the free period, most of them near its beginning and its end."""
        free = self._lot.closes_at - self._lot.opens_at - self._lot.rules.extension.trigger
        first, last = self._index(self._lot.opens_at), self._index(self._lot.opens_at + free) - 1
        chosen = sorted(first + round((last - first) * self._rnd.betavariate(0.6, 0.6)) for _ in range(count))
        return [self._beats[min(last, index - index % _EARLY_EVERY)] for index in chosen]

    def _late_beat(self) -> datetime:
        """Return a beat of the timed period, after what stands."""
        trigger = self._lot.rules.extension.trigger
        after = self._lot.closes_at - trigger
        if self._lot.standing is not None:
            after = max(after, self._lot.standing.placed_at)
        first, last = self._index(after) + 1, self._index(self._lot.closes_at) - 1
        return self._beats[self._rnd.randint(min(first, last), last)]

    def _mistake(self, at: datetime, next_paddle: int) -> Cue:
        """Return an offer that is refused for one of the reasons people get refused for."""
        standing = self._lot.standing
        mistakes = [
            (self._part.stranger, self._lot.least_bid()),
            (next_paddle, self._lot.most_bid() + self._increment()),
            (next_paddle, self._lot.least_bid() + Money(self._increment().minor // 3)),
        ]
        if standing is not None:
            mistakes += [
                (standing.paddle, self._lot.least_bid()),
                (next_paddle, standing.amount),
                (next_paddle, self._lot.start),
            ]
        return self._refused(at, *self._rnd.choice(mistakes))

    def _refused(self, at: datetime, paddle: int, amount: Money) -> Cue:
        try:
            bidding.take(self._lot, Offer(amount), self._bidder(paddle), at)
        except Refusal as refusal:
            return Cue(at=at, number=self._part.number, paddle=paddle, amount=amount, refused=refusal.code)
        raise AssertionError("an offer that was meant to be refused would be taken")

    def _taken(self, at: datetime, paddle: int, amount: Money) -> Cue:
        self._lot = bidding.take(self._lot, Offer(amount), self._bidder(paddle), at)
        return Cue(at=at, number=self._part.number, paddle=paddle, amount=amount, refused=None)

    def _bidder(self, paddle: int) -> Eligibility:
        return Eligibility(paddle, admitted=paddle in self._part.admitted)

    def _index(self, at: datetime) -> int:
        return bisect_left(self._beats, at)

    def _beat_from(self, at: datetime) -> datetime:
        return self._beats[self._index(at)]


def by_beat(cues: Sequence[Cue]) -> Mapping[datetime, list[Cue]]:
    """Return the cues by the instant at which they are given, in order."""
    together: dict[datetime, list[Cue]] = {}
    for cue in cues:
        together.setdefault(cue.at, []).append(cue)
    return together

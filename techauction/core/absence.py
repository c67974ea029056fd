"""An absence: nobody could have bid, whatever the cause."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from techauction.core.lot import Lot, Stage

LEAST = timedelta(seconds=1)
"""What is shorter costs nobody a bid."""
SILENCE = timedelta(seconds=3)
"""So long after a close a process is waited for that does not say what it has decided."""

CAUSE = "absence"
"""What the record says is the cause where the house itself gives a lot more time."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time between two proofs that bids could be taken."""

    away_from: datetime
    back_at: datetime

    @property
    def length(self) -> timedelta:
        """Return how long it was."""
        return self.back_at - self.away_from

    def since(self, opens_at: datetime) -> "Gap":
        """Return what of it a lot has missed: nobody is missed by a lot before it opens."""
        return replace(self, away_from=max(self.away_from, opens_at))

    def holds(self, instant: datetime) -> bool:
        """Return whether the time just before an instant fell into it: a bid at the closing instant itself is late."""
        return self.away_from < instant <= self.back_at


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the wall clock: what it showed before, and by how much it was moved."""

    at: datetime
    moved: timedelta

    @property
    def to(self) -> datetime:
        """Return what the clock showed after it."""
        return self.at + self.moved

    def is_after(self, gap: Gap) -> bool:
        """Return whether the clock was set back by it, after an absence, to before that had ended."""
        return self.at >= gap.back_at > self.to

    def told(self, paused: int) -> str:
        """Return what the audit says of it, and of the lots that were paused."""
        return f"by {self.moved // _MS} ms; {paused} lots paused"

    @classmethod
    def read(cls, at: datetime, told: str) -> "Step | None":
        """Return the step that the audit tells of; none, if it does not say so."""
        said = _TOLD.match(told)
        return None if said is None else cls(at, int(said[1]) * _MS)


_MS = timedelta(milliseconds=1)
_TOLD = re.compile(r"by (-?\d{1,12}) ms;", re.ASCII)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a process has decided: every offer that was here before `through`, but for lots that are `behind`, by their ids.

    One lot that somebody outside holds must not keep the hammers of all the others.
    """

    through: datetime
    behind: Mapping[int, datetime] = field(default_factory=dict)

    def of(self, lot_id: int) -> datetime:
        """Return until when for a lot."""
        return min(self.through, self.behind.get(lot_id, self.through))

    @property
    def of_all(self) -> datetime:
        """Return until when for every lot."""
        return min((self.through, *self.behind.values()))


def touches(lot: Lot, gap: Gap) -> bool:
    """Return whether the absence touched the lot's last period."""
    last_from = lot.closes_at - lot.rules.extension.length
    return lot.stage is Stage.OPEN and gap.away_from < lot.closes_at and gap.back_at > last_from


def is_long(gap: Gap, gap_s: int) -> bool:
    """Return whether the absence was as long as the round's setting for one that interrupts."""
    return gap.length >= max(timedelta(seconds=gap_s), LEAST)


def prolongs(lot: Lot, gap: Gap) -> bool:
    """Return whether the absence, too short to stop the lot, held its closing instant."""
    return lot.stage is Stage.OPEN and gap.length >= LEAST and gap.holds(lot.closes_at)


def prolonged(lot: Lot, now: datetime) -> Lot:
    """Return the lot with one full period from now on. What was planned moves with its close, and so does the cap."""
    closes_at = now + lot.rules.extension.length
    return replace(
        lot, closes_at=closes_at, scheduled_closes_at=lot.scheduled_closes_at + max(closes_at - lot.closes_at, timedelta(0))
    )


def first(lot: Lot, gaps: Iterable[Gap], gap_s: int) -> tuple[Gap, bool] | None:
    """Return the absence that counts for the lot and whether it interrupts it; a long one goes before a short one."""
    missed = [gap.since(lot.opens_at) for gap in gaps]
    for gap in missed:
        if is_long(gap, gap_s) and touches(lot, gap):
            return gap, True
    return next(((gap, False) for gap in missed if prolongs(lot, gap)), None)

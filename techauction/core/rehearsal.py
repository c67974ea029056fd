"""Copies of a round: to rehearse its day in minutes, or for one bidder to practise in. Nothing is sold in them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from techauction.core.lot import Extension
from techauction.core.refusal import Refusal
from techauction.core.round import Calendar, Phase

LEAST_SPEED, MOST_SPEED = 1, 600
SIMULATED = "SIM"
"""How the credit codes of simulated organisations begin; no registered one has an S or an I."""
OPENS_IN = timedelta(seconds=20)
"""How long after it is made a rehearsal opens."""
PRACTICE_OPENS_IN = timedelta(seconds=5)
PRACTICE_LASTS = timedelta(minutes=3)
_PRACTICE_PERIOD_S = 30
_LEAST_GAP_S = 5
"""The selling process beats every two seconds; a shorter gap would find it missing while it is there."""


class RehearsalWhileOpen(Refusal):
    """A round is open, or would open before the rehearsal is over: nothing may stand in its way."""

    code = "rehearsal_while_open"

    def __init__(self, title_zh: str, title_en: str) -> None:
        super().__init__(title_zh=title_zh, title_en=title_en)


class PracticeWhileOpen(Refusal):
    """A round is open, or would open before the practice is over: nothing may stand in its way."""

    code = "practice_while_open"

    def __init__(self, title_zh: str, title_en: str) -> None:
        super().__init__(title_zh=title_zh, title_en=title_en)


class RehearsalGoing(Refusal):
    """A rehearsal of the round is going on."""

    code = "rehearsal_going"


class SpeedWrong(Refusal):
    """A rehearsal cannot be so slow or so fast."""

    code = "speed_wrong"

    def __init__(self, least: int = LEAST_SPEED, most: int = MOST_SPEED) -> None:
        super().__init__(least=least, most=most)


class NotRehearsable(Refusal):
    """Only a draft, or a published round that has not opened, is rehearsed or practised in; and no copy is."""

    code = "not_rehearsable"

    def __init__(self, phase: Phase) -> None:
        super().__init__(phase=phase.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """The instants and periods of a copy, in whole seconds where a round has whole seconds."""

    opens_at: datetime
    closes_at: datetime
    stagger_s: int
    extension_trigger_s: int
    extension_length_s: int
    extension_cap_s: int | None
    gap_s: int


def rehearsed(calendar: Calendar, extension: Extension, *, gap_s: int, speed: int, now: datetime) -> Periods:
    """Return a round's periods divided by the speed. It opens in a moment, and no period of it is shorter than a second.

    :raises SpeedWrong: out of range
    """
    if not LEAST_SPEED <= speed <= MOST_SPEED:
        raise SpeedWrong
    trigger_s, length_s = _divided(extension.trigger, speed), _divided(extension.length, speed)
    opens_at = now + OPENS_IN
    return Periods(
        opens_at=opens_at,
        closes_at=opens_at + max((calendar.closes_at - calendar.opens_at) / speed, timedelta(seconds=trigger_s)),
        stagger_s=_divided(calendar.stagger, speed),
        extension_trigger_s=trigger_s,
        extension_length_s=length_s,
        extension_cap_s=None if extension.cap is None else _divided(extension.cap, speed),
        gap_s=min(gap_s, max(_LEAST_GAP_S, gap_s // speed)),
    )


def practised(extension: Extension, *, gap_s: int, now: datetime) -> Periods:
    """Return the periods of a practice: a few minutes, with a short extension."""
    opens_at = now + PRACTICE_OPENS_IN
    return Periods(
        opens_at=opens_at,
        closes_at=opens_at + PRACTICE_LASTS,
        stagger_s=0,
        extension_trigger_s=min(_PRACTICE_PERIOD_S, _divided(extension.trigger, 1)),
        extension_length_s=min(_PRACTICE_PERIOD_S, _divided(extension.length, 1)),
        extension_cap_s=None if extension.cap is None else _divided(extension.cap, 1),
        gap_s=gap_s,
    )


def must_be_rehearsable(phase: Phase, *, is_copy: bool, opens_at: datetime, now: datetime, phases: frozenset[Phase]) -> None:
    """Refuse a round that is itself a copy, or of which the time to try it is over.

    :raises NotRehearsable: as it says
    """
    if is_copy or phase not in phases or (phase is Phase.PUBLISHED and now >= opens_at):
        raise NotRehearsable(phase)


def _divided(period: timedelta, speed: int) -> int:
    """Return the period divided by the speed in whole seconds: nothing stays nothing, and something at least a second."""
    seconds = round(period.total_seconds())
    return max(1, round(seconds / speed)) if seconds else 0

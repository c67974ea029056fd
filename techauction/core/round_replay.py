"""Reading a round's own record again: which paddles it bound to whom, what it opened with, and what is wrong with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from techauction.core.plain import number, text
from techauction.core.record import GENESIS
from techauction.core.refused import Chain
from techauction.core.round_record import RoundEvent, RoundKind, chains_at_close
from techauction.core.violation import Fault, Violation

_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, AssertionError)


@dataclass(frozen=True, slots=True)
class Renamed:
    """A new name of a paddle's bidder: its binding from then on, and the two who decided."""

    at: datetime
    binding: str
    asked_by: int
    approved_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A paddle as the record has it. `lots`: the digest of those that it was admitted to."""

    seq: int
    issued_at: datetime
    binding: str
    lots: str
    voided_seq: int | None = None
    voided_at: datetime | None = None
    renamed: tuple[Renamed, ...] = ()

    def stood_at(self, seq: int) -> bool:
        """Return whether the paddle was issued, and not voided, at a place of the record."""
        return self.seq <= seq and (self.voided_seq is None or self.voided_seq > seq)


@dataclass(slots=True)
class RoundReplay:
    """Where a round's record leads. `heads` are the hashes by place, that before the first event among them.

    `refused` are the chains of refused offers by lot number, as far as they had come at the round's close; none where the
    record does not say them: the round goes on, or an earlier version closed it.
    """

    name: str
    heads: dict[int, str] = field(default_factory=lambda: {0: GENESIS})
    bound: dict[int, Bound] = field(default_factory=dict)
    opened_at: datetime | None = None
    opened_seq: int | None = None
    plan: Mapping[str, object] | None = None
    closed_at: datetime | None = None
    refused: Mapping[int, Chain] | None = None
    violations: list[Violation] = field(default_factory=list)

    @property
    def head(self) -> str:
        """Return the hash of the last event."""
        return next(reversed(self.heads.values()))

    def note(self, fault: Fault, seq: int, detail: str) -> None:
        """Keep what is wrong at an event."""
        self.violations.append(Violation(fault, self.name, seq, detail))


def replay(name: str, entries: Iterable[tuple[RoundEvent, str, str]]) -> RoundReplay:
    """Return where the record leads; `entries` are its events with the hash before each, and its own."""
    after, last = RoundReplay(name), 0
    for event, prev_hash, digest in entries:
        if event.seq != last + 1:
            after.note(Fault.GAP, event.seq, f"event {event.seq} follows event {last}")
        if prev_hash != after.head:
            after.note(Fault.BROKEN_CHAIN, event.seq, "prev_hash is not the hash of the event before")
        try:
            if event.digest(prev_hash) != digest:
                after.note(Fault.WRONG_HASH, event.seq, "the hash is not that of the event")
            _happen(after, event)
        except _UNREADABLE as error:
            after.note(Fault.UNREADABLE, event.seq, f"{event.kind}: {type(error).__name__} {error}")
        last = event.seq
        after.heads[last] = digest
    return after


def _happen(after: RoundReplay, event: RoundEvent) -> None:
    data = event.data
    if after.closed_at is not None:
        after.note(Fault.UNLAWFUL, event.seq, f"{event.kind} after the round had closed")
    if event.kind is RoundKind.ROUND_CLOSED:
        after.closed_at, after.refused = event.at, chains_at_close(data)
        return
    if event.kind is RoundKind.ROUND_OPENED:
        plan = data["plan"]
        if not isinstance(plan, Mapping):
            raise TypeError("plan")
        if after.opened_seq is not None:
            after.note(Fault.UNLAWFUL, event.seq, "the round opened a second time")
        after.opened_at, after.opened_seq, after.plan = event.at, event.seq, plan
        return
    paddle = number(data, "paddle")
    known = after.bound.get(paddle)
    if event.kind is RoundKind.PADDLE_ISSUED:
        if known is not None:
            after.note(Fault.UNLAWFUL, event.seq, f"paddle {paddle} was issued a second time")
        after.bound[paddle] = Bound(seq=event.seq, issued_at=event.at, binding=text(data, "binding"), lots=text(data, "lots"))
    elif known is None:
        after.note(Fault.UNLAWFUL, event.seq, f"{event.kind} of paddle {paddle}, which was not issued")
    elif event.kind is RoundKind.PADDLE_VOIDED:
        if known.voided_seq is not None:
            after.note(Fault.UNLAWFUL, event.seq, f"paddle {paddle} was voided a second time")
        after.bound[paddle] = replace(known, voided_seq=event.seq, voided_at=event.at)
    else:
        renamed = Renamed(event.at, text(data, "binding"), number(data, "asked_by"), number(data, "approved_by"))
        after.bound[paddle] = replace(known, renamed=(*known.renamed, renamed))

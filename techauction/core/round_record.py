"""A round's own record: what happens to its plan and its paddles, each event hashed together with the one before."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from techauction.core.record import VERSION, canonical, instant
from techauction.core.refused import NAME, Chain


class RoundKind(StrEnum):
    """What may happen to a round and its paddles."""

    PADDLE_ISSUED = "paddle_issued"
    PADDLE_VOIDED = "paddle_voided"
    BIDDER_RENAMED = "bidder_renamed"
    ROUND_OPENED = "round_opened"
    ROUND_CLOSED = "round_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundEvent:
    """One event of a round. `data` carries what only this kind has, as plain JSON; no event tells who a bidder is."""

    round: str
    seq: int
    kind: RoundKind
    at: datetime
    data: Mapping[str, object] = field(default_factory=dict)

    def digest(self, prev_hash: str) -> str:
        """Return SHA-256 (hex) over the event's canonical JSON (RFC 8785), which holds the hash before it."""
        text = canonical(
            {
                "v": VERSION,
                "round": self.round,
                "seq": self.seq,
                "kind": self.kind.value,
                "at": instant(self.at),
                "data": self.data,
                "prev_hash": prev_hash,
            }
        )
        return hashlib.sha256(text).hexdigest()


def plan_digest(round_: str, plan: Mapping[str, object]) -> str:
    """Return the digest of a round's plan, as each of its lots says it when it opens."""
    return hashlib.sha256(canonical({"round": round_, "plan": plan})).hexdigest()


def closed_with(chains: Mapping[int, Chain]) -> dict[str, object]:
    """Return what a round says when it closes: how long the chain of each lot's refused offers is by then, and its head.

    It is a row of number, count and head for each lot where an offer was refused. What is refused after a lot's end stands in
    no event of the lot: without these rows it could be cut off.
    """
    return {NAME: [[number, chains[number].count, chains[number].head] for number in sorted(chains) if chains[number].count]}


def chains_at_close(data: Mapping[str, object]) -> dict[int, Chain]:
    """Return the chains that a round closed with, by lot number; lots without a refused offer have none.

    :raises KeyError, TypeError, ValueError: it says nothing of them that can be read
    """
    rows = data[NAME]
    if not isinstance(rows, list):
        raise TypeError(NAME)
    chains = {}
    for number, count, head in rows:
        if not (type(number) is type(count) is int and isinstance(head, str)):
            raise TypeError(NAME)
        chains[number] = Chain(count, head)
    return chains

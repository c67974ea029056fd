"""A round's own record: what happens to its plan and its paddles, each event hashed together with the one before."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from techauction.core.record import VERSION, canonical, instant


class RoundKind(StrEnum):
    """What may happen to a round and its paddles."""

    PADDLE_ISSUED = "paddle_issued"
    PADDLE_VOIDED = "paddle_voided"
    BIDDER_RENAMED = "bidder_renamed"
    ROUND_OPENED = "round_opened"


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

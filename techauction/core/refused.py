"""What was refused at a lot: a chain of its own beside the record, each offer hashed together with the one before.

It is no part of the record, because nothing was sold by it. Its head stands in the events that open and end the lot, so that no
refused offer can be taken away, put in or changed afterwards.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import orjson

from techauction.core.money import Money
from techauction.core.record import GENESIS, Kind, instant

VERSION = 1
SAYING = (Kind.OPENED, Kind.HAMMERED, Kind.WITHHELD, Kind.WITHDRAWN)
"""Events that say how long the chain was before them, and its head."""
NAME = "refused"
"""Under which those events say it. Events of an earlier version say nothing of it."""


@dataclass(frozen=True, slots=True)
class Chain:
    """How many offers were refused at a lot, and the hash of the last."""

    count: int = 0
    head: str = GENESIS

    def as_data(self) -> dict[str, object]:
        """Return what an event says of the chain."""
        return {NAME: {"count": self.count, "head": self.head}}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedOffer:
    """A refused offer as its lot's chain holds it.

    Its bidder is told by the number of its organisation, which names nobody; who has no paddle is refused too. Of the key,
    which a bidder writes as it likes, only a digest stands in it. A sealed offer has no amount, and one that was refused for
    its amount is not in the chain.
    """

    lot_id: int
    place: int
    bidder: int
    user: int
    key: str
    code: str
    facts: Mapping[str, object]
    amount: Money | None
    confirmed: bool
    matching: bool
    source: str
    stamp: datetime
    decided_at: datetime
    lot_seq: int

    def as_json(self) -> dict[str, object]:
        """Return what is hashed, but for the hash before it."""
        return {
            "v": VERSION,
            "lot": self.lot_id,
            "place": self.place,
            "bidder": self.bidder,
            "user": self.user,
            "key_digest": key_digest(self.bidder, self.key),
            "code": self.code,
            "facts": dict(self.facts),
            "amount_fen": None if self.amount is None else self.amount.minor,
            "confirmed": self.confirmed,
            "matching": self.matching,
            "source": self.source,
            "stamp": instant(self.stamp),
            "decided_at": instant(self.decided_at),
            "lot_seq": self.lot_seq,
        }

    def digest(self, prev_hash: str) -> str:
        """Return SHA-256 (hex) over the offer's canonical JSON (RFC 8785), which holds the hash before it."""
        return hashlib.sha256(_canonical(self.as_json() | {"prev_hash": prev_hash})).hexdigest()


def key_digest(bidder: int, key: str) -> str:
    """Return what the chain says of a key: SHA-256 (hex) over its bidder's number and the key."""
    return hashlib.sha256(_canonical({"bidder": bidder, "key": key})).hexdigest()


_canonical = partial(orjson.dumps, option=orjson.OPT_SORT_KEYS)

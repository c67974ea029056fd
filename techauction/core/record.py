"""The record of the sale: events of a lot, each hashed together with the one before."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial

import orjson
import rfc8785

from techauction.core.money import Money

VERSION = 1
"""Of what is hashed. It stands in every event."""
BY_STAMP = 2
"""Of what the events mean: since this version, which the opening says, a bid's `at` goes by when it was here."""
GENESIS = "0" * 64


class Kind(StrEnum):
    """What may happen to a lot."""

    OPENED = "opened"
    BID = "bid"
    MATCHED = "matched"
    SEALED = "sealed"
    UNSEALED = "unsealed"
    EXTENDED = "extended"
    PROLONGED = "prolonged"
    PAUSED = "paused"
    RESUMED = "resumed"
    INTERRUPTED = "interrupted"
    VOIDED = "voided"
    HAMMERED = "hammered"
    WITHHELD = "withheld"
    WITHDRAWN = "withdrawn"


AFTER_A_STEP = (Kind.RESUMED, Kind.VOIDED, Kind.WITHDRAWN)
"""What may be the first event after the clock was set back: until one of them the lot stands still."""
BIDS = (Kind.BID, Kind.MATCHED)
"""Events by which a bid stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of a lot. `lot` is its name in every round ever held: `<round slug>/<lot number>`.

    `closes_at` is the lot's close after the event. `data` carries what only this kind has, as plain JSON with integer fen.
    """

    lot: str
    seq: int
    kind: Kind
    at: datetime
    paddle: int | None = None
    amount: Money | None = None
    closes_at: datetime | None = None
    data: Mapping[str, object] = field(default_factory=dict)

    def digest(self, prev_hash: str) -> str:
        """Return SHA-256 (hex) over the event's canonical JSON (RFC 8785), which holds the hash before it."""
        text = canonical(
            {
                "v": VERSION,
                "lot": self.lot,
                "seq": self.seq,
                "kind": self.kind.value,
                "at": instant(self.at),
                "paddle": self.paddle,
                "amount_fen": None if self.amount is None else self.amount.minor,
                "closes_at": None if self.closes_at is None else instant(self.closes_at),
                "data": self.data,
                "prev_hash": prev_hash,
            }
        )
        return hashlib.sha256(text).hexdigest()


canonical = partial(orjson.dumps, option=orjson.OPT_SORT_KEYS)
"""The canonical form of what an event holds: ASCII names, text, and whole numbers that a double keeps. A bid must not wait for
rfc8785, which takes many times as long; a property test compares the two."""


def instant(at: datetime) -> str:
    """Return an instant as it stands in the record: UTC, microseconds, `Z`."""
    assert at.utcoffset() == _UTC_OFFSET
    return _written(at)


_UTC_OFFSET = timedelta(0)


@lru_cache(maxsize=64)
def _written(at: datetime) -> str:
    # The bids of a group share their instants.
    return at.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def commitment(lot: str, reserve: Money, salt: str) -> str:
    """Return the sealed reserve's public commitment: SHA-256 (hex) over lot, reserve and a secret salt of 256 bits.

    `lot` is the name that the reserve was sealed under; the opening says it beside the commitment.
    """
    return hashlib.sha256(rfc8785.dumps({"lot": lot, "reserve_fen": reserve.minor, "salt": salt})).hexdigest()


def sealed_digest(lot: str, paddle: int, amount: Money, salt: str) -> str:
    """Return a sealed offer's public commitment: SHA-256 (hex) over lot, paddle, amount and a secret salt of 256 bits."""
    return hashlib.sha256(rfc8785.dumps({"lot": lot, "paddle": paddle, "amount_fen": amount.minor, "salt": salt})).hexdigest()


def description_digest(lot: str, said: Mapping[str, str | int]) -> str:
    """Return the digest of what a lot offers: SHA-256 (hex) over its name and what its institute says of it."""
    return hashlib.sha256(rfc8785.dumps({"lot": lot, "described": dict(said)})).hexdigest()


def heads_told(heads: Mapping[int, str], of_round: str | None = None) -> str:
    """Return the head hashes of a round's lots as they are told when it closes, by lot number; that of its own record first."""
    lots = (f"{number}:{heads[number]}" for number in sorted(heads))
    return " ".join(lots if of_round is None else (f"round:{of_round}", *lots))


ROUND_VERSION = 2
"""The version of the digest that a round closes with now. The first had no record of the round's own in it."""


def round_digest(slug: str, heads: Mapping[int, str], of_round: str | None = None) -> str:
    """Return one digest of a round: SHA-256 (hex) over its slug and its lots' head hashes by lot number.

    `of_round` is the head of the round's own record; without it the digest is of version 1.
    """
    said: dict[str, object] = {"round": slug, "heads": [[number, heads[number]] for number in sorted(heads)]}
    if of_round is not None:
        said |= {"v": ROUND_VERSION, "head": of_round}
    return hashlib.sha256(canonical(said)).hexdigest()

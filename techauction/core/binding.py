"""Who a paddle was issued to, and what it may bid on: bound by salted digests that tell nothing to whoever lacks the salt."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

from techauction.core.record import canonical


@dataclass(frozen=True, slots=True)
class Bidder:
    """An organisation as a paddle is bound to it."""

    credit_code: str
    name_zh: str
    name_en: str


def binding(round_: str, paddle: int, bidder: Bidder, salt: str) -> str:
    """Return a paddle's binding: SHA-256 (hex) over round, paddle, its bidder's code and names, and a salt of 256 bits."""
    return _digest(
        {
            "round": round_,
            "paddle": paddle,
            "credit_code": bidder.credit_code,
            "name_zh": bidder.name_zh,
            "name_en": bidder.name_en,
            "salt": salt,
        }
    )


def lots_digest(round_: str, paddle: int, lot_ids: Iterable[int], salt: str) -> str:
    """Return the digest of the lots that a paddle is admitted to, under its salt."""
    return _digest({"round": round_, "paddle": paddle, "lots": sorted(lot_ids), "salt": salt})


def admitted_digest(lot: str, admitted: Iterable[tuple[int, int | None, str]]) -> str:
    """Return the digest of who may bid on a lot when it opens: each paddle, the rank of its priority right, and its salt.

    A lot's paddles are few enough to be guessed: the salts keep the public from it.
    """
    return _digest({"lot": lot, "admitted": [list(each) for each in sorted(admitted, key=itemgetter(0))]})


def _digest(said: dict[str, object]) -> str:
    return hashlib.sha256(canonical(said)).hexdigest()

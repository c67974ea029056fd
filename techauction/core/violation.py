"""What a verification of the record may find."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """The kinds of things that can be wrong with a sale and its record."""

    BROKEN_CHAIN = "broken_chain"
    GAP = "gap"
    WRONG_HASH = "wrong_hash"
    UNREADABLE = "unreadable"
    UNLAWFUL = "unlawful"
    OFF_TIME = "off_time"
    WRONG_CLOSE = "wrong_close"
    RESERVE_MISMATCH = "reserve_mismatch"
    WRONG_OUTCOME = "wrong_outcome"
    MISSING_TAIL = "missing_tail"
    NOT_ADMITTED = "not_admitted"
    NOT_APPROVED = "not_approved"
    OFFER_DIFFERS = "offer_differs"
    BIDDER_DIFFERS = "bidder_differs"
    TERMS_DIFFER = "terms_differ"
    STATE_DIFFERS = "state_differs"
    OUTCOME_DIFFERS = "outcome_differs"
    SETTLEMENT_DIFFERS = "settlement_differs"
    CASE_DIFFERS = "case_differs"
    DIGEST_DIFFERS = "digest_differs"


UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    StopIteration,
    TypeError,
    ValueError,
)
"""What reading something raises that this product cannot have written: it is a violation, not the verifier's end."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing found wrong: at which lot (by its name in the record, or the round's), at which event if at one, and what."""

    code: Fault
    lot: str
    seq: int | None
    detail: str

    def __str__(self) -> str:
        return f"{self.lot}{'' if self.seq is None else f' event {self.seq}'}: {self.code}: {self.detail}"

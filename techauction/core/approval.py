"""Acts that need two: who may ask, who may approve, and how long what was shown holds."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import rfc8785

from techauction.core.refusal import NoSuch, Refusal

LASTS = timedelta(minutes=15)
"""So long a request may be approved."""


class Act(StrEnum):
    """What an organizer may do only with another's approval."""

    OPEN_EARLY = "open_early"
    RESUME = "resume"
    PROLONG = "prolong"
    VOID_BID = "void_bid"
    VOID_OUTCOME = "void_outcome"
    CLOSE_EARLY = "close_early"
    CALL_OFF = "call_off"


OF_TWO_MARKETS = frozenset({Act.VOID_BID, Act.VOID_OUTCOME, Act.CLOSE_EARLY})
"""Acts that take from bidders what they have, so that two markets must agree; in a round of one market, its organizer and a
supervisor (监督人)."""
OF_THE_HOST = frozenset({Act.CLOSE_EARLY, Act.CALL_OFF})
"""Acts on a whole round that only the host's organizers may ask for."""


class Decision(StrEnum):
    """What became of a request for approval. *Stale*: what was shown had changed when it was approved, so it was closed."""

    APPROVED = "approved"
    DECLINED = "declined"
    TAKEN_BACK = "taken_back"
    STALE = "stale"


class ApprovalDecided(Refusal):
    """The request was approved, declined or taken back already."""

    code = "approval_decided"

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision=decision.value)


class ApprovalExpired(Refusal):
    """Nobody approved the request in time."""

    code = "approval_expired"

    def __init__(self, expires_at: datetime) -> None:
        super().__init__(expires_at=expires_at)


class ApprovalOwn(Refusal):
    """Whoever asked cannot approve."""

    code = "approval_own"


class ApprovalSameMarket(Refusal):
    """The act needs organizers of two markets."""

    code = "approval_same_market"


class SupervisorNeeded(Refusal):
    """In a round of one market the act needs an auditor's approval."""

    code = "supervisor_needed"


class ApprovalStale(Refusal):
    """What was shown to the asker does not hold any more."""

    code = "approval_stale"


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks or approves: an organizer of a market; without a market an auditor, the supervisor."""

    id: int
    market: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked, by whom, and the digest of what was shown. `markets`: those that hold the round."""

    act: Act
    asked_by: Person
    expires_at: datetime
    digest: str
    markets: frozenset[str]
    decision: Decision | None = None


def digest_of(shown: Mapping[str, object]) -> str:
    """Return the digest of what was shown: SHA-256 (hex) over its canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(dict(shown))).hexdigest()  # type: ignore[arg-type]  # plain JSON by its makers


def must_be_pending(request: Request, now: datetime) -> None:
    """Refuse a request that was decided or has expired.

    :raises ApprovalDecided, ApprovalExpired: as they say
    """
    if request.decision is not None:
        raise ApprovalDecided(request.decision)
    if now >= request.expires_at:
        raise ApprovalExpired(request.expires_at)


def must_be_another(request: Request, by: Person) -> None:
    """Refuse whoever may not approve.

    :raises NoSuch: the request is not an auditor's to see
    :raises ApprovalOwn, ApprovalSameMarket, SupervisorNeeded: as they say
    """
    supervised = may_supervise(request.act, request.markets)
    if by.market is None and not supervised:
        raise NoSuch
    if by.id == request.asked_by.id:
        raise ApprovalOwn
    if supervised and by.market is not None:
        raise SupervisorNeeded
    if request.act in OF_TWO_MARKETS and by.market == request.asked_by.market:
        raise ApprovalSameMarket


def may_supervise(act: Act, markets: frozenset[str]) -> bool:
    """Return whether an auditor approves the act, in place of a second market's organizer."""
    return act in OF_TWO_MARKETS and len(markets) == 1


def approve(request: Request, by: Person, *, digest: str, now: datetime) -> None:
    """Let the act be done. `digest` is that of what would be shown now.

    :raises ApprovalDecided, ApprovalExpired, ApprovalOwn, ApprovalSameMarket, SupervisorNeeded, ApprovalStale: as they say
    """
    must_be_pending(request, now)
    must_be_another(request, by)
    if digest != request.digest:
        raise ApprovalStale

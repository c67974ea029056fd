"""A new name of an organisation: two decide, so that nobody alone makes a buyer another company."""

from datetime import datetime, timedelta

from techauction.core.approval import ApprovalDecided, ApprovalExpired, ApprovalOwn, ApprovalStale, Decision
from techauction.core.names import Name
from techauction.core.refusal import Refusal
from techauction.core.registration import ReasonNeeded

LASTS = timedelta(days=7)
"""So long a new name may be approved: the other looks at the registration authority's notice first."""


class SameName(Refusal):
    """The name asked for is the one that the organisation has."""

    code = "same_name"


class RenameWaits(Refusal):
    """Another new name of the organisation waits for a decision."""

    code = "rename_waits"


def ask(present: Name, wanted: Name, *, reason: str, waits: bool) -> None:
    """Refuse what stands against asking for a new name; `waits`: another is asked for.

    :raises ReasonNeeded, SameName, RenameWaits: as they say
    """
    if not reason.strip():
        raise ReasonNeeded
    if wanted == present:
        raise SameName
    if waits:
        raise RenameWaits


def must_be_pending(decision: Decision | None, expires_at: datetime, now: datetime) -> None:
    """Refuse a request that was decided or has expired.

    :raises ApprovalDecided, ApprovalExpired: as they say
    """
    if decision is not None:
        raise ApprovalDecided(decision)
    if now >= expires_at:
        raise ApprovalExpired(expires_at)


def must_be_another(asked_by: int, by: int) -> None:
    """Refuse whoever asked.

    :raises ApprovalOwn: it is the same person
    """
    if by == asked_by:
        raise ApprovalOwn


def must_hold(present: Name, shown: Name) -> None:
    """Refuse to rename an organisation that has another name by now than the one that was shown.

    :raises ApprovalStale: it has
    """
    if present != shown:
        raise ApprovalStale

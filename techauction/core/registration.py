"""Whether an enterprise may take part at all: its market decides about its registration."""

from enum import StrEnum

from techauction.core import credit_code
from techauction.core.refusal import Refusal


class Decision(StrEnum):
    """What a market says to a registration."""

    APPROVED = "approved"
    REFUSED = "refused"


NEXT: dict[Decision | None, set[Decision]] = {
    None: {Decision.APPROVED, Decision.REFUSED},
    Decision.REFUSED: {Decision.APPROVED},
    Decision.APPROVED: set(),
}
"""What may be said after what. A refusal may be taken back; an approval stands, because bids may rest on it."""


class AlreadyDecided(Refusal):
    """The registration was decided, and the decision stands."""

    code = "already_decided"

    def __init__(self, decided: Decision) -> None:
        super().__init__(decided=decided.value)


class ReasonNeeded(Refusal):
    """Whoever is refused something is told why."""

    code = "reason_needed"


class CreditCodeNeedsYes(Refusal):
    """The organisation's credit code does not check, so whoever approves it says that the licence was seen."""

    code = "credit_code_needs_yes"

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


def must_be_seen(code: str, *, seen: bool) -> None:
    """Refuse an approval of a credit code that does not check where nobody says that the licence was seen.

    :raises CreditCodeNeedsYes: as it says
    """
    if not seen and not credit_code.checks(code):
        raise CreditCodeNeedsYes(code)


def decide(decided: Decision | None, decision: Decision, reason: str) -> Decision:
    """Return the decision if it may be taken.

    :raises AlreadyDecided, ReasonNeeded: as they say
    """
    if decision not in NEXT[decided]:
        assert decided is not None
        raise AlreadyDecided(decided)
    if decision is Decision.REFUSED and not reason:
        raise ReasonNeeded
    return decision

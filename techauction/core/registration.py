"""Whether an enterprise may take part at all: its market decides about its registration."""

from enum import StrEnum

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

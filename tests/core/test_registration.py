"""What a market may say to a registration, and after what."""

import pytest

from techauction.core import registration
from techauction.core.registration import Decision


@pytest.mark.parametrize(
    ("decided", "decision"),
    [(None, Decision.APPROVED), (None, Decision.REFUSED), (Decision.REFUSED, Decision.APPROVED)],
)
def test_a_registration_is_decided_and_a_refusal_may_be_taken_back(decided: Decision | None, decision: Decision) -> None:
    assert registration.decide(decided, decision, "A reason.") is decision


@pytest.mark.parametrize(
    ("decided", "decision"),
    [
        (Decision.APPROVED, Decision.APPROVED),
        (Decision.APPROVED, Decision.REFUSED),
        (Decision.REFUSED, Decision.REFUSED),
    ],
)
def test_an_approval_stands_and_nothing_is_decided_twice(decided: Decision, decision: Decision) -> None:
    with pytest.raises(registration.AlreadyDecided):
        registration.decide(decided, decision, "A reason.")


def test_a_refusal_says_why() -> None:
    with pytest.raises(registration.ReasonNeeded):
        registration.decide(None, Decision.REFUSED, "")

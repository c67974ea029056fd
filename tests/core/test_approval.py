from datetime import timedelta
from typing import Any

import pytest

from techauction.core import approval
from techauction.core.approval import (
    LASTS,
    Act,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalOwn,
    ApprovalSameMarket,
    ApprovalStale,
    Decision,
    Person,
    Request,
    SupervisorNeeded,
)
from techauction.core.refusal import NoSuch
from tests.conftest import TEN

ADA, BO, CY = Person(1, "zhejiang"), Person(2, "zhejiang"), Person(3, "shanghai")
AUDITOR = Person(4, None)
TWO_MARKETS = frozenset({"zhejiang", "shanghai"})
ONE_MARKET = frozenset({"zhejiang"})


def a_request(act: Act = Act.RESUME, **more: Any) -> Request:
    """Return what Ada asked for at ten."""
    values: dict[str, Any] = {"markets": TWO_MARKETS, "digest": "d", "expires_at": TEN + LASTS}
    return Request(act=act, asked_by=ADA, **values | more)


def approve(request: Request, by: Person = CY, *, digest: str = "d", after: timedelta = timedelta(0)) -> None:
    approval.approve(request, by, digest=digest, now=TEN + after)


@pytest.mark.parametrize("by", [BO, CY])
def test_another_organizer_approves_a_resume(by: Person) -> None:
    request = a_request()

    approve(request, by, after=LASTS - timedelta(microseconds=1))

    assert request.decision is None


@pytest.mark.parametrize("act", Act)
def test_nobody_approves_the_own_request(act: Act) -> None:
    with pytest.raises(ApprovalOwn):
        approve(a_request(act), ADA)


@pytest.mark.parametrize("act", [Act.VOID_BID, Act.VOID_OUTCOME, Act.CLOSE_EARLY])
def test_a_void_needs_another_market(act: Act) -> None:
    with pytest.raises(ApprovalSameMarket):
        approve(a_request(act), BO)

    approve(a_request(act), CY)


@pytest.mark.parametrize("act", [Act.VOID_BID, Act.VOID_OUTCOME, Act.CLOSE_EARLY])
def test_in_a_round_of_one_market_a_void_needs_the_supervisor(act: Act) -> None:
    request = a_request(act, markets=ONE_MARKET)

    with pytest.raises(SupervisorNeeded):
        approve(request, BO)

    approve(request, AUDITOR)


@pytest.mark.parametrize(
    ("act", "markets"), [(Act.VOID_BID, TWO_MARKETS), (Act.RESUME, ONE_MARKET), (Act.CALL_OFF, ONE_MARKET)]
)
def test_elsewhere_an_auditor_approves_nothing(act: Act, markets: frozenset[str]) -> None:
    with pytest.raises(NoSuch):
        approve(a_request(act, markets=markets), AUDITOR)


def test_a_request_lasts_fifteen_minutes() -> None:
    with pytest.raises(ApprovalExpired) as refused:
        approve(a_request(), after=timedelta(minutes=15))

    assert refused.value.facts == {"expires_at": TEN + timedelta(minutes=15)}


@pytest.mark.parametrize("decision", Decision)
def test_a_request_is_decided_once(decision: Decision) -> None:
    with pytest.raises(ApprovalDecided) as refused:
        approve(a_request(decision=decision))

    assert refused.value.facts == {"decision": decision.value}


def test_what_has_changed_meanwhile_is_not_approved() -> None:
    with pytest.raises(ApprovalStale):
        approve(a_request(), digest="another")


def test_the_digest_is_over_everything_that_was_shown() -> None:
    shown = {"act": "resume", "lots": [{"number": 1, "title_zh": "电池"}]}

    assert approval.digest_of(shown) == approval.digest_of(dict(reversed(shown.items())))
    assert approval.digest_of(shown) != approval.digest_of({**shown, "lots": [{"number": 2, "title_zh": "电池"}]})

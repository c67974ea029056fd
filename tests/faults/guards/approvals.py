"""Guards of acts by two, and bids taken back."""

from tests.faults.planting import Fault

FAULTS = [
    Fault(
        guard="a request answered as changed is closed",
        file="techauction/services/approvals.py",
        original="        return ApprovalStale()\n",
        planted="        raise ApprovalStale from None\n",
        test="tests/services/test_stale_requests.py"
        "::test_a_request_answered_as_changed_is_closed_also_when_everything_is_as_it_was[sqlite]",
    ),
    Fault(
        guard="whoever asked does not approve",
        file="techauction/core/approval.py",
        original="    if by.id == request.asked_by.id:\n",
        planted="    if by.id == -request.asked_by.id:\n",
        test="tests/services/test_approvals.py::test_who_may_not_approve_changes_nothing[sqlite-ada-1-ApprovalOwn]",
    ),
    Fault(
        guard="a void needs another market",
        file="techauction/core/approval.py",
        original="    if request.act in OF_TWO_MARKETS and by.market == request.asked_by.market:\n",
        planted="    if request.act in OF_TWO_MARKETS and by.market is None:\n",
        test="tests/services/test_approvals.py::test_a_voided_bid_leaves_what_was_before_and_its_price_may_come_again[sqlite]",
    ),
    Fault(
        guard="what changed since it was shown is not approved",
        file="techauction/core/approval.py",
        original="    if digest != request.digest:\n",
        planted="    if not digest:\n",
        test="tests/services/test_approvals.py::test_what_changed_meanwhile_is_not_approved[sqlite]",
    ),
    Fault(
        guard="a request expires",
        file="techauction/core/approval.py",
        original="    if now >= request.expires_at:\n",
        planted="    if now > request.expires_at:\n",
        test="tests/services/test_approvals.py::test_who_may_not_approve_changes_nothing[sqlite-cy-15-ApprovalExpired]",
    ),
    Fault(
        guard="a request is decided once",
        file="techauction/core/approval.py",
        original="    if request.decision is not None:\n",
        planted="    if request.decision is Decision.DECLINED:\n",
        test="tests/services/test_approvals.py::test_two_who_approve_at_the_same_moment_do_it_once[sqlite]",
    ),
    Fault(
        guard="a bid is voided only while its lot stands still",
        file="techauction/core/voiding.py",
        original="    if lot.stage not in (Stage.PAUSED, Stage.INTERRUPTED):\n",
        planted="    if lot.stage is Stage.ENDED:\n",
        test="tests/core/test_voiding.py::test_a_lot_that_does_not_stand_still_keeps_its_bids[open]",
    ),
    Fault(
        guard="after a void the same price may be bid again",
        file="techauction/services/voiding.py",
        original="    lot.run += 1  # the same price may be bid again\n",
        planted="",
        test="tests/services/test_approvals.py::test_a_voided_bid_leaves_what_was_before_and_its_price_may_come_again[sqlite]",
    ),
    Fault(
        guard="a voided sale's postings are taken back",
        file="techauction/services/settlement.py",
        original="each.credit, each.amount)) for each in posted]\n",
        planted="each.credit, each.amount)) for each in list(posted)[1:]]\n",
        test="tests/services/test_approvals.py::test_a_voided_sale_is_settled_back[sqlite-before the close]",
    ),
    Fault(
        guard="no bid of a voided paddle stands again",
        file="techauction/services/deeds.py",
        original="    void.must_not_stand(session, lot, after)\n",
        planted="",
        test="tests/services/test_voiding.py::test_a_void_lets_no_bid_of_a_voided_paddle_stand_again[sqlite]",
    ),
    Fault(
        guard="a request does not outlive its asker's office",
        file="techauction/services/approvals.py",
        original="        _asker(session, row, asked.act, asked.asked_by_id)\n",
        planted="",
        test="tests/services/test_stale_requests.py::test_a_request_does_not_outlive_its_askers_office[sqlite-disabled]",
    ),
    Fault(
        guard="a match goes with the bid that it matched",
        file="techauction/core/voiding.py",
        original="    gone = {seq, *matches_of(last, seq)}\n",
        planted="    gone = {seq, *matches_of(last, seq)[:0]}\n",
        test="tests/core/test_voiding.py::test_the_matches_of_a_bid_are_voided_with_it",
    ),
]

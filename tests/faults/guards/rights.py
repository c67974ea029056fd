"""Guards of priority rights and instructions."""

from tests.faults.planting import Fault

FAULTS = [
    Fault(
        guard="a match needs a priority right",
        file="techauction/core/ascending.py",
        original="    if rank is None:\n        raise NoPriorityRight\n",
        planted="    rank = rank or 1\n",
        test="tests/core/test_ascending.py::test_a_match_that_may_not_be_is_refused",
    ),
    Fault(
        guard="of holders of one rank the first keeps the bid",
        file="techauction/core/ascending.py",
        original="standing.rank <= rank:",
        planted="standing.rank < rank:",
        test="tests/core/test_ascending.py::test_a_match_that_may_not_be_is_refused",
    ),
    Fault(
        guard="a match moves the close",
        file="techauction/core/ascending.py",
        original="    closes_at = lot.rules",
        planted="    closes_at = lot.closes_at if offer.matching else lot.rules",
        test="tests/core/test_ascending.py::test_a_match_moves_the_close_as_a_bid_does",
    ),
    Fault(
        guard="a waived priority right is none",
        file="techauction/services/group.py",
        original="None if waived_at is not None else rank",
        planted="rank",
        test="tests/services/test_priority.py::test_without_the_right_or_after_waiving_it_nobody_matches[sqlite]",
    ),
    Fault(
        guard="the record names the clerk of a floor bid",
        file="techauction/services/taking.py",
        original='"clerk": each.user_id',
        planted='"clerk": None',
        test="tests/services/test_priority.py::test_a_floor_bid_names_its_clerk_on_record[sqlite]",
    ),
    Fault(
        guard="a licence gives no priority right",
        file="techauction/core/priority.py",
        original="    if rank is not None and not may_be_held(instrument):\n",
        planted="    if rank == 0 and not may_be_held(instrument):\n",
        test="tests/services/test_priority.py"
        "::test_there_is_no_right_at_a_licence_and_one_from_before_can_be_taken_back[sqlite]",
    ),
    Fault(
        guard="an instruction keeps to its ceiling",
        file="techauction/core/instruction.py",
        original=" and each.ceiling >= least),",
        planted="),",
        test="tests/core/test_instruction.py::test_it_does_not_bid_over_its_ceiling",
    ),
    Fault(
        guard="of equal ceilings the earlier wins",
        file="techauction/core/instruction.py",
        original="    if reply > leading:\n",
        planted="    if reply > leading and not ceiling.minor:\n",
        test="tests/saleroom/test_model.py::test_the_core_sells_as_the_model_does",
    ),
    Fault(
        guard="equal ceilings end at the ceiling",
        file="techauction/core/instruction.py",
        original="    return (leading.paddle, least) if driven is None else (best.paddle, driven)\n",
        planted="    return None if driven is None else (best.paddle, driven)\n",
        test="tests/core/test_instruction.py::test_equal_ceilings_end_at_the_ceiling_with_the_earlier",
    ),
    Fault(
        guard="nobody but an instruction raises its own bid",
        file="techauction/core/ascending.py",
        original="(offer.defending and offer.amount == least)",
        planted="(offer.amount == least)",
        test="tests/core/test_instruction.py::test_a_leader_defends_its_lead_by_its_instruction_and_by_one_step_only",
    ),
    Fault(
        guard="a colleague's ceiling is not overwritten unseen",
        file="techauction/services/instructions.py",
        original="        must_be_as_seen(shown(before.ceiling if before is not None and counts else None), seen)\n",
        planted="        pass\n",
        test="tests/web/test_room.py::test_a_colleagues_ceiling_is_not_overwritten_unseen",
    ),
    Fault(
        guard="a colleague's ceiling is not withdrawn unseen",
        file="techauction/services/instructions.py",
        original="        must_be_as_seen(shown(row.ceiling), seen)\n",
        planted="        pass\n",
        test="tests/web/test_room.py::test_a_colleagues_ceiling_is_not_withdrawn_unseen",
    ),
    Fault(
        guard="a voided paddle's instruction bids no more",
        file="techauction/services/instructions.py",
        original=" if each.bidder.may_bid}",
        planted="}",
        test="tests/services/test_instructions.py::test_a_voided_paddles_instruction_bids_no_more[sqlite]",
    ),
    Fault(
        guard="an instruction bids no more once its user is disabled",
        file="techauction/services/instructions.py",
        original="            UserRow.disabled_at.is_(None),\n",
        planted="",
        test="tests/services/test_instructions.py::test_an_instruction_bids_no_more_once_its_user_is_disabled[sqlite]",
    ),
    Fault(
        guard="nothing on record tells a bid by instruction from another",
        file="techauction/services/instructions.py",
        original="confirmed=is_over(amount, price, lot.rules.collar),",
        planted="confirmed=True,",
        test="tests/services/test_instructions.py"
        "::test_nothing_tells_a_bid_by_instruction_from_one_by_hand_but_the_bidders_own_offer[sqlite]",
    ),
    Fault(
        guard="what was left before the opening comes before what is offered after it",
        file="techauction/services/bidding.py",
        original="    instructions.begin(locked, left, now, events, offers)\n",
        planted="",
        test="tests/services/test_instructions.py"
        "::test_an_instruction_left_before_the_opening_comes_before_an_offer_made_after_it[sqlite]",
    ),
]

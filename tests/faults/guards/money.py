"""Guards of money: sums, deposits, settlements, receipts."""

from tests.faults.planting import Fault

FAULTS = [
    Fault(
        guard="a bid needs its deposit",
        file="techauction/core/bidding.py",
        original="    if bidder.deposit_held < bidder.deposit_required:\n",
        planted="    if bidder.deposit_held.minor < 0:\n",
        test="tests/services/test_bidding.py::test_a_deposit_that_is_a_fen_short_buys_no_bid[sqlite]",
    ),
    Fault(
        guard="a settlement's sums add up",
        file="techauction/core/settlement.py",
        original="        due=payable - applied,\n",
        planted="        due=hammer_price - applied,\n",
        test="tests/core/test_settlement.py::test_what_the_buyer_pays_is_what_the_others_receive",
    ),
    Fault(
        guard="a lot has one case",
        file="migrations/versions/0001_first_tables.py",
        original='        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_cases")),\n',
        planted="",
        test="tests/store/test_scarcity.py::test_a_lot_has_one_case[sqlite]",
    ),
    Fault(
        guard="an amount that may mean two sums is refused",
        file="techauction/core/amount.py",
        original='            if not found["unit"] or decimals or (int(whole) + 1) * unit > over:\n',
        planted="            if unit > over:\n",
        test="tests/core/test_amount.py::test_what_may_mean_more_than_one_amount_is_refused_by_name",
    ),
    Fault(
        guard="zeros in a sum's capitals are said",
        file="techauction/core/capitals.py",
        original='("零" if zeros and said else "")',
        planted='""',
        test="tests/core/test_capitals.py::test_sums_are_written_as_the_rule_for_payment_papers_has_them",
    ),
    Fault(
        guard="commission over what the law allows is agreed, and said",
        file="techauction/core/terms.py",
        original="getattr(planned, side) > MOST_UNAGREED_BPS",
        planted="getattr(planned, side) > 10 * MOST_UNAGREED_BPS",
        test="tests/core/test_terms.py::test_what_is_unusual_needs_a_word",
    ),
    Fault(
        guard="the verifier asks whether what a deposit holds ever came",
        file="techauction/reports/accounting.py",
        original="(_balance(posted, bank.credit) >= left, True)",
        planted="(True, True)",
        test="tests/reports/test_record_of_sale.py"
        "::test_a_deposit_that_holds_what_never_came_is_found_before_the_close[sqlite]",
    ),
    Fault(
        guard="a deposit for a lot that has ended takes no money",
        file="techauction/services/settlement.py",
        original=".where(which, DepositRow.state.in_((DepositState.DUE, DepositState.HELD)))\n",
        planted=".where(which, DepositRow.state.in_((DepositState.DUE, DepositState.HELD)), DepositRow.held > ZERO)\n",
        test="tests/services/test_deposits.py::test_money_that_comes_after_a_lot_was_withdrawn_is_held_for_the_others[sqlite]",
    ),
    Fault(
        guard="a receipt with any header is refused in words",
        file="techauction/receipts.py",
        original='            kid = orjson.loads(_plain(header))["kid"]',
        planted='            kid = json.loads(_plain(header))["kid"]',
        test="tests/cli/test_receipts.py::test_a_receipt_with_any_header_is_refused_in_words",
    ),
    Fault(
        guard="a receipt is taken out of the answer that carries it",
        file="techauction/receipts.py",
        original='    if not text.lstrip().startswith("{"):',
        planted='    if not text.startswith("["):',
        test="tests/cli/test_receipts.py::test_the_whole_answer_to_a_bid_is_as_good_as_its_receipt",
    ),
    Fault(
        guard="a posting belongs to a sale or a deposit",
        file="techauction/reports/accounting.py",
        original="    return posted.what != _RELEASED and posted.lot_id not in books.settlements\n",
        planted="    return False\n",
        test="tests/reports/test_record_of_sale.py::test_a_posting_of_no_sale_is_found[sqlite]",
    ),
    Fault(
        guard="a paddle whose deposit is short does not count for the opening of a lot",
        file="techauction/store/admitting.py",
        original="            or_(DepositRow.id.is_(None), DepositRow.held >= DepositRow.required),\n",
        planted="",
        test="tests/web/test_desk.py::test_the_desk_warns_by_what_the_opening_decides",
    ),
    Fault(
        guard="what was bid for a lot that is void is in no count",
        file="techauction/queries/rounds.py",
        original="_sum(LotRow.bids, or_(OutcomeRow.ending.is_(None), OutcomeRow.ending.not_in(NOT_COUNTED)))",
        planted="_sum(LotRow.bids)",
        test="tests/web/test_counts.py::test_the_totals_of_a_round_are_those_of_its_report",
    ),
    Fault(
        guard="what was bid for a lot that is void is in no total of the settlement",
        file="techauction/reports/settlement.py",
        original="        bids=None if lot.ending in NOT_COUNTED else lot.bids,\n",
        planted="        bids=lot.bids,\n",
        test="tests/reports/test_settlement_signed.py::test_bids_on_a_lot_that_was_voided_are_in_no_total[sqlite]",
    ),
    Fault(
        guard="a settlement that is on its way is no difference of the books",
        file="techauction/reports/settlement.py",
        original="            if row.closed_at is None and lot.id not in kept and lot.id not in handed_off:\n",
        planted="            if not lot.id:\n",
        test="tests/reports/test_settlement_signed.py"
        "::test_a_sale_whose_settlement_is_on_its_way_is_no_difference_of_the_books[sqlite]",
    ),
    Fault(
        guard="money over what deposits need is in the settlement",
        file="techauction/reports/parties.py",
        original="        if over > ZERO:\n",
        planted="        if over < ZERO:\n",
        test="tests/reports/test_settlement_signed.py::test_money_over_what_deposits_need_is_to_go_back_until_it_went[sqlite]",
    ),
    Fault(
        guard="the checks hold each party's sheet to its account",
        file="techauction/reports/checks.py",
        original=", *_by_accounts(settlement)]",
        planted="]",
        test="tests/reports/test_settlement_signed.py::test_money_posted_to_another_is_a_difference",
    ),
]

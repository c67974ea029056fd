"""Guards of the record, and what the verifier finds in it."""

from tests.faults.planting import Fault

FAULTS = [
    Fault(
        guard="a hammer in spite of an absence is found",
        file="techauction/reports/absences.py",
        original="        if lost and kept.back_at <= event.at and not _was_set_back(kept, going_since, books):\n",
        planted="        if lost and kept.back_at < event.at - LEAST and not _was_set_back(kept, going_since, books):\n",
        test="tests/reports/test_record_of_sale.py"
        "::test_a_lot_that_was_hammered_though_nobody_could_bid_at_its_close_is_found[sqlite]",
    ),
    Fault(
        guard="an absence is passed over only by lots that have gone on since the clock was set back",
        file="techauction/reports/absences.py",
        original="any(step.is_after(gap) and step.to <= going_since for step in books.steps)",
        planted="any(step.is_after(gap) for step in books.steps)",
        test="tests/reports/test_absences.py::test_a_clock_that_was_set_back_after_the_hammer_hides_no_absence[sqlite]",
    ),
    Fault(
        guard="the verifier asks the audit whether the clock was set back after an absence",
        file="techauction/reports/record_of_sale.py",
        original="        absences.set_back(books),\n",
        planted="",
        test="tests/reports/test_absences.py::test_an_absence_is_not_believed_to_lie_before_a_step_of_which_nobody_knows[sqlite]",
    ),
    Fault(
        guard="a clock that was set back stands in the audit though no lot is open",
        file="techauction/services/pausing.py",
        original="    if paused or drift < timedelta(0):",
        planted="    if paused:",
        test="tests/reports/test_absences.py::test_a_lot_sold_after_the_clock_was_set_back_has_missed_nothing[sqlite]",
    ),
    Fault(
        guard="a closing round says what was refused at its lots",
        file="techauction/services/round_record.py",
        original="    append(session, row, [(RoundKind.ROUND_CLOSED, now, closed_with(chains))])\n",
        planted="    append(session, row, [(RoundKind.ROUND_CLOSED, now, closed_with({}))])\n",
        test="tests/reports/test_refused.py::test_what_was_refused_after_the_hammer_cannot_be_cut_off[sqlite]",
    ),
    Fault(
        guard="the closing round's word on what was refused is held against the chains",
        file="techauction/reports/refused.py",
        original="    if not _holds(heads, closed):\n",
        planted="    if closed.count < 0:\n",
        test="tests/reports/test_refused.py::test_what_was_refused_after_the_hammer_cannot_be_cut_off[sqlite]",
    ),
    Fault(
        guard="the round's record says when the round closed",
        file="techauction/reports/bindings.py",
        original="    if after.closed_at is not None:",
        planted="    if after.closed_at is None:",
        test="tests/reports/test_refused.py::test_a_round_closed_when_its_record_says[sqlite]",
    ),
    Fault(
        guard="a void of which somebody was told stands in the record",
        file="techauction/reports/record_of_sale.py",
        original="        told.voided(session, slug, voids),\n",
        planted="",
        test="tests/services/test_voiding.py::test_a_void_after_the_close_that_was_cut_off_is_found_by_who_was_told[sqlite]",
    ),
    Fault(
        guard="the chain's hash covers the amount",
        file="techauction/core/record.py",
        original='"amount_fen": None if self.amount is None else self.amount.minor,',
        planted='"amount_fen": None,',
        test="tests/core/test_record.py::test_every_part_of_an_event_is_in_its_digest",
    ),
    Fault(
        guard="a closed round's digest is that of its heads",
        file="techauction/services/opening.py",
        original="record.round_digest(row.slug, heads, head), record",
        planted="record.round_digest(row.slug, {}, head), record",
        test="tests/reports/test_record_of_sale.py::test_a_round_sold_by_the_rules_verifies[sqlite]",
    ),
    Fault(
        guard="the record has no gap",
        file="techauction/services/heads.py",
        original="seq=self.seq + 1,",
        planted="seq=self.seq + 2,",
        test="tests/saleroom/test_auctioneer.py::test_the_record_has_no_gap_and_each_row_carries_the_hash_before[sqlite]",
    ),
    Fault(
        guard="the verifier asks whether a priority right was held",
        file="techauction/reports/agreement.py",
        original="    if waived_at == at:\n",
        planted="    if waived_at is not None:\n",
        test="tests/services/test_priority.py::test_a_match_by_a_right_that_was_not_held_is_found[sqlite-changed2]",
    ),
    Fault(
        guard="the verifier asks which instructions called for a rise of the own bid",
        file="techauction/reports/agreement.py",
        original="not (offer.instructed and _defended(event, row, books))",
        planted="not offer.instructed",
        test="tests/services/test_instructions.py"
        "::test_a_rise_of_the_own_bid_that_no_other_instruction_called_for_is_found[sqlite-change0]",
    ),
    Fault(
        guard="the verifier compares opened offers with what was committed",
        file="techauction/core/unsealing.py",
        original="        if sealed_digest(here.name, each.paddle, each.amount, each.salt) != committed.get(each.seq):\n",
        planted="        if each.seq not in committed:\n",
        test="tests/core/test_unsealing.py::test_an_offer_that_was_not_committed_is_found",
    ),
    Fault(
        guard="a priority right may be waived until sealed offers are opened",
        file="techauction/reports/record_of_sale.py",
        original=", ranked_at=opened_at)",
        planted=")",
        test="tests/services/test_priority.py::test_a_right_counts_when_sealed_offers_are_opened[sqlite-True]",
    ),
    Fault(
        guard="the verifier asks whether the buyer's paddle was voided",
        file="techauction/reports/record_of_sale.py",
        original="    found += agreement.buyer(after, books)\n",
        planted="",
        test="tests/services/test_voiding.py::test_a_sale_to_a_voided_paddle_is_found[sqlite]",
    ),
    Fault(
        guard="the replay finds a lot withdrawn whose close had come",
        file="techauction/core/organized.py",
        original="        if lot.stage is Stage.OPEN and event.at >= lot.closes_at and not waits:\n",
        planted="        if lot.stage is Stage.OPEN and event.at < lot.opens_at and not waits:\n",
        test="tests/services/test_closing_early.py::test_a_lot_withdrawn_after_its_close_had_come_is_found[sqlite]",
    ),
    Fault(
        guard="the verifier asks who approved what needs two",
        file="techauction/reports/record_of_sale.py",
        original="    found += approved.by_two(events, row, books)\n",
        planted="",
        test="tests/services/test_stale_requests.py::test_an_act_that_nobody_approved_is_found[sqlite-decision]",
    ),
    Fault(
        guard="the verifier compares requests with what was shown",
        file="techauction/reports/record_of_sale.py",
        original="        approved.as_shown(books),\n",
        planted="",
        test="tests/reports/test_record_of_sale.py::test_a_request_that_was_shown_otherwise_is_found[sqlite]",
    ),
    Fault(
        guard="what is refused goes into the lot's chain",
        file="techauction/services/bidding.py",
        original="                head.refuse(row)\n",
        planted="                pass\n",
        test="tests/reports/test_refused.py::test_what_was_refused_stands_in_a_chain_that_opening_and_hammer_name[sqlite]",
    ),
    Fault(
        guard="the chain of what was refused goes on with the lot's row alone",
        file="techauction/services/heads.py",
        original="if head.refused and not head.changed])",
        planted="if head.refused and head.changed])",
        test="tests/reports/test_refused.py::test_an_offer_that_is_refused_goes_into_the_chain_though_nothing_else_changes[sqlite]",
    ),
    Fault(
        guard="the verifier computes the chain of what was refused anew",
        file="techauction/reports/refused.py",
        original="        if offer.digest(heads[-2]) != kept:\n",
        planted="        if not kept:\n",
        test="tests/reports/test_refused.py::test_a_refused_offer_that_was_changed_is_found[sqlite-amount]",
    ),
    Fault(
        guard="the hammer's word on what was refused is held against the chain",
        file="techauction/reports/refused.py",
        original="    if not _holds(heads, Chain(count, head)):\n",
        planted="    if count < 0:\n",
        test="tests/reports/test_refused.py::test_a_chain_computed_anew_is_not_the_one_that_the_hammer_named[sqlite]",
    ),
    Fault(
        guard="what was refused after the hammer stays after it",
        file="techauction/reports/refused.py",
        original="    before = [offer.lot_seq < event.seq for offer in chained]\n",
        planted="    before = [place < count for place in range(len(chained))]\n",
        test="tests/reports/test_refused.py::test_what_was_refused_after_the_hammer_cannot_be_moved_before_it[sqlite]",
    ),
    Fault(
        guard="a round whose rows cannot be read is a finding",
        file="techauction/reports/record_of_sale.py",
        original="""        _verify_all(session, slug, found, failures)
    except FAILS as error:
""",
        planted="""        _verify_all(session, slug, found, failures)
    except KeyError as error:
""",
        test="tests/reports/test_damage.py::test_a_damaged_value_is_a_finding_with_its_place[record-at-yesterday-1-2]",
    ),
    Fault(
        guard="a lot whose rows cannot be read is a finding",
        file="techauction/reports/record_of_sale.py",
        original="""        except FAILS as error:
            failures.append(error)
            found.append(_unreadable(f"{slug}/{lot.number}", error))
""",
        planted="""        except KeyError as error:
            failures.append(error)
            found.append(_unreadable(f"{slug}/{lot.number}", error))
""",
        test="tests/reports/test_damage.py::test_a_lot_that_cannot_be_read_keeps_no_other_from_being_verified",
    ),
    Fault(
        guard="a damaged value is told by its place",
        file="techauction/reports/record_of_sale.py",
        original="        found = blamed + found\n",
        planted="",
        test="tests/reports/test_damage.py::test_a_damaged_value_is_a_finding_with_its_place[record-at-yesterday-1-2]",
    ),
    Fault(
        guard="what the verifier says can be printed",
        file="techauction/reports/record_of_sale.py",
        original='.encode("utf-8", "backslashreplace").decode()',
        planted="",
        test="tests/reports/test_damage.py::test_half_a_character_can_be_printed",
    ),
    Fault(
        guard="one request, and no other, is that of an act by two",
        file="techauction/reports/approved.py",
        original="            if count != 1:\n",
        planted="            if not count:\n",
        test="tests/reports/test_record_of_sale.py::test_a_request_that_stands_twice_is_found[sqlite]",
    ),
    Fault(
        guard="a bid that was taken was not refused too",
        file="techauction/reports/agreement.py",
        original='            "whether it was refused": (offer.refused, False),\n',
        planted="",
        test="tests/reports/test_record_of_sale.py::test_a_bid_that_was_refused_too_is_found[sqlite]",
    ),
    Fault(
        guard="a void names the bid that it took back",
        file="techauction/core/organized.py",
        original='named not in ({}, {"bid_paddle": each.bid.paddle, "bid_fen": each.bid.amount.minor}):',
        planted="named is None:",
        test="tests/core/test_organized.py::test_a_void_that_names_another_bid_is_found",
    ),
]

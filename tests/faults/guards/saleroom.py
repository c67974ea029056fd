"""Guards of the saleroom: offers, stamps, closes and hammers."""

from tests.faults.planting import Fault

FAULTS = [
    Fault(
        guard="the auctioneer's clock is read after the lock",
        file="techauction/saleroom/auctioneer.py",
        original="""        with self._transaction(closes_only_later=True, hurried=hurried) as session:
            answers = take_bids(session, [each.asked for each in group], read_clock=self._clock, custody=self._custody)
""",
        planted="""        now = self._clock()
        with self._transaction(closes_only_later=True, hurried=hurried) as session:
            answers = take_bids(session, [each.asked for each in group], read_clock=lambda: now, custody=self._custody)
""",
        test="tests/saleroom/test_in_time.py"
        "::test_an_offer_that_waited_for_the_lock_over_the_close_stands_and_no_rival_buys_for_less[sqlite]",
    ),
    Fault(
        guard="an offer is stamped with its last byte",
        file="techauction/protocol.py",
        original="""    def on_message_complete(self) -> None:
""",
        planted="""    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if (arrived := self.app_state.get(ARRIVED)) is not None:
            arrived(self.cycle.scope)

    def never(self) -> None:
""",
        test="tests/saleroom/test_arrival.py::test_an_offer_arrives_with_its_last_byte[sqlite]",
    ),
    Fault(
        guard="an offer that is queued keeps its ticket",
        file="techauction/saleroom/auctioneer.py",
        original="        self.tickets.queue(ticket, lot_id)\n",
        planted="        self.tickets.end([ticket])\n",
        test="tests/saleroom/test_in_time.py::test_the_hammer_waits_for_more_offers_than_one_turn_takes[sqlite]",
    ),
    Fault(
        guard="the hammer waits for what was here before the close",
        file="techauction/saleroom/auctioneer.py",
        original="return here(lot_id, closes_at) or heard.awaits(lot_id, closes_at, now)",
        planted="return heard.awaits(lot_id, closes_at, now)",
        test="tests/saleroom/test_in_time.py::test_the_hammer_waits_for_an_offer_that_was_here_and_is_not_queued_yet[sqlite]",
    ),
    Fault(
        guard="the hammer waits for what other processes are behind with",
        file="techauction/saleroom/auctioneer.py",
        original="return here(lot_id, closes_at) or heard.awaits(lot_id, closes_at, now)",
        planted="return here(lot_id, closes_at)",
        test="tests/saleroom/test_several.py"
        "::test_the_hammer_waits_until_every_living_process_has_decided_what_was_here_before_the_close",
    ),
    Fault(
        guard="a round that cannot be closed keeps no other",
        file="techauction/saleroom/clerk.py",
        original="""                log.exception("closing_failed", round=round_id)
""",
        planted="                raise\n",
        test="tests/saleroom/test_stuck.py::test_a_round_that_cannot_be_closed_keeps_no_other_from_closing[sqlite]",
    ),
    Fault(
        guard="a lot that a process is behind with keeps no other",
        file="techauction/core/absence.py",
        original="return min(self.through, self.behind.get(lot_id, self.through))",
        planted="return self.of_all",
        test="tests/services/test_processes.py::test_a_lot_that_a_process_is_behind_with_keeps_no_other_lots_hammer",
    ),
    Fault(
        guard="stamp and ticket are made together",
        file="techauction/saleroom/tickets.py",
        original="""        with self._lock:
            ticket = Ticket(lot_id, self._clock(), self._epoch, until_s)
            self._open.add(ticket)
""",
        planted="""        ticket = Ticket(lot_id, self._clock(), self._epoch, until_s)
        with self._lock:
            self._open.add(ticket)
""",
        test="tests/saleroom/test_tickets.py::test_whoever_asks_between_stamp_and_ticket_waits_for_the_ticket",
    ),
    Fault(
        guard="an offer goes by its stamp",
        file="techauction/services/taking.py",
        original="    before, stamp = head.lot, each.stamp(now)\n",
        planted="    before, stamp = head.lot, now\n",
        test="tests/saleroom/test_in_time.py"
        "::test_an_offer_that_waited_for_the_lock_over_the_close_stands_and_no_rival_buys_for_less[sqlite]",
    ),
    Fault(
        guard="a bid nobody could see before the close extends it from the decision",
        file="techauction/services/taking.py",
        original="now if now >= before.closes_at else None\n",
        planted="None\n",
        test="tests/saleroom/test_in_time.py"
        "::test_an_offer_that_waited_for_the_lock_over_the_close_stands_and_no_rival_buys_for_less[sqlite]",
    ),
    Fault(
        guard="an instruction goes by its stamp",
        file="techauction/services/instructions.py",
        original="    stamp = now if received_at is None else min(received_at, now)\n",
        planted="    stamp = now\n",
        test="tests/saleroom/test_in_time.py::test_an_instruction_goes_by_when_it_was_here[sqlite]",
    ),
    Fault(
        guard="a bid of an instruction stands with what called for it",
        file="techauction/services/instructions.py",
        original="            received_at=called_at or head.last_at,\n",
        planted="            received_at=now,\n",
        test="tests/saleroom/test_in_time.py::test_a_bid_of_an_instruction_stands_with_the_bid_that_called_for_it[sqlite]",
    ),
    Fault(
        guard="nothing comes before what the database refused",
        file="techauction/saleroom/auctioneer.py",
        original="                    return group\n                else:\n",
        planted="                    return []\n                else:\n",
        test="tests/saleroom/test_in_time.py::test_what_the_database_refused_stays_first_in_the_queue[sqlite]",
    ),
    Fault(
        guard="who holds one lot holds up no other",
        file="techauction/saleroom/auctioneer.py",
        original="                    return self._take_by_lots(group)\n",
        planted="                    return group\n",
        test="tests/saleroom/test_held.py::test_who_holds_one_lot_over_the_close_holds_up_no_other",
    ),
    Fault(
        guard="no hammer waits for what the database never takes",
        file="techauction/saleroom/auctioneer.py",
        original="is_passing(error) and (tries_left or not raced):\n",
        planted="is_passing(error):\n",
        test="tests/saleroom/test_held.py"
        "::test_an_offer_that_the_database_refuses_for_ever_is_unknown_and_holds_up_no_hammer[23505]",
    ),
    Fault(
        guard="an act waits for the lot that somebody holds, and holds up no other",
        file="techauction/saleroom/auctioneer.py",
        original="            if is_held(error) and not _waited_long(act):\n",
        planted="            if act is None:\n",
        test="tests/saleroom/test_held.py::test_an_organizer_s_act_waits_for_the_lot_that_is_held_and_holds_up_no_other",
    ),
    Fault(
        guard="another process hears of an offer that is not decided",
        file="techauction/saleroom/tickets.py",
        original="        return Decided(min(now, of_any, *rest), {lot_id: stamp for stamp, lot_id in behind[:_NAMED]})\n",
        planted="        return Decided(now)\n",
        test="tests/saleroom/test_two_processes.py::test_one_s_hammer_waits_for_what_was_here_in_time_at_the_other",
    ),
    Fault(
        guard="who comes at the close is answered after the hammer",
        file="techauction/services/bidding.py",
        original="isinstance(refusal, LotClosed) and head.lot.waits_for_hammer:",
        planted="isinstance(refusal, bytes):",
        test="tests/saleroom/test_in_time.py::test_who_comes_at_the_close_bids_if_it_was_extended_meanwhile[sqlite]",
    ),
    Fault(
        guard="a group's clock is read after its lots are locked",
        file="techauction/services/bidding.py",
        original="""    locked = heads.lock(connection, {each.lot_id for each in asked})
    now = read_clock()
""",
        planted="""    now = read_clock()
    locked = heads.lock(connection, {each.lot_id for each in asked})
""",
        test="tests/services/test_bidding.py::test_the_clock_is_read_when_the_lots_are_locked",
    ),
    Fault(
        guard="a bid at the closing instant is late",
        file="techauction/core/bidding.py",
        original="    if now >= lot.closes_at:\n",
        planted="    if now > lot.closes_at:\n",
        test="tests/core/test_bidding.py::test_a_bid_at_the_closing_instant_is_late_and_one_microsecond_before_is_not",
    ),
    Fault(
        guard="a price stands once in a run",
        file="migrations/versions/0001_first_tables.py",
        original='            ["lot_id", "run", "amount"],\n            unique=True,\n',
        planted='            ["lot_id", "run", "amount"],\n            unique=False,\n',
        test="tests/store/test_scarcity.py::test_a_price_stands_once_in_a_run[sqlite]",
    ),
    Fault(
        guard="a key gets its first answer again",
        file="techauction/services/bidding.py",
        original="        known = answered.get((each.organisation_id, each.key))\n",
        planted="        known = answered.get((each.organisation_id, each.key, None))\n",
        test="tests/saleroom/test_auctioneer.py::test_the_same_key_again_gets_the_first_answer[sqlite]",
    ),
    Fault(
        guard="a voided paddle bids no more",
        file="techauction/core/bidding.py",
        original="    if bidder.paddle_voided:\n",
        planted="    if bidder.paddle_voided and not bidder.admitted:\n",
        test="tests/saleroom/test_auctioneer.py::test_a_voided_paddle_is_refused_at_its_next_offer[sqlite]",
    ),
    Fault(
        guard="the automatic close honours the reserve",
        file="techauction/services/hammer.py",
        original="    amount = None if reserve is None else reserve.reserve\n",
        planted="    amount = None\n",
        test="tests/saleroom/test_auctioneer.py::test_the_automatic_close_honours_the_reserve[sqlite]",
    ),
    Fault(
        guard="extensions stay under their cap",
        file="techauction/core/lot.py",
        original="return moved if self.cap is None else max(",
        planted="return moved if self.cap is None or closes_at > scheduled_closes_at else max(",
        test="tests/saleroom/test_model.py::test_the_core_sells_as_the_model_does",
    ),
    Fault(
        guard="bidders' acts leave room for organizers'",
        file="techauction/saleroom/auctioneer.py",
        original="        if not self._bidders_acts.acquire(blocking=False):\n",
        planted="        if not self._bidders_acts.acquire(blocking=False) and self._stopping:\n",
        test="tests/saleroom/test_auctioneer.py::test_bidders_acts_are_bounded_and_organizers_are_not[sqlite]",
    ),
    Fault(
        guard="a round closed early leaves lots whose close has come to the hammer",
        file="techauction/services/withdrawing.py",
        original="or not row.is_past_close(now)]",
        planted="or now]",
        test="tests/services/test_closing_early.py::test_lots_whose_close_has_come_are_left_to_the_hammer[sqlite-at the close]",
    ),
    Fault(
        guard="streams near a close beat often",
        file="techauction/saleroom/gallery.py",
        original="            told = self._everybody if beat % _BEATS == 0 else self._near_a_close()\n",
        planted="            told = self._everybody if beat % _BEATS == 0 else set()\n",
        test="tests/saleroom/test_paths.py::test_a_stream_near_a_close_beats_more_often[sqlite]",
    ),
    Fault(
        guard="an open page is told which bids were taken back",
        file="techauction/queries/live.py",
        original="found.get(row.seq)",
        planted="None",
        test="tests/web/test_voids.py::test_the_live_history_tells_what_an_event_took_back",
    ),
]

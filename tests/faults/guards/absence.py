"""Guards of pauses, and absences of the house and its clocks."""

from tests.faults.planting import Fault

FAULTS = [
    Fault(
        guard="a resume gives a full period",
        file="techauction/core/pausing.py",
        original="    left = max(lot.closes_at - stopped_at, lot.rules.extension.length)\n",
        planted="    left = lot.closes_at - stopped_at\n",
        test="tests/core/test_pausing.py::test_a_pause_in_the_timed_period_costs_nobody_a_second",
    ),
    Fault(
        guard="an absence over a close leaves the lot interrupted",
        file="techauction/saleroom/timekeeper.py",
        original="    if since is not None:\n",
        planted="    if since is not None and since > now:\n",
        test="tests/saleroom/test_auctioneer.py"
        "::test_a_process_that_was_away_across_a_close_leaves_the_lot_interrupted[sqlite]",
    ),
    Fault(
        guard="a beat that failed proves nothing",
        file="techauction/saleroom/timekeeper.py",
        original="        now, decided, gaps = self._perform(self._beat)\n        self.life.prove()\n",
        planted="        self.life.prove()\n        now, decided, gaps = self._perform(self._beat)\n",
        test="tests/saleroom/test_timekeeper.py::test_a_beat_that_failed_proves_nothing",
    ),
    Fault(
        guard="readiness asks whether the house can write",
        file="techauction/saleroom/readiness.py",
        original="        writes = self._writes.works()\n",
        planted="        writes = self._reads.works()\n",
        test="tests/saleroom/test_readiness.py::test_a_house_that_cannot_write_is_not_ready_until_it_can[sqlite]",
    ),
    Fault(
        guard="readiness tries to read and to write together",
        file="techauction/saleroom/readiness.py",
        original="        self._reads.begin()  # where both hang, they are waited for together\n",
        planted="",
        test="tests/saleroom/test_readiness.py::test_where_both_hang_they_are_tried_together[sqlite]",
    ),
    Fault(
        guard="readiness is tried once a second however often it is asked",
        file="techauction/saleroom/readiness.py",
        original="self._tried.done() and time.monotonic() - self._began_s >= EVERY_S",
        planted="self._tried.done()",
        test="tests/saleroom/test_readiness.py"
        "::test_an_idle_house_tries_to_write_once_a_second_however_often_it_is_asked[sqlite]",
    ),
    Fault(
        guard="of a lot that cannot be opened the organizers are told",
        file="techauction/saleroom/clerk.py",
        original="                self.tell(lot_ids[0], Duty.OPENING, error)\n",
        planted="",
        test="tests/saleroom/test_stuck.py"
        "::test_of_a_lot_that_cannot_be_opened_organizers_are_told_once_and_the_others_open[sqlite]",
    ),
    Fault(
        guard="an event loop that stands still proves nothing",
        file="techauction/saleroom/life.py",
        original="        if not self.answers:\n            return False\n",
        planted="",
        test="tests/saleroom/test_absence.py::test_an_absence_longer_than_the_gap_interrupts_the_lot[deaf-sqlite1]",
    ),
    Fault(
        guard="the hammer looks for an absence at the close",
        file="techauction/saleroom/auctioneer.py",
        original="    lost = absence.look(session, now=now, lot_ids=claimed)\n",
        planted="    lost: set[int] = set()\n",
        test="tests/saleroom/test_auctioneer.py::test_what_an_absence_does_to_a_lot_that_was_to_close[sqlite--9-0-prolonged]",
    ),
    Fault(
        guard="the hammer waits for what other processes have to decide",
        file="techauction/services/processes.py",
        original="        return self.silent(lot_id, closes_at) > 0 and now - closes_at < SILENCE\n",
        planted="        return False\n",
        test="tests/services/test_processes.py"
        "::test_a_hammer_falls_when_all_have_decided_what_was_here_before_the_close_or_were_silent_for_three_seconds"
        "[0-marks_s2-False-1]",
    ),
    Fault(
        guard="the house gives more time only for an absence at the close",
        file="techauction/core/absence.py",
        original="        return self.away_from < instant <= self.back_at\n",
        planted="        return self.away_from <= instant\n",
        test="tests/core/test_replay.py"
        "::test_the_house_gives_a_full_period_by_itself_only_for_an_absence_at_the_close[0-2-2-302-wrong3]",
    ),
    Fault(
        guard="a resume is answered by the instructions",
        file="techauction/services/pausing.py",
        original="    instructions.answer_all(session, [row.id for row in rows], now=now)\n",
        planted="",
        test="tests/services/test_instructions.py::test_an_instruction_left_during_a_pause_bids_after_the_resume[sqlite]",
    ),
    Fault(
        guard="a bid voided under a clock set back says by how much",
        file="techauction/services/record.py",
        original="    if kind in AFTER_A_STEP and lot.last_at is not None:\n",
        planted="    if kind is Kind.RESUMED:\n",
        test="tests/services/test_pausing.py::test_a_bid_voided_after_the_clock_was_set_back_says_by_how_much[sqlite]",
    ),
    Fault(
        guard="a request to resume is about one pause",
        file="techauction/services/deeds.py",
        original="{**_priced(lot), **_stopped(lot)}",
        planted="_priced(lot)",
        test="tests/services/test_stale_requests.py"
        "::test_a_request_to_resume_ends_the_pause_that_it_was_about_and_no_later_one[sqlite]",
    ),
]

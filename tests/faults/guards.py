"""For each guard of the house: how it would be missing, and the test that says so."""

from tests.faults.planting import Fault

_RESERVE_OF = (
    'str(__import__("sqlalchemy").inspect({row}).session.connection()'
    '.exec_driver_sql(f"SELECT amount FROM reserves WHERE lot_id = {{{row}.id}}").scalar())'
)

_OPENED_BOX_OF = (
    '(lambda connection: (lambda folder, kept: "" if kept is None or kept[0] is None else str('
    '__import__("techauction.custody", fromlist=["KeyRing"])'
    '.KeyRing(folder / "custody-public.json", folder / "custody-keys.json")'
    '.open(__import__("techauction.core.custody", fromlist=["Box"]).Box(*kept))["reserve_fen"]))('
    '__import__("pathlib").Path(connection.engine.url.database).parent, '
    'connection.exec_driver_sql(f"SELECT sealed, key_id FROM reserves WHERE lot_id = {{{row}.id}}").first()))'
    '(__import__("sqlalchemy").inspect({row}).session.connection())'
)
"""What would read a reserve out of its box before the hammer: the key is on the server, and only the hammer may use it."""

FAULTS = [
    Fault(
        guard="a round does not open before registration has ended",
        file="techauction/core/round.py",
        original="        if registration_closes_at is not None and now < registration_closes_at:\n",
        planted="        if False:\n",
        test="tests/core/test_round.py::test_a_round_opens_early_only_after_registration_and_deposits_have_ended",
    ),
    Fault(
        guard="a real round is not published by one press",
        file="techauction/web/organizer/rounds.py",
        original="    if page.head.rehearsal or field.data:\n",
        planted="    if True:\n",
        test="tests/web/test_organizer.py::test_a_real_round_is_published_and_called_off_only_on_purpose",
    ),
    Fault(
        guard="nothing is written into files that were removed",
        file="techauction/sqlite_files.py",
        original="        if not self.gone and self._present() != self._opened:\n",
        planted="        if False:\n",
        test="tests/test_db.py"
        "::test_nothing_is_written_once_a_file_of_the_database_was_removed_and_what_was_committed_is_saved[-wal-sqlite]",
    ),
    Fault(
        guard="what was committed into files that were removed is saved",
        file="techauction/db.py",
        original="                _save_what_is_committed(connection)\n",
        planted="",
        test="tests/test_db.py"
        "::test_nothing_is_written_once_a_file_of_the_database_was_removed_and_what_was_committed_is_saved[-wal-sqlite]",
    ),
    Fault(
        guard="a commit into files that were removed is no promise",
        file="techauction/db.py",
        original="                files.must_have_stood()\n",
        planted="                pass\n",
        test="tests/test_db.py::test_a_commit_into_a_wal_that_was_removed_is_unknown[sqlite]",
    ),
    Fault(
        guard="a checkpoint takes the write lock",
        file="techauction/db.py",
        original="        with _write_lock(engine), engine.connect() as connection:\n",
        planted="        with engine.connect() as connection:\n",
        test="tests/test_db.py::test_a_checkpoint_waits_for_the_writers_of_its_process[sqlite]",
    ),
    Fault(
        guard="a folder that takes nothing is said in a line",
        file="techauction/cli/instance.py",
        original="        if error.errno not in _DISK:\n",
        planted="        if True:\n",
        test="tests/cli/test_read_only.py::test_a_command_says_in_a_line_that_it_may_not_write[custody rotate-key]",
    ),
    Fault(
        guard="a notice without words is given up",
        file="techauction/jobs/sending.py",
        original="        if row.tries >= TRIES:\n",
        planted="        if False:\n",
        test="tests/jobs/test_sending.py::test_a_broken_notice_is_given_up_after_three_tries_and_silences_no_other[sqlite]",
    ),
    Fault(
        guard="a round file is bounded before it is parsed",
        file="techauction/bounds.py",
        original='    ("POST", re.compile(r"/api/v1/rounds"), MOST_BYTES),\n',
        planted='    ("POST", re.compile(r"/api/v1/rounds"), 2 * MOST_BYTES),\n',
        test="tests/api/test_loading.py::test_a_body_past_all_measure_is_refused[sqlite]",
    ),
    Fault(
        guard="of a list that is too long nothing is read",
        file="techauction/core/reading.py",
        original="""        if len(plain) > most:
            self.note(name, f"must have at most {most} entries, not {len(plain)}")
            return []
""",
        planted="",
        test="tests/services/test_loading.py::test_of_a_list_that_is_too_long_nothing_is_read",
    ),
    Fault(
        guard="admissions are counted before they are listed",
        file="techauction/core/admissible.py",
        original="        self.counted += len(self._every) - len(own)\n",
        planted="",
        test="tests/services/test_loading.py::test_few_words_cannot_come_to_endless_admissions",
    ),
    Fault(
        guard="a round is loaded in short steps",
        file="techauction/loads.py",
        original="    for step in load.steps(session):\n        _take(session, step)\n",
        planted="    with writing(session):\n        for step in load.steps(session):\n            step(session)\n",
        test="tests/test_loads.py::test_a_round_is_loaded_in_steps_between_which_others_write[sqlite]",
    ),
    Fault(
        guard="a round that is being loaded is no list's",
        file="techauction/store/loading.py",
        original="LOADED = RoundRow.loading_at.is_(None)\n",
        planted="LOADED = RoundRow.loading_at.is_(None) | RoundRow.loading_at.is_not(None)\n",
        test="tests/test_loads.py::test_no_list_shows_what_is_being_loaded[sqlite]",
    ),
    Fault(
        guard="an organisation that is being loaded is no list's",
        file="techauction/store/loading.py",
        original="HERE = OrganisationRow.loaded_with_id.is_(None) | ",
        planted="HERE = OrganisationRow.id.is_not(None) | ",
        test="tests/test_loads.py::test_no_list_shows_what_is_being_loaded[sqlite]",
    ),
    Fault(
        guard="a load that fails is swept at once",
        file="techauction/loads.py",
        original="  # if not now, a tick does it\n                    _sweep(session)\n",
        planted="\n                    pass\n",
        test="tests/test_loads.py::test_a_load_that_fails_is_swept_at_once[sqlite]",
    ),
    Fault(
        guard="an old database is whole without its WAL before that goes",
        file="techauction/cli/restoring.py",
        original="        _fold_wal(target)\n",
        planted="        pass\n",
        test="tests/cli/test_killed.py::test_a_restore_that_is_killed_leaves_the_old_state_or_the_new_one",
    ),
    Fault(
        guard="a restore that was killed is finished by the next command",
        file="techauction/cli/__init__.py",
        original="    finish_if_due(ctx.obj)\n",
        planted="",
        test="tests/cli/test_killed.py::test_a_restore_that_is_killed_leaves_the_old_state_or_the_new_one",
    ),
    Fault(
        guard="a backup's copy has no name",
        file="techauction/cli/archive.py",
        original="        Path(name).unlink()\n",
        planted="",
        test="tests/cli/test_killed.py::test_a_backup_that_is_killed_leaves_no_secrets",
    ),
    Fault(
        guard="the auctioneer's clock is read after the lock",
        file="techauction/saleroom/auctioneer.py",
        original="""        with self._transaction(closes_only_later=True) as session:
            answers = take_bids(session, [each.asked for each in group], read_clock=self._clock, custody=self._custody)
""",
        planted="""        now = self._clock()
        with self._transaction(closes_only_later=True) as session:
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
        original="among=among, awaits=awaited())",
        planted="among=among)",
        test="tests/saleroom/test_in_time.py::test_the_hammer_waits_for_an_offer_that_was_here_and_is_not_queued_yet[sqlite]",
    ),
    Fault(
        guard="stamp and ticket are made together",
        file="techauction/saleroom/tickets.py",
        original="""        with self._lock:
            ticket = Ticket(lot_id, self._clock(), self._epoch, until_s)
            self._open.add(ticket)
""",
        planted="""        ticket = Ticket(lot_id, self._clock(), self._epoch, until_s)
        time.sleep(0.001)
        with self._lock:
            self._open.add(ticket)
""",
        test="tests/saleroom/test_tickets.py::test_whoever_asks_after_a_close_sees_every_stamp_before_it",
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
        guard="a foreign lot takes no offer, and does not say that it is there",
        file="techauction/services/bidding.py",
        original="if head is None or not head.is_for(bidder):",
        planted="if head is None:",
        test="tests/saleroom/test_foreign.py::test_a_foreign_lot_is_answered_like_one_that_is_not_there[sqlite]",
    ),
    Fault(
        guard="a key does not tell of a foreign lot",
        file="techauction/services/keys.py",
        original="LotRow.id == lot_id, LISTED, visible_to(viewer))",
        planted="LotRow.id == lot_id, LISTED)",
        test="tests/saleroom/test_foreign.py::test_a_foreign_lot_is_answered_like_one_that_is_not_there[sqlite]",
    ),
    Fault(
        guard="a foreign lot is not watched",
        file="techauction/services/watching.py",
        original="LotRow.id == lot_id, LISTED, visible_to(viewer))",
        planted="LotRow.id == lot_id, LISTED)",
        test="tests/saleroom/test_foreign.py::test_a_foreign_lot_is_answered_like_one_that_is_not_there[sqlite]",
    ),
    Fault(
        guard="a copy's history is not told as a public lot's is",
        file="techauction/saleroom/paths.py",
        original="if each.of_copy is of_copy]",
        planted="]",
        test="tests/saleroom/test_foreign.py::test_a_foreign_lot_is_answered_like_one_that_is_not_there[sqlite]",
    ),
    Fault(
        guard="no instruction is left at a foreign lot",
        file="techauction/services/heads.py",
        original="return self.announced and (bidder is not None or not self.of_copy)",
        planted="return True",
        test="tests/saleroom/test_foreign.py::test_no_act_of_a_bidder_finds_a_foreign_lot[sqlite-place-draft]",
    ),
    Fault(
        guard="an offer without a database is unknown",
        file="techauction/saleroom/offers.py",
        original="            await refuse(self._app, scope, send, OfferUnknown())\n        return True\n",
        planted="            raise\n        return True\n",
        test="tests/saleroom/test_away.py::test_without_the_database_every_path_says_so_in_its_own_way[sqlite]",
    ),
    Fault(
        guard="what breaks on a live path is a problem",
        file="techauction/saleroom/paths.py",
        original="            await refuse(self._app, scope, send, Unavailable() if away else Broken())\n",
        planted="            raise\n",
        test="tests/saleroom/test_away.py::test_what_breaks_on_a_live_path_is_a_problem_too[sqlite]",
    ),
    Fault(
        guard="a page without a database says so",
        file="techauction/web/errors.py",
        original="DatabaseAway() if away else ",
        planted="",
        test="tests/saleroom/test_away.py::test_without_the_database_every_path_says_so_in_its_own_way[sqlite]",
    ),
    Fault(
        guard="no thread waits for a body",
        file="techauction/bridge.py",
        original="            message = await receive()\n",
        planted="""            loop = asyncio.get_running_loop()
            message = await loop.run_in_executor(
                self._threads, lambda: asyncio.run_coroutine_threadsafe(receive(), loop).result()
            )
""",
        test="tests/test_doors.py::test_a_crowd_that_sends_half_a_request_keeps_nobody_from_a_page[body]",
    ),
    Fault(
        guard="no thread waits for a reader, and a reader is not waited for without end",
        file="techauction/protocol.py",
        original="        super().pause_writing()\n        self._settle()\n",
        planted="        super().pause_writing()\n",
        test="tests/test_bridge.py::test_who_takes_nothing_of_an_answer_holds_no_thread_and_is_given_up_in_the_end",
    ),
    Fault(
        guard="a body over the bound of its path is refused before it comes",
        file="techauction/bridge.py",
        original="(announced := int(said)) > most",
        planted="(announced := int(said)) < 0",
        test="tests/test_doors.py::test_a_body_that_is_announced_too_large_is_refused_before_it_comes[POST-/account/sign-in]",
    ),
    Fault(
        guard="a body that nobody announced is counted",
        file="techauction/bridge.py",
        original="            if size > most:\n",
        planted="            if size < 0:\n",
        test="tests/test_doors.py::test_a_body_that_grows_too_large_is_refused[POST-/account/sign-in]",
    ),
    Fault(
        guard="a head has a bound",
        file="techauction/protocol.py",
        original="and self._head_bytes() > self.patience.head_bytes:",
        planted="and self._head_bytes() < 0:",
        test="tests/test_doors.py::test_a_head_has_its_bound_in_one_piece_and_in_many[66000-431-1]",
    ),
    Fault(
        guard="a head without end is not taken",
        file="techauction/protocol.py",
        original="and self._split and self.received > self.patience.head_bytes:",
        planted="and self._split and self.received < 0:",
        test="tests/test_doors.py::test_a_head_without_end_is_not_taken[part1]",
    ),
    Fault(
        guard="a connection that sends nothing is ended",
        file="techauction/protocol.py",
        original="        self._door.lead(self, Room.SILENT)\n",
        planted="",
        test="tests/test_doors.py::test_who_sends_half_a_request_is_waited_for_only_so_long[nothing-patience0-0]",
    ),
    Fault(
        guard="blank lines keep no connection open",
        file="techauction/doorkeeper.py",
        original="            Room.IDLE: patience.idle_s,\n",
        planted="",
        test="tests/test_doors.py::test_blank_lines_keep_no_connection_open",
    ),
    Fault(
        guard="a body has a least pace",
        file="techauction/doorkeeper.py",
        original="received < patience.pace * (taken_s - patience.grace_s)",
        planted="received < 0",
        test="tests/test_doors.py::test_a_body_that_comes_too_slowly_is_waited_for_no_more",
    ),
    Fault(
        guard="of too many unfinished requests the oldest goes",
        file="techauction/doorkeeper.py",
        original="            _, room, connection = min(first, key=lambda each: each[0])\n",
        planted="            _, room, connection = max(first, key=lambda each: each[0])\n            return\n",
        test="tests/test_doors.py::test_of_too_many_unfinished_requests_the_oldest_goes_and_the_quick_are_answered",
    ),
    Fault(
        guard="an answer over HTTP/1.0 is not in chunks",
        file="techauction/protocol.py",
        original='== "1.0":\n',
        planted='== "0.9":\n',
        test="tests/test_doors.py::test_a_stream_over_http_1_0_is_not_in_chunks_and_ends_with_the_connection",
    ),
    Fault(
        guard="a key gets its first answer again",
        file="techauction/services/bidding.py",
        original="        known = answered.get((each.organisation_id, each.key))\n",
        planted="        known = answered.get((each.organisation_id, each.key, None))\n",
        test="tests/saleroom/test_auctioneer.py::test_the_same_key_again_gets_the_first_answer[sqlite]",
    ),
    Fault(
        guard="a sign-in is asked for again in the transaction",
        file="techauction/services/bidding.py",
        original="each.session_id not in signed_in:",
        planted="not each.session_id:",
        test="tests/services/test_bidding.py::test_the_transaction_asks_again_whether_a_sign_in_holds",
    ),
    Fault(
        guard="a token is asked for again in the transaction",
        file="techauction/services/bidding.py",
        original="each.token_id not in holding:",
        planted="not each.token_id:",
        test="tests/services/test_bidding.py::test_the_transaction_asks_again_whether_a_token_holds",
    ),
    Fault(
        guard="a bid needs its deposit",
        file="techauction/core/bidding.py",
        original="    if bidder.deposit_held < bidder.deposit_required:\n",
        planted="    if bidder.deposit_held.minor < 0:\n",
        test="tests/services/test_bidding.py::test_a_deposit_that_is_a_fen_short_buys_no_bid[sqlite]",
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
        original="        now, through, gaps = self._perform(self._beat)\n        self.life.prove()\n",
        planted="        self.life.prove()\n        now, through, gaps = self._perform(self._beat)\n",
        test="tests/saleroom/test_absence.py::test_an_absence_longer_than_the_gap_interrupts_the_lot[locked-sqlite1]",
    ),
    Fault(
        guard="an event loop that stands still proves nothing",
        file="techauction/saleroom/life.py",
        original="        if not self.answers:\n            return\n",
        planted="",
        test="tests/saleroom/test_absence.py::test_an_absence_longer_than_the_gap_interrupts_the_lot[deaf-sqlite1]",
    ),
    Fault(
        guard="the hammer looks for an absence at the close",
        file="techauction/saleroom/auctioneer.py",
        original="    lost = absence.look(session, now=now, lot_ids=claimed)\n",
        planted="    lost: set[int] = set()\n",
        test="tests/saleroom/test_auctioneer.py::test_what_an_absence_does_to_a_lot_that_was_to_close[-9-0-prolonged-sqlite]",
    ),
    Fault(
        guard="the hammer waits for what other processes have to decide",
        file="techauction/services/processes.py",
        original="        return max(min((now, *self.marks)), now - SILENCE)\n",
        planted="        return now\n",
        test="tests/services/test_processes.py"
        "::test_a_hammer_falls_when_all_have_decided_what_was_here_before_the_close_or_were_silent_for_three_seconds"
        "[0-marks_s2-False-1]",
    ),
    Fault(
        guard="a hammer in spite of an absence is found",
        file="techauction/reports/absences.py",
        original="        if lost and kept.back_at <= event.at and not kept.set_back:\n",
        planted="        if lost and kept.back_at < event.at - LEAST and not kept.set_back:\n",
        test="tests/reports/test_record_of_sale.py"
        "::test_a_lot_that_was_hammered_though_nobody_could_bid_at_its_close_is_found[sqlite]",
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
        guard="the chain's hash covers the amount",
        file="techauction/core/record.py",
        original='"amount_fen": None if self.amount is None else self.amount.minor,',
        planted='"amount_fen": None,',
        test="tests/core/test_record.py::test_every_part_of_an_event_is_in_its_digest",
    ),
    Fault(
        guard="a closed round's digest is that of its heads",
        file="techauction/services/opening.py",
        original="    row.digest = record.round_digest(row.slug, heads)\n",
        planted="    row.digest = record.round_digest(row.slug, {})\n",
        test="tests/reports/test_record_of_sale.py::test_a_round_sold_by_the_rules_verifies[sqlite]",
    ),
    Fault(
        guard="the live path asks for the sign-in's own CSRF token",
        file="techauction/saleroom/callers.py",
        original="        if not identity.csrf_is_good(self._app, cookie, token):\n",
        planted="        if not identity.csrf_is_good(self._app, cookie, token) and not cookie:\n",
        test="tests/saleroom/test_paths.py::test_an_offer_without_the_sign_ins_own_token_is_refused[sqlite]",
    ),
    Fault(
        guard="a blueprint has its gate",
        file="techauction/web/auditor/records.py",
        original="bp.before_request(only(Role.AUDITOR, Role.ADMINISTRATOR))\n",
        planted="",
        test="tests/web/test_gates.py::test_every_url_is_gated_or_known_to_be_public",
    ),
    Fault(
        guard="another institute's result is not found",
        file="techauction/queries/institute.py",
        original=".where(LotRow.id == lot_id, ResultRow.institute_id == institute_id, ",
        planted=".where(LotRow.id == lot_id, ",
        test="tests/web/test_institute.py::test_another_institutes_result_is_not_there",
    ),
    Fault(
        guard="another bidder's key is not found",
        file="techauction/services/keys.py",
        original="OfferRow.organisation_id == organisation_id, OfferRow.key == key, OfferRow.lot_id == lot_id",
        planted="OfferRow.key == key, OfferRow.lot_id == lot_id",
        test="tests/saleroom/test_paths.py::test_a_key_is_its_bidders_own[sqlite]",
    ),
    Fault(
        guard="no live state tells a reserve",
        file="techauction/queries/live.py",
        original="        reason=row.stop_reason,\n",
        planted=f"        reason={_OPENED_BOX_OF.format(row='row')},\n",
        test="tests/web/test_secrets.py::test_no_live_path_tells_a_reserve",
    ),
    Fault(
        guard="no page tells a reserve",
        file="techauction/queries/lot.py",
        original="        owners=lot.result.owners,\n",
        planted=f"        owners={_RESERVE_OF.format(row='lot')},\n",
        test="tests/web/test_catalogue.py::test_a_lots_page_says_only_that_there_is_a_reserve",
    ),
    Fault(
        guard="a settlement's sums add up",
        file="techauction/core/settlement.py",
        original="        due=payable - applied,\n",
        planted="        due=hammer_price - applied,\n",
        test="tests/core/test_settlement.py::test_what_the_buyer_pays_is_what_the_others_receive",
    ),
    Fault(
        guard="the record has no gap",
        file="techauction/services/heads.py",
        original="seq=self.seq + 1,",
        planted="seq=self.seq + 2,",
        test="tests/saleroom/test_auctioneer.py::test_the_record_has_no_gap_and_each_row_carries_the_hash_before[sqlite]",
    ),
    Fault(
        guard="a lot has one case",
        file="migrations/versions/0001_first_tables.py",
        original='        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_cases")),\n',
        planted="",
        test="tests/store/test_scarcity.py::test_a_lot_has_one_case[sqlite]",
    ),
    Fault(
        guard="SQLite's write lock is held from the beginning",
        file="techauction/db.py",
        original='"BEGIN IMMEDIATE" if immediate else "BEGIN"',
        planted='"BEGIN"',
        test="tests/test_db.py::test_a_write_transaction_holds_the_lock_before_its_first_statement[sqlite]",
    ),
    Fault(
        guard="writers of a process go one at a time",
        file="techauction/db.py",
        original="    with write_lock(session):\n",
        planted="    with nullcontext():\n",
        test="tests/test_db.py::test_writers_of_a_process_wait_for_each_other_and_not_for_sqlite[sqlite]",
    ),
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
        guard="the verifier asks whether a priority right was held",
        file="techauction/reports/agreement.py",
        original="    if waived_at == at:\n",
        planted="    if waived_at is not None:\n",
        test="tests/services/test_priority.py::test_a_match_by_a_right_that_was_not_held_is_found[sqlite-changed2]",
    ),
    Fault(
        guard="the record names the clerk of a floor bid",
        file="techauction/services/taking.py",
        original='"clerk": each.user_id',
        planted='"clerk": None',
        test="tests/services/test_priority.py::test_a_floor_bid_names_its_clerk_on_record[sqlite]",
    ),
    Fault(
        guard="a request answered as changed is closed",
        file="techauction/services/approvals.py",
        original="        return ApprovalStale()\n",
        planted="        raise ApprovalStale from None\n",
        test="tests/services/test_stale_requests.py"
        "::test_a_request_answered_as_changed_is_closed_also_when_everything_is_as_it_was[sqlite]",
    ),
    Fault(
        guard="an offer that says a name twice is refused",
        file="techauction/saleroom/answers.py",
        original='body.count(b":") == len(value)',
        planted='body.count(b":") >= len(value)',
        test="tests/saleroom/test_paths.py::test_an_offer_that_says_a_name_twice_is_refused_by_name",
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
        guard="a draft is not kept without the words it needs",
        file="techauction/services/rounds.py",
        original="    _must_be_said(planned)\n    try:",
        planted="    try:",
        test="tests/web/test_organizer.py::test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept",
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
        guard="a credit code that does not check needs its market's yes",
        file="techauction/services/registration.py",
        original="        registration.must_be_seen(row.credit_code, seen=licence_seen)\n",
        planted="",
        test="tests/services/test_registration.py::test_a_code_that_does_not_check_waits_for_its_markets_explicit_yes[sqlite]",
    ),
    Fault(
        guard="an odd increment is asked again",
        file="techauction/web/institute/result_form.py",
        original=" and not self.odd_increment.data:",
        planted=" and self.odd_increment.data:",
        test="tests/web/test_institute.py::test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept",
    ),
    Fault(
        guard="a draft that another changed is not overwritten",
        file="techauction/services/rounds.py",
        original="    must_be_as_seen(values_of(row.planned()), seen)\n",
        planted="",
        test="tests/web/test_editing.py::test_the_second_is_shown_what_the_first_changed_and_then_decides[RoundForm]",
    ),
    Fault(
        guard="what a market accepts is what it was shown",
        file="techauction/services/consigning.py",
        original="    must_be_as_seen(values_of(row.result.as_described(), row.terms()), seen)\n\n    row.number",
        planted="    row.number",
        test="tests/web/test_editing.py::test_what_is_accepted_is_what_was_shown",
    ),
    Fault(
        guard="a form without marks agrees with nothing",
        file="techauction/core/seen.py",
        original="if seen.get(name) != mark)",
        planted="if seen.get(name, mark) != mark)",
        test="tests/web/test_editing.py::test_without_marks_of_what_was_shown_nothing_is_changed",
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
        guard="the verifier asks which instructions called for a rise of the own bid",
        file="techauction/reports/agreement.py",
        original="not (offer.instructed and _defended(event, row, books))",
        planted="not offer.instructed",
        test="tests/services/test_instructions.py"
        "::test_a_rise_of_the_own_bid_that_no_other_instruction_called_for_is_found[sqlite-change0]",
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
        guard="voiding a paddle does not tell who made a sealed offer",
        file="techauction/services/admission.py",
        original="if lot.format is Format.SEALED]",
        planted="if lot.standing_paddle == paddle.number]",
        test="tests/saleroom/test_sealed.py"
        "::test_whether_a_paddle_may_be_voided_does_not_tell_whether_it_made_a_sealed_offer[sqlite]",
    ),
    Fault(
        guard="bidders' acts leave room for organizers'",
        file="techauction/saleroom/auctioneer.py",
        original="        if not self._bidders_acts.acquire(blocking=False):\n",
        planted="        if not self._bidders_acts.acquire(blocking=False) and self._stopping:\n",
        test="tests/saleroom/test_auctioneer.py::test_bidders_acts_are_bounded_and_organizers_are_not[sqlite]",
    ),
    Fault(
        guard="a resume is answered by the instructions",
        file="techauction/services/pausing.py",
        original="    instructions.answer_all(session, [row.id for row in rows], now=now)\n",
        planted="",
        test="tests/services/test_instructions.py::test_an_instruction_left_during_a_pause_bids_after_the_resume[sqlite]",
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
        guard="a bid voided under a clock set back says by how much",
        file="techauction/services/record.py",
        original="    if kind in AFTER_A_STEP and lot.seq:\n",
        planted="    if kind is Kind.RESUMED:\n",
        test="tests/services/test_pausing.py::test_a_bid_voided_after_the_clock_was_set_back_says_by_how_much[sqlite]",
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
        guard="a paddle of another round does not bid from the floor",
        file="techauction/services/floor.py",
        original="PaddleRow.round_id == round_id, PaddleRow.number == paddle",
        planted="PaddleRow.number == paddle",
        test="tests/web/test_floor.py::test_what_cannot_be_taken_is_said_and_nothing_changes[of another round]",
    ),
    Fault(
        guard="a reserve stands in its box alone",
        file="techauction/services/reserves.py",
        original='        "amount": None,\n        "salt": None,\n',
        planted='        "amount": reserve,\n        "salt": salt,\n',
        test="tests/services/test_reserves.py::test_a_sealed_reserve_stands_nowhere_but_in_its_box[sqlite]",
    ),
    Fault(
        guard="a box is believed only if it holds what was committed",
        file="techauction/services/reserves.py",
        original="    if commitment(sealed_as(row.lot_id), found.reserve, found.salt) != row.commitment:\n",
        planted="    if not row.commitment:\n",
        test="tests/services/test_reserves.py::test_a_box_that_holds_something_else_is_not_believed[sqlite]",
    ),
    Fault(
        guard="what is entered again is what was committed",
        file="techauction/services/reserves.py",
        original='    if commitment(str(said["sealed_as"]), reserve, salt) != said["commitment"]:\n',
        planted='    if not said["commitment"]:\n',
        test="tests/services/test_reserves.py::test_what_was_not_committed_cannot_be_entered[sqlite-wrong0]",
    ),
    Fault(
        guard="boxes are of one length",
        file="techauction/custody.py",
        original="encrypt(said.ljust(_PADDED))",
        planted="encrypt(said)",
        test="tests/test_custody.py::test_boxes_are_of_one_length_and_never_alike",
    ),
    Fault(
        guard="a lot whose key is missing waits",
        file="techauction/services/hammer.py",
        original="            waiting.append(lot_id)\n            continue\n",
        planted="            reserve = None\n",
        test="tests/services/test_reserves.py::test_without_its_key_a_lot_waits_and_takes_no_bid[sqlite]",
    ),
    Fault(
        guard="nothing sealed is opened before the close",
        file="techauction/services/hammer.py",
        original="        hammer.must_be_due(head.lot, now)\n",
        planted="",
        test="tests/services/test_reserves.py::test_a_hammer_before_the_close_opens_nothing[sqlite]",
    ),
    Fault(
        guard="a sealed offer's sum is in its box alone",
        file="techauction/services/sealing.py",
        original='    return row | {"amount": None, "confirmed": False, ',
        planted="    return row | {",
        test="tests/saleroom/test_sealed.py::test_before_the_close_no_row_tells_a_sum_or_who_offered_in_the_record[sqlite]",
    ),
    Fault(
        guard="a refusal that tells a sealed sum is not kept",
        file="techauction/services/sealing.py",
        original="    if isinstance(answer, sealed.TELLING):\n",
        planted="    if isinstance(answer, str):\n",
        test="tests/saleroom/test_sealed.py::test_of_an_offer_refused_for_its_sum_nothing_is_kept[sqlite]",
    ),
    Fault(
        guard="sealed offers are opened all or none",
        file="techauction/services/sealing.py",
        original="    if len(offers) != head.bids:\n",
        planted="    if not head.bids:\n",
        test="tests/saleroom/test_sealed.py::test_a_box_that_is_gone_or_another_keeps_the_hammer_up[sqlite-deleted]",
    ),
    Fault(
        guard="the verifier compares opened offers with what was committed",
        file="techauction/core/unsealing.py",
        original="        if sealed_digest(here.name, each.paddle, each.amount, each.salt) != committed.get(each.seq):\n",
        planted="        if each.seq not in committed:\n",
        test="tests/core/test_unsealing.py::test_an_offer_that_was_not_committed_is_found",
    ),
    Fault(
        guard="a tie goes to the priority right",
        file="techauction/core/sealed.py",
        original="self.rank is not None, -(self.rank or 0), -self.seq)",
        planted="False, 0, -self.seq)",
        test="tests/core/test_sealed.py::test_the_highest_wins_then_the_better_rank_then_the_earlier",
    ),
    Fault(
        guard="a priority right may be waived until sealed offers are opened",
        file="techauction/reports/record_of_sale.py",
        original=", ranked_at=opened_at)",
        planted=")",
        test="tests/services/test_priority.py::test_a_right_counts_when_sealed_offers_are_opened[sqlite-True]",
    ),
    Fault(
        guard="nothing of a sealed lot can be matched",
        file="techauction/core/sealed.py",
        original="    if offer.matching:\n",
        planted="    if offer.matching and lot.standing is not None:\n",
        test="tests/core/test_sealed.py::test_nothing_stands_that_a_holder_could_match",
    ),
    Fault(
        guard="a lot that waits for its key takes no bid, whatever another clock says",
        file="techauction/services/heads.py",
        original="            held=key_missing_at is not None,\n",
        planted="",
        test="tests/services/test_reserves.py"
        "::test_a_lot_that_waits_for_its_key_stays_closed_whatever_another_clock_says[sqlite]",
    ),
    Fault(
        guard="no bid of a voided paddle stands again",
        file="techauction/services/deeds.py",
        original="    void.must_not_stand(session, lot, after)\n",
        planted="",
        test="tests/services/test_voiding.py::test_a_void_lets_no_bid_of_a_voided_paddle_stand_again[sqlite]",
    ),
    Fault(
        guard="the verifier asks whether the buyer's paddle was voided",
        file="techauction/reports/record_of_sale.py",
        original="    found += agreement.buyer(after, books)\n",
        planted="",
        test="tests/services/test_voiding.py::test_a_sale_to_a_voided_paddle_is_found[sqlite]",
    ),
    Fault(
        guard="a round closed early leaves lots whose close has come to the hammer",
        file="techauction/services/withdrawing.py",
        original="or not row.is_past_close(now)]",
        planted="or now]",
        test="tests/services/test_closing_early.py::test_lots_whose_close_has_come_are_left_to_the_hammer[sqlite-at the close]",
    ),
    Fault(
        guard="the replay finds a lot withdrawn whose close had come",
        file="techauction/core/organized.py",
        original="        if lot.stage is Stage.OPEN and event.at >= lot.closes_at and not waits:\n",
        planted="        if lot.stage is Stage.OPEN and event.at < lot.opens_at and not waits:\n",
        test="tests/services/test_closing_early.py::test_a_lot_withdrawn_after_its_close_had_come_is_found[sqlite]",
    ),
    Fault(
        guard="a request to resume is about one pause",
        file="techauction/services/deeds.py",
        original="{**_priced(lot), **_stopped(lot)}",
        planted="_priced(lot)",
        test="tests/services/test_stale_requests.py"
        "::test_a_request_to_resume_ends_the_pause_that_it_was_about_and_no_later_one[sqlite]",
    ),
    Fault(
        guard="a request does not outlive its asker's office",
        file="techauction/services/approvals.py",
        original="        _asker(session, row, asked.act, asked.asked_by_id)\n",
        planted="",
        test="tests/services/test_stale_requests.py::test_a_request_does_not_outlive_its_askers_office[sqlite-disabled]",
    ),
    Fault(
        guard="the verifier asks who approved what needs two",
        file="techauction/reports/record_of_sale.py",
        original="    found += approved.by_two(events, row, books)\n",
        planted="",
        test="tests/services/test_stale_requests.py::test_an_act_that_nobody_approved_is_found[sqlite-decision]",
    ),
    Fault(
        guard="a match goes with the bid that it matched",
        file="techauction/core/voiding.py",
        original="    gone = {seq, *matches_of(last, seq)}\n",
        planted="    gone = {seq, *matches_of(last, seq)[:0]}\n",
        test="tests/core/test_voiding.py::test_the_matches_of_a_bid_are_voided_with_it",
    ),
    Fault(
        guard="what was left before the opening comes before what is offered after it",
        file="techauction/services/bidding.py",
        original="    instructions.begin(locked, left, now, events, offers)\n",
        planted="",
        test="tests/services/test_instructions.py"
        "::test_an_instruction_left_before_the_opening_comes_before_an_offer_made_after_it[sqlite]",
    ),
    Fault(
        guard="the verifier compares requests with what was shown",
        file="techauction/reports/record_of_sale.py",
        original="        found += approved.as_shown(books)\n",
        planted="",
        test="tests/reports/test_record_of_sale.py::test_a_request_that_was_shown_otherwise_is_found[sqlite]",
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
        guard="the answer to a HEAD has no body",
        file="techauction/saleroom/paths.py",
        original="""        if scope["method"] == "HEAD":  # a body would be taken for the next answer on the connection
""",
        planted="""        if scope["method"] == "HEADS":
""",
        test="tests/saleroom/test_paths.py"
        "::test_a_head_is_answered_without_a_body_and_leaves_the_connection_good[sqlite-/saleroom/live?lots={lot}]",
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
        guard="a password is counted before it is looked at",
        file="techauction/web/account/trying.py",
        original="""    with transaction() as session:
        counted = tries.begin(session, attempt, enforced=settings.rate_limits, now=now())
    if passwords(settings).match(None if of is None else of.password_hash, password):
        return attempt
""",
        planted="""    if passwords(settings).match(None if of is None else of.password_hash, password):
        return attempt
    with transaction() as session:
        counted = tries.begin(session, attempt, enforced=settings.rate_limits, now=now())
""",
        test="tests/web/test_security.py::test_guessing_passwords_of_one_name_is_slowed_down",
    ),
    Fault(
        guard="a header's name with underscores is nobody's word",
        file="techauction/bridge.py",
        original='        if b"_" in raw_name:',
        planted='        if b"__" in raw_name:',
        test="tests/test_asgi.py::test_a_name_with_underscores_is_nobodys_word[1]",
    ),
    Fault(
        guard="any bytes in a query are read",
        file="techauction/bridge.py",
        original='scope["query_string"].decode("latin-1")',
        planted='scope["query_string"].decode("ascii")',
        test="tests/test_asgi.py::test_any_bytes_in_a_query_are_read",
    ),
    Fault(
        guard="behind a proxy nobody comes from this machine",
        file="techauction/web/guard.py",
        original="house().settings.trusted_proxies == 0\n",
        planted="house().settings.trusted_proxies >= 0\n",
        test="tests/web/test_health.py::test_behind_a_proxy_nobody_comes_from_this_machine",
    ),
    Fault(
        guard="the demonstration's sign-in needs its link",
        file="techauction/web/demo.py",
        original='    if not _is_key(request.cookies.get(_COOKIE, "")):\n',
        planted='    if not _is_key(request.cookies.get(_COOKIE, "")) and request.remote_addr != "127.0.0.1":\n',
        test="tests/web/test_demo.py::test_nobody_is_let_in_without_the_link",
    ),
    Fault(
        guard="what is done to a lot that never opened is refused by name",
        file="techauction/store/consigning.py",
        original="            raise LotNeverOpened\n",
        planted="            raise AssertionError\n",
        test="tests/services/test_never_opened.py::test_a_lot_that_never_opened_is_left_alone",
    ),
    Fault(
        guard="a cookie of any bytes is read",
        file="techauction/identity.py",
        original='header.encode("latin-1", "replace").decode("utf-8", "replace")',
        planted='header.encode("latin-1").decode("utf-8")',
        test="tests/hostile/test_calls.py::test_no_call_breaks[sqlite-_looks]",
    ),
    Fault(
        guard="what no database keeps is refused, and breaks nothing",
        file="techauction/web/errors.py",
        original="    for kind in UNKEEPABLE:\n",
        planted="    for kind in UNKEEPABLE[:0]:\n",
        test="tests/web/test_security.py::test_what_no_database_keeps_is_refused",
    ),
    Fault(
        guard="who fails on a name from elsewhere locks nobody out",
        file="techauction/core/tries.py",
        original="or (not known and from_place > MOST_FROM_PLACE):",
        planted="or of_name > NAME_ATTACKED or (not known and from_place > MOST_FROM_PLACE):",
        test="tests/core/test_tries.py::test_a_name_that_is_attacked_from_elsewhere_can_still_sign_in_anywhere",
    ),
    Fault(
        guard="who fails in an office locks nobody out who is known there",
        file="techauction/core/tries.py",
        original="or (not known and from_place > MOST_FROM_PLACE):",
        planted="or from_place > MOST_FROM_PLACE:",
        test="tests/services/test_tries.py::test_who_signs_in_from_a_place_is_known_there[sqlite]",
    ),
    Fault(
        guard="a present password is counted by the sign-in, wherever it is tried",
        file="techauction/services/tries.py",
        original='self.place if self.session_id is None else f"session {self.session_id}"',
        planted="self.place",
        test="tests/services/test_tries.py::test_a_present_password_is_counted_by_the_sign_in[sqlite]",
    ),
    Fault(
        guard="nobody fills the audit by failing",
        file="techauction/services/tries.py",
        original='if not worth or _count(session, _hashed(attempt.secret, "audit"), now) > rules.MOST_NOTED:',
        planted="if not worth:",
        test="tests/services/test_tries.py::test_nobody_can_fill_the_audit_by_failing[sqlite]",
    ),
    Fault(
        guard="a name that nobody has stands nowhere: it may be a password",
        file="techauction/services/tries.py",
        original='about="no user" if user_id is None',
        planted="about=attempt.sign_in_name if user_id is None",
        test="tests/services/test_tries.py::test_the_name_that_was_tried_stands_nowhere[sqlite]",
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
        test="tests/reports/test_refused.py::test_what_was_refused_stands_in_a_chain_that_opening_and_hammer_name[sqlite]",
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
        original="    if not 0 <= count < len(heads) or heads[count] != head:\n",
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
        test="tests/reports/test_damage.py::test_text_that_is_none_is_a_finding",
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
        guard="a posting belongs to a sale or a deposit",
        file="techauction/reports/accounting.py",
        original="    return posted.what != _RELEASED and posted.lot_id not in books.settlements\n",
        planted="    return False\n",
        test="tests/reports/test_record_of_sale.py::test_a_posting_of_no_sale_is_found[sqlite]",
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

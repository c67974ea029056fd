"""Guards of the doors: connections, requests and answers."""

from tests.faults.planting import Fault

FAULTS = [
    Fault(
        guard="an address has its bound",
        file="techauction/protocol.py",
        original="        if len(self.url) > self.patience.url_bytes:",
        planted="        if False:",
        test="tests/test_doors.py::test_an_address_has_its_bound[8300-414]",
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
        guard="an offer that says a name twice is refused",
        file="techauction/saleroom/answers.py",
        original='body.count(b":") == len(value)',
        planted='body.count(b":") >= len(value)',
        test="tests/saleroom/test_paths.py::test_an_offer_that_says_a_name_twice_is_refused_by_name",
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
        test="tests/test_bridge.py::test_any_bytes_of_a_query_reach_the_pages",
    ),
    Fault(
        guard="a cookie of any bytes is read",
        file="techauction/identity.py",
        original='header.encode("latin-1", "replace").decode("utf-8", "replace")',
        planted='header.encode("latin-1").decode("utf-8")',
        test="tests/web/test_identity.py::test_a_cookie_of_any_bytes_is_read",
    ),
    Fault(
        guard="what no database keeps is refused, and breaks nothing",
        file="techauction/web/errors.py",
        original="    for kind in UNKEEPABLE:\n",
        planted="    for kind in UNKEEPABLE[:0]:\n",
        test="tests/web/test_security.py::test_what_no_database_keeps_is_refused",
    ),
    Fault(
        guard="a request sent behind others arrives in its turn",
        file="techauction/protocol.py",
        original=" and not (self.pipeline and self.pipeline[0][0] is self.cycle):",
        planted=":",
        test="tests/test_sent_ahead.py::test_a_request_sent_behind_others_has_arrived_when_those_are_answered",
    ),
    Fault(
        guard="few requests are taken ahead",
        file="techauction/protocol.py",
        original="        if len(self.pipeline) >= self.patience.most_ahead:\n",
        planted="        if len(self.pipeline) > self.patience.most_ahead * 100:\n",
        test="tests/test_sent_ahead.py::test_who_sends_too_many_requests_ahead_is_heard_no_more",
    ),
    Fault(
        guard="languages without end are not weighed by the event loop",
        file="techauction/saleroom/wire.py",
        original='headers.get(b"accept-language", b"")[:CHOICE]',
        planted='headers.get(b"accept-language", b"")',
        test="tests/test_sent_ahead.py::test_of_the_languages_that_a_caller_reads_the_first_few_count[200-False-/saleroom/nowhere]",
    ),
    Fault(
        guard="languages without end are not weighed by pages",
        file="techauction/bridge.py",
        original="environ |= {name: environ[name][:CHOICE] for",
        planted="environ |= {name: environ[name] for",
        test="tests/test_sent_ahead.py::test_of_the_languages_that_a_caller_reads_the_first_few_count[200-False-/nowhere]",
    ),
]

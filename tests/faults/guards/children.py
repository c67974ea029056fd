"""Guards of the house's longest work: loads of rounds, and what child processes do."""

from tests.faults.planting import Fault

FAULTS = [
    Fault(
        guard="long jobs of pages are niced",
        file="techauction/jobs/child.py",
        original="    os.nice(NICE)\n",
        planted="",
        test="tests/test_children.py::test_only_so_many_are_at_work_at_once_and_those_are_nice",
    ),
    Fault(
        guard="few long jobs are at work at once",
        file="techauction/children.py",
        original="        if not self._room.acquire(blocking=False):\n            raise ChildrenBusy\n",
        planted="        self._room = BoundedSemaphore(9)\n        self._room.acquire()\n",
        test="tests/test_children.py::test_only_so_many_are_at_work_at_once_and_those_are_nice",
    ),
    Fault(
        guard="a long job has a limit",
        file="techauction/children.py",
        original="child.wait(self._limit_s)",
        planted="child.wait()",
        test="tests/test_children.py::test_one_that_takes_too_long_is_killed_and_makes_room",
    ),
    Fault(
        guard="a child ends with the server",
        file="techauction/jobs/child.py",
        original="    Thread(target=_end_with, args=(asking,), daemon=True).start()\n",
        planted="",
        test="tests/test_children.py::test_a_child_ends_with_a_server_that_is_killed",
    ),
    Fault(
        guard="a child reads one state of the database",
        file="techauction/db.py",
        original='        event.listen(engine, "begin", _begun)\n        return engine\n',
        planted="        return engine\n",
        test="tests/test_children.py::test_a_child_reads_one_state_whatever_is_written_meanwhile[sqlite]",
    ),
    Fault(
        guard="a child only reads",
        file="techauction/db.py",
        original='?mode=ro"',
        planted='?mode=rw"',
        test="tests/test_children.py::test_a_child_only_reads[sqlite]",
    ),
    Fault(
        guard="a load leaves no long WAL to a bid's commit",
        file="techauction/loads.py",
        original="    checkpoint(session.get_bind().engine)",
        planted="    pass",
        test="tests/test_loads.py::test_a_load_leaves_no_long_wal_to_the_commit_of_a_bid[sqlite]",
    ),
    Fault(
        guard="a step of a load changes few places of each index",
        file="techauction/services/loading.py",
        original="blocks.setdefault(number // _BLOCK, [])",
        planted="blocks.setdefault(paddle_id, [])",
        test="tests/test_loads.py::test_a_step_changes_few_places_of_each_index[sqlite]",
    ),
]

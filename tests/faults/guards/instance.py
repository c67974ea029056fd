"""Guards of an instance: its database, its folder, its backups, its notices."""

from tests.faults.planting import Fault

FAULTS = [
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
        original="        with _lock(_write_locks, engine), engine.connect() as connection:\n",
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
        guard="a page knows what the driver itself raises for the database's",
        file="techauction/web/errors.py",
        original="(SQLAlchemyError, sqlite3.Error, psycopg.Error)",
        planted="(SQLAlchemyError,)",
        test="tests/saleroom/test_away.py::test_a_page_that_may_write_nothing_says_that_the_house_cannot_answer[sqlite]",
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
        guard="a crowd of pages does not stand before the auctioneer",
        file="techauction/db.py",
        original="    with _turn(session), writing(session) as begun:\n",
        planted="    with nullcontext(), writing(session) as begun:\n",
        test="tests/web/test_turns.py::test_a_crowd_of_pages_that_write_does_not_go_before_the_auctioneer",
    ),
]

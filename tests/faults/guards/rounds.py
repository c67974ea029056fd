"""Guards of rounds, their drafts and their files."""

from tests.faults.planting import Fault

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
        test="tests/services/test_loading.py::test_of_a_list_that_is_too_long_nothing_is_read"
        "[wrong2-lots: must have at most 10000 entries, not 10001]",
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
        original="LOADED = not_(LOADING)\n",
        planted="LOADED = RoundRow.id > 0\n",
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
        guard="a draft is not kept without the words it needs",
        file="techauction/services/rounds.py",
        original="    _must_be_said(planned)\n    try:",
        planted="    try:",
        test="tests/services/test_rounds.py::test_a_draft_without_the_words_it_needs_is_not_kept[sqlite]",
    ),
    Fault(
        guard="a custodian is named under the Auction Law alone",
        file="techauction/services/rounds.py",
        original="    if not fit or planned.regime is not Regime.AUCTION:\n",
        planted="    if not fit:\n",
        test="tests/services/test_rounds.py::test_a_custodian_is_named_under_the_auction_law_alone[sqlite]",
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
        guard="what its host publishes, or calls off, is what it was shown",
        file="techauction/services/rounds.py",
        original="    must_be_as_seen(drafts.shown(session, row), seen)\n",
        planted="",
        test="tests/services/test_rounds.py::test_a_draft_is_decided_about_as_it_was_shown_under_its_lock[sqlite-publish]",
    ),
    Fault(
        guard="a change of a lot is a change of its draft",
        file="techauction/store/drafts.py",
        original=' | {f"{LOT}{lot.number}": _said(lot) for lot in lots}',
        planted="",
        test="tests/web/test_decided.py::test_a_draft_is_decided_about_as_it_was_shown",
    ),
    Fault(
        guard="a form without marks agrees with nothing",
        file="techauction/core/seen.py",
        original="if seen.get(name) != mark)",
        planted="if seen.get(name, mark) != mark)",
        test="tests/web/test_editing.py::test_without_marks_of_what_was_shown_nothing_is_changed",
    ),
]

"""Guards of who may: foreign lots, sign-ins, passwords, gates."""

from tests.faults.planting import Fault

FAULTS = [
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
        guard="a sign-in is asked for again in the transaction",
        file="techauction/services/bidding.py",
        original="asked.session_id not in signed_in:",
        planted="not asked.session_id:",
        test="tests/services/test_bidding.py::test_the_transaction_asks_again_whether_a_sign_in_holds",
    ),
    Fault(
        guard="a token is asked for again in the transaction",
        file="techauction/services/bidding.py",
        original="asked.token_id not in holding:",
        planted="not asked.token_id:",
        test="tests/services/test_bidding.py::test_the_transaction_asks_again_whether_a_token_holds",
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
        guard="a credit code that does not check needs its market's yes",
        file="techauction/services/registration.py",
        original="        registration.must_be_seen(row.credit_code, seen=licence_seen)\n",
        planted="",
        test="tests/services/test_registration.py::test_a_code_that_does_not_check_waits_for_its_markets_explicit_yes[sqlite]",
    ),
    Fault(
        guard="a paddle of another round does not bid from the floor",
        file="techauction/services/floor.py",
        original="PaddleRow.round_id == round_id, PaddleRow.number == paddle",
        planted="PaddleRow.number == paddle",
        test="tests/web/test_floor.py::test_what_cannot_be_taken_is_said_and_nothing_changes[of another round]",
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
        guard="what comes back after a sign-in is only shown by its form",
        file="techauction/web/fields.py",
        original="        return not g.get(ONLY_SHOWN) and bool(super().validate(extra_validators))\n",
        planted="        return bool(super().validate(extra_validators))\n",
        test="tests/web/test_keeping.py::test_a_bid_written_when_the_sign_in_was_gone_comes_back_to_its_form",
    ),
    Fault(
        guard="what comes back after a sign-in writes nothing",
        file="techauction/db.py",
        original="    if g.get(ONLY_SHOWN):\n        raise OnlyShown\n",
        planted="",
        test="tests/web/test_keeping.py::test_nothing_that_is_only_shown_is_done",
    ),
    Fault(
        guard="what another site sends is not brought back",
        file="techauction/web/keeping.py",
        original="    return bool(origin) and urlsplit(origin).netloc == request.host\n",
        planted="    return True\n",
        test="tests/web/test_keeping.py::test_what_another_site_sends_is_not_kept",
    ),
    Fault(
        guard="passwords are not brought back",
        file="techauction/web/keeping.py",
        original='frozenset({"password", "present", "new", "again", "csrf_token", SHOW, PAGE})',
        planted='frozenset({"csrf_token", SHOW, PAGE})',
        test="tests/web/test_keeping.py::test_a_registration_comes_back_without_its_passwords",
    ),
    Fault(
        guard="a sign-in in use ends at last",
        file="techauction/core/accounts.py",
        original="    return min(now + timedelta(hours=hours), began_at + timedelta(hours=max(hours, most_hours)))\n",
        planted="    return now + timedelta(hours=hours)\n",
        test="tests/web/test_staying.py::test_it_lasts_a_day_at_most",
    ),
]

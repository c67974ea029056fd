"""Guards of what is sealed: reserves, sealed offers, custody."""

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
        guard="no live state tells a reserve",
        file="techauction/queries/sale.py",
        original="        stop_reason=lot.stop_reason,\n",
        planted=f"        stop_reason={_OPENED_BOX_OF.format(row='lot')},\n",
        test="tests/web/test_secrets.py::test_no_live_path_tells_a_reserve",
    ),
    Fault(
        guard="the public record has no offers of a lot that passed in",
        file="techauction/queries/published.py",
        original="left_out = (*_SEALED, *_OFFERS) if kept else _SEALED",
        planted="left_out = _SEALED",
        test="tests/web/test_opened_offers.py::test_the_public_record_of_a_lot_passed_in_goes_on_from_hash_to_hash",
    ),
    Fault(
        guard="no page tells the offers of a lot that passed in",
        file="techauction/queries/opened.py",
        original="if sale.format is not Format.SEALED or keeps_offers(sale.format, sale.ending):",
        planted="if sale.format is not Format.SEALED:",
        test="tests/web/test_opened_offers.py::test_nothing_public_says_who_offered_most_for_a_lot_passed_in",
    ),
    Fault(
        guard="the public state of a lot that passed in has no best offer",
        file="techauction/queries/sale.py",
        original="standing = None if keeps_offers(lot.format, ending) else formats.standing(core)",
        planted="standing = formats.standing(core)",
        test="tests/web/test_opened_offers.py::test_nothing_public_says_who_offered_most_for_a_lot_passed_in",
    ),
    Fault(
        guard="no page tells a reserve",
        file="techauction/queries/lot.py",
        original="        owners=lot.result.owners,\n",
        planted=f"        owners={_RESERVE_OF.format(row='lot')},\n",
        test="tests/web/test_catalogue.py::test_a_lots_page_says_only_that_there_is_a_reserve",
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
        guard="a tie goes to the priority right",
        file="techauction/core/opened.py",
        original="(amount, rank is not None, -(rank or 0), -seq)",
        planted="(amount, False, 0, -seq)",
        test="tests/core/test_sealed.py::test_the_highest_wins_then_the_better_rank_then_the_earlier",
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
]

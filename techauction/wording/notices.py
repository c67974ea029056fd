"""What each kind of notice is called, where its own words are not for whoever reads the list."""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

NOTICES: dict[str, LazyString] = {
    "approval_asked": _l("Approval asked for"),
    "bid_voided": _l("Bid voided"),
    "case_opened": _l("Case opened"),
    "case_without_manager": _l("Case without a manager"),
    "clock_stepped": _l("Server's clock stepped"),
    "deposit_received": _l("Deposit received"),
    "key_missing": _l("Custody key missing at a hammer"),
    "lot_bought": _l("Lot bought"),
    "lot_ended_early": _l("Lot ended early"),
    "lot_not_bought": _l("Lot bought by another"),
    "lot_passed_in": _l("Lot passed in"),
    "lot_passed_in_for_bidder": _l("Lot passed in"),
    "lot_sold": _l("Lot sold"),
    "lot_stuck": _l("Lot with which the house cannot go on"),
    "lot_withdrawn": _l("Lot withdrawn"),
    "lot_withheld": _l("Lot withheld"),
    "organisation_registered": _l("Organisation registered"),
    "organisation_renamed": _l("Organisation renamed"),
    "outbid": _l("No longer leading"),
    "outcome_voided": _l("Outcome voided"),
    "paddle_issued": _l("Paddle issued"),
    "paddle_refused": _l("Request for a paddle refused"),
    "paddle_voided": _l("Paddle taken back"),
    "priority_confirmed": _l("Priority right confirmed"),
    "priority_taken_back": _l("Priority right taken back"),
    "registration_approved": _l("Registration approved"),
    "registration_refused": _l("Registration refused"),
    "rename_asked": _l("New name asked for"),
    "result_accepted": _l("Result accepted as a lot"),
    "result_returned": _l("Result returned to its institute"),
    "round_called_off": _l("Round called off"),
    "round_closed": _l("Round closed"),
    "round_closed_early": _l("Round closed early"),
}


def notice(what: str) -> str:
    """Return what a kind of notice is called; one that an earlier or later version wrote, as it is."""
    return str(NOTICES.get(what, what))

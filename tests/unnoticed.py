"""What may change in the database without the verifier's finding it, each with its reason. Everything else must be found."""

from collections.abc import Callable
from typing import Any

from techauction.store.people import OrganisationKind
from tests.mutations import Mutation

Row = dict[str, Any]

_AFTER_SALE = "the hand-off after the sale, which the managers keep"
_BANK = "what the bank's statement says; its sum is held against the postings"
_BIDDERS_OWN = "its bidder's alone; what was bid for it stands in the record like a bid by hand, under the ceiling"
_LOADED = "that a round is being loaded, which it never is once it was published"
_MAIL = "a letter to somebody; its digest and heads are held against the round wherever it is kept"
_OPENED_BOX = "a box that was opened: what it held stands open, held against its commitment"
_PERSON = "who of those that may did it: in the audit"
_PROFILE = "what an organisation says of itself; who bids is bound by code and names, who sells by the lot's description"
_WHEN = "when somebody did it before the sale; nothing of the sale follows from the instant"
_COPY = "of which round it is a copy, and for whom: nobody buys in a copy"


def _never_opened(row: Row) -> bool:
    return row["opens_at"] is None


def _institute(row: Row) -> bool:
    return row["kind"] is not OrganisationKind.ENTERPRISE


def _taken(row: Row) -> bool:
    return row["seq"] is not None


def _by_bidder(row: Row) -> bool:
    return row["seq"] is not None and row["source"].value != "floor"


def _release(row: Row) -> bool:
    return row["what"] == "deposit_released"


UNNOTICED: dict[str, str | tuple[str, Callable[[Row], bool]]] = {
    "admissions.priority_waived_at": (
        "a holder who makes no bid decides nothing by its waiver",
        lambda row: not row["priority_rank"],
    ),
    "cases.accepted_at": _AFTER_SALE,
    "cases.closed_at": _AFTER_SALE,
    "cases.manager_id": _AFTER_SALE,
    "case_steps": _AFTER_SALE,
    "deposit_receipts.paddle_id swapped": "two that paid the same sum at the same time: the bank knows which is whose",
    "deposit_receipts.recorded_by_id": _PERSON,
    "deposit_receipts.reference": _BANK,
    "deposit_receipts.value_at": _BANK,
    "instructions": _BIDDERS_OWN,
    "lots.format": ("of a lot that never opened", _never_opened),
    "lots.increment": ("of a lot that never opened, or beside a ladder", lambda row: _never_opened(row) or bool(row["ladder"])),
    "lots.ladder": ("of a lot that never opened", _never_opened),
    "lots.market_key": ("of a lot that never opened", _never_opened),
    "lots.reserve_announced": ("of a lot that never opened", _never_opened),
    "lots.start": ("of a lot that never opened", _never_opened),
    "lots.return_reason": "a word to the institute before its lot was listed",
    "lots.submitted_at": _WHEN,
    "notices": _MAIL,
    "offers.body_mac": "recognises the repetition of a sealed offer's key; nothing was decided by it",
    "offers.decided_at": ("when an offer that was taken in time was decided: the record has the time that counted", _taken),
    "offers.key": ("what a bidder calls an offer that was taken: the answer to it stands in the record", _taken),
    "offers.received_at": ("the stamp of an offer that was taken: the record has the time that counted", _taken),
    "offers.source": ("whether a bid was called for by an instruction is not told to anybody but its bidder", _taken),
    "offers.user_id": ("which of the bidder's people made a bid; a clerk's stands in the record", _by_bidder),
    "organisations.code_accepted_at": _PROFILE,
    "organisations.agent": _PROFILE,
    "organisations.kind": _PROFILE,
    "organisations.legal_representative": _PROFILE,
    "organisations.loaded_with_id": _LOADED,
    "organisations.market_key": ("where an institute is registered; its lots name their market", _institute),
    "organisations.name_en": ("an institute's name; its code stands in the lot's description", _institute),
    "organisations.name_zh": ("an institute's name; its code stands in the lot's description", _institute),
    "organisations.province": _PROFILE,
    "organisations.registered_at": _PROFILE,
    "organisations.standing": _PROFILE,
    "organisations.standing_reason": _PROFILE,
    "organisations.synthetic": _PROFILE,
    "organisations.telephone": _PROFILE,
    "paddles.asked_at": _WHEN,
    "paddles.rules_accepted_at": _WHEN,
    "paddles.void_reason": "a word to the bidder",
    "postings.at": ("when a deposit went back: its sum is held against the deposit, lot by lot", _release),
    "renames": "the record of what two agreed; what was approved is held against the paddles' names, the rest decides nothing",
    "reserves.key_id": (_OPENED_BOX, lambda row: row["amount"] is not None),
    "reserves.sealed": (_OPENED_BOX, lambda row: row["amount"] is not None),
    "reserves.sealed_at": _WHEN,
    "reserves.sealed_by_id": _PERSON,
    "results doubled": "a result that no lot offers",
    "results.created_at": _WHEN,
    "results.synthetic": "whether a result was invented, which its round says",
    "rounds.call_off_reason": ("why a round was called off, that was not", lambda row: row["closed_at"] is not None),
    "rounds.copy_of_id": _COPY,
    "rounds.created_at": _WHEN,
    "rounds.loading_at": _LOADED,
    "rounds.practice_for_id": _COPY,
    "rounds.published_at": _WHEN,
    "rounds.speed": _COPY,
    "sealed_bids.key_id": _OPENED_BOX,
    "sealed_bids.sealed": _OPENED_BOX,
    "watches": "what somebody looks at",
}
"""By `table.column`, or by table: the reason; perhaps with the rows that it holds of."""

ELSEWHERE = {
    "absences": "the house's, not a round's; those that touched its lots are held against record and audit",
    "api_tokens": "how a program signs in",
    "audit": "who did what, beside the record; read for one thing alone: that the clock was set back after an absence",
    "fields": "names of fields; a lot's description has the key",
    "manager_fields": "which cases a manager is offered",
    "markets": "names of markets; the record has their keys",
    "password_tries": "how often a password was tried",
    "processes": "the processes' lives",
    "special_days": "the calendar of last days after the sale",
    "user_sessions": "who is signed in",
    "users": "names and passwords of people; the record has their ids",
}
"""Tables that have no rows of a round which the record depends on."""


def may_go_unnoticed(mutation: Mutation) -> bool:
    """Return whether the list has a reason for it."""
    table = mutation.of.split(".")[0].split(" ")[0]
    for name in (table, mutation.of, mutation.of.removesuffix(" swapped")):
        reason = UNNOTICED.get(name)
        if isinstance(reason, str) or (reason is not None and reason[1](mutation.row)):
            return True
    return False

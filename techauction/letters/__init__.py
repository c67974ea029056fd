"""Notices put into words, in the language of whoever reads them."""

from collections.abc import Callable

from flask_babel import gettext as _

from techauction.core.approval import Act
from techauction.core.handoff import CaseKind
from techauction.core.money import Money
from techauction.letters import lots, names
from techauction.letters.letter import Facts, Letter, named
from techauction.wording import word

__all__ = ["LETTERS", "Letter", "letter", "letter_or_facts"]


def letter(what: str, facts: Facts) -> Letter:
    """Return the notice in the reader's language; one of a rehearsal says that it is."""
    write = LETTERS.get(what)
    said = _unworded(what, facts) if write is None else write(facts)
    if not facts.get("rehearsal"):
        return said
    return Letter(
        _("Rehearsal: %(subject)s", subject=said.subject),
        said.body + "\n\n" + _("Rehearsal: nothing here is sold, and no sum is owed."),
    )


def letter_or_facts(what: str, facts: Facts) -> Letter:
    """Return the notice as `letter` does; one that cannot be put into words as it is, so that no other is hidden by it."""
    try:
        return letter(what, facts)
    except (KeyError, ValueError, TypeError, AssertionError):
        return _unworded(what, facts)


def _clock_stepped(facts: Facts) -> Letter:
    moved = facts["moved_ms"]
    assert isinstance(moved, int)
    return Letter(
        _("The server's clock was stepped: %(lots)s lots are paused", lots=facts["lots"]),
        _(
            "The server's clock moved by %(seconds)s seconds at once. %(lots)s open lots were paused, so that nobody wins or "
            "loses time by it. Find out why and whether the clock is right now, then resume the lots: "
            "each has a full period again.",
            seconds=f"{moved / 1_000:+.3f}",
            lots=facts["lots"],
        ),
    )


def _approval_asked(facts: Facts) -> Letter:
    act = word(Act(str(facts["act"])))
    return Letter(
        _("Your approval is asked for: %(act)s", act=act),
        _(
            "In %(title)s somebody asks for this: %(act)s. It can be approved for 15 minutes. Reason: %(reason)s",
            title=named(facts),
            act=act,
            reason=facts["reason"],
        ),
    )


def _bid_voided(facts: Facts) -> Letter:
    return Letter(
        _("A bid on lot %(number)s was voided", number=facts["number"]),
        _(
            "A bid on lot %(number)s (%(title)s) was voided, and the highest bid that is left stands. Reason: %(reason)s",
            number=facts["number"],
            title=named(facts),
            reason=facts["reason"],
        ),
    )


def _outcome_voided(facts: Facts) -> Letter:
    return Letter(
        _("The sale of lot %(number)s was voided", number=facts["number"]),
        _(
            "The sale of lot %(number)s (%(title)s) was voided: nothing is owed for it, and the deposit goes back. "
            "Reason: %(reason)s",
            number=facts["number"],
            title=named(facts),
            reason=facts["reason"],
        ),
    )


def _lot_withdrawn(facts: Facts) -> Letter:
    return Letter(
        _("Lot %(number)s was withdrawn", number=facts["number"]),
        _(
            "Lot %(number)s (%(title)s) is withdrawn and will not be offered; deposits for it go back. Reason: %(reason)s",
            number=facts["number"],
            title=named(facts),
            reason=facts["reason"],
        ),
    )


def _lot_ended_early(facts: Facts) -> Letter:
    # Notices of earlier versions, one for each lot, are still read.
    return Letter(
        _("Lot %(number)s ended without a sale", number=facts["number"]),
        _(
            "The round was closed early. Lot %(number)s (%(title)s) had not ended and is not sold; deposits for it go back. "
            "Reason: %(reason)s",
            number=facts["number"],
            title=named(facts),
            reason=facts["reason"],
        ),
    )


def _round_closed_early(facts: Facts) -> Letter:
    return Letter(
        _("The round was closed early"),
        _(
            "%(title)s was closed early. These lots had not ended and are not sold; deposits for them go back: %(lots)s. "
            "Reason: %(reason)s",
            title=named(facts),
            lots=facts["lots"],
            reason=facts["reason"],
        ),
    )


def _case_opened(facts: Facts) -> Letter:
    number, title = facts["number"], named(facts)
    if facts["kind"] == CaseKind.FOLLOW_UP:
        return Letter(
            _("Follow-up case: lot %(number)s", number=number),
            _(
                "Lot %(number)s (%(title)s) passed in with a bid. The follow-up is yours: accept it, then ask the parties.",
                number=number,
                title=title,
            ),
        )
    return Letter(
        _("New case: lot %(number)s", number=number),
        _(
            "Lot %(number)s (%(title)s) is sold. The hand-off is yours: accept the case, then record its steps.",
            number=number,
            title=title,
        ),
    )


def _case_without_manager(facts: Facts) -> Letter:
    return Letter(
        _("Case without a manager: lot %(number)s", number=facts["number"]),
        _(
            "The lot's market has no technology-transfer manager for lot %(number)s (%(title)s). Give the case to one.",
            number=facts["number"],
            title=named(facts),
        ),
    )


def _deposit_received(facts: Facts) -> Letter:
    amount = facts["amount_fen"]
    assert isinstance(amount, int)
    return Letter(
        _("Deposit received"),
        _(
            "A deposit of %(amount)s was received for %(title)s, under the bank's reference %(reference)s.",
            amount=str(Money(amount)),
            title=named(facts),
            reference=facts["reference"],
        ),
    )


def _paddle_issued(facts: Facts) -> Letter:
    return Letter(
        _("Your paddle: %(paddle)s", paddle=facts["paddle"]),
        _("Paddle %(paddle)s is yours in %(title)s.", paddle=facts["paddle"], title=named(facts)),
    )


def _paddle_voided(facts: Facts) -> Letter:
    return Letter(
        _("Paddle %(paddle)s was voided", paddle=facts["paddle"]),
        _(
            "Paddle %(paddle)s may no longer bid in %(title)s. Reason: %(reason)s",
            paddle=facts["paddle"],
            title=named(facts),
            reason=facts["reason"],
        ),
    )


def _paddle_refused(facts: Facts) -> Letter:
    return Letter(
        _("No paddle was issued"),
        _(
            "Your request for a paddle in %(title)s was refused. Reason: %(reason)s",
            title=named(facts),
            reason=facts["reason"],
        ),
    )


def _organisation_registered(facts: Facts) -> Letter:
    return Letter(
        _("A registration waits"),
        _("%(name)s has registered and waits for your approval.", name=named(facts, "name")),
    )


def _registration_approved(facts: Facts) -> Letter:
    return Letter(
        _("Your registration is approved"),
        _("The registration of %(name)s is approved. You may ask for a paddle now.", name=named(facts, "name")),
    )


def _priority_confirmed(facts: Facts) -> Letter:
    return Letter(
        _("Priority right confirmed: lot %(number)s", number=facts["number"]),
        _(
            "Paddle %(paddle)s holds a priority right at lot %(number)s (%(title)s), with rank %(rank)s. "
            "While the lot is sold you may match the standing bid; if nobody bids more, the lot is yours. "
            "Who takes no part has waived the right.",
            paddle=facts["paddle"],
            number=facts["number"],
            title=named(facts),
            rank=facts["rank"],
        ),
    )


def _priority_taken_back(facts: Facts) -> Letter:
    return Letter(
        _("No priority right: lot %(number)s", number=facts["number"]),
        _(
            "The confirmation of a priority right of paddle %(paddle)s at lot %(number)s (%(title)s) was taken back.",
            paddle=facts["paddle"],
            number=facts["number"],
            title=named(facts),
        ),
    )


def _registration_refused(facts: Facts) -> Letter:
    return Letter(
        _("Your registration is refused"),
        _(
            "The registration of %(name)s is refused. Reason: %(reason)s",
            name=named(facts, "name"),
            reason=facts["reason"],
        ),
    )


def _result_accepted(facts: Facts) -> Letter:
    return Letter(
        _("Accepted: %(title)s", title=named(facts)),
        _("Your result %(title)s is listed as lot %(number)s.", title=named(facts), number=facts["number"]),
    )


def _result_returned(facts: Facts) -> Letter:
    return Letter(
        _("Returned: %(title)s", title=named(facts)),
        _(
            "Your market returned the result %(title)s. Reason: %(reason)s",
            title=named(facts),
            reason=facts["reason"],
        ),
    )


def _round_called_off(facts: Facts) -> Letter:
    return Letter(
        _("Called off: %(title)s", title=named(facts)),
        _(
            "The round %(title)s will not take place; deposits held for it are released. Reason: %(reason)s",
            title=named(facts),
            reason=facts["reason"],
        ),
    )


def _round_closed(facts: Facts) -> Letter:
    heads = "\n".join(str(facts["heads"]).split())
    return Letter(
        _("Closed: %(title)s", title=named(facts)),
        _(
            "The round is closed. Keep this notice: it is evidence against a record that is changed later.\n\n"
            "Digest of the round:\n%(digest)s\n\nLast hash of the round's own record, and of each lot:\n%(heads)s",
            digest=facts["digest"],
            heads=heads,
        ),
    )


def _unworded(what: str, facts: Facts) -> Letter:
    """Return a notice that an older or newer version wrote, as it is."""
    return Letter(_("Notice"), "\n".join([what, *(f"{name}: {fact}" for name, fact in facts.items())]))


LETTERS: dict[str, Callable[[Facts], Letter]] = {
    "approval_asked": _approval_asked,
    "bid_voided": _bid_voided,
    "case_opened": _case_opened,
    "case_without_manager": _case_without_manager,
    "clock_stepped": _clock_stepped,
    "deposit_received": _deposit_received,
    "key_missing": lots.key_missing,
    "lot_withdrawn": _lot_withdrawn,
    "lot_ended_early": _lot_ended_early,
    "round_closed_early": _round_closed_early,
    "lot_bought": lots.bought,
    "lot_not_bought": lots.not_bought,
    "lot_passed_in": lots.passed_in,
    "lot_passed_in_for_bidder": lots.passed_in_for_bidder,
    "lot_sold": lots.sold,
    "lot_stuck": lots.stuck,
    "organisation_registered": _organisation_registered,
    "organisation_renamed": names.organisation_renamed,
    "lot_withheld": lots.withheld,
    "outbid": lots.outbid,
    "outcome_voided": _outcome_voided,
    "paddle_issued": _paddle_issued,
    "paddle_refused": _paddle_refused,
    "paddle_voided": _paddle_voided,
    "registration_approved": _registration_approved,
    "priority_confirmed": _priority_confirmed,
    "priority_taken_back": _priority_taken_back,
    "registration_refused": _registration_refused,
    "rename_asked": names.rename_asked,
    "result_accepted": _result_accepted,
    "result_returned": _result_returned,
    "round_called_off": _round_called_off,
    "round_closed": _round_closed,
}
"""One way of saying it for each kind of notice."""

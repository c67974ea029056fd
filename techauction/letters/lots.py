"""What is told of a lot, to its bidders, its institute and its market."""

from datetime import datetime

from flask_babel import gettext as _

from techauction.core.days import SHANGHAI
from techauction.core.outcome import WithheldFor
from techauction.core.stuck import Duty
from techauction.letters.letter import Facts, Letter, named, sum_of
from techauction.wording import word


def key_missing(facts: Facts) -> Letter:
    """Return what organizers and the institute are told of a lot that waits for its key."""
    return Letter(
        _("Lot %(number)s has closed and waits for its key", number=facts["number"]),
        _(
            "Lot %(number)s (%(title)s) has closed, but what is sealed cannot be opened: the custody key is not on the server. "
            "Nothing is lost, and no bid is taken. The hammer falls by itself when the key is back; a reserve can also be "
            "entered by the institute's sealing officer from the seal slip, on the result's page.",
            number=facts["number"],
            title=named(facts),
        ),
    )


def stuck(facts: Facts) -> Letter:
    """Return what organizers are told of a lot with which the house cannot go on."""
    duty = word(Duty(str(facts["duty"])))
    return Letter(
        _("Lot %(number)s: %(duty)s", number=facts["number"], duty=duty),
        _(
            "Lot %(number)s (%(title)s): %(duty)s. The other lots go on, and the house tries again by itself; the round cannot "
            "close before. Have whoever keeps the server look into its log.",
            number=facts["number"],
            title=named(facts),
            duty=duty,
        ),
    )


def bought(facts: Facts) -> Letter:
    """Return what the buyer is told: what comes next, by when, and what is due."""
    return Letter(
        _("Lot %(number)s is yours at %(price)s", number=facts["number"], price=sum_of(facts, "price_fen")),
        _(
            "Your paddle %(paddle)s bought lot %(number)s (%(title)s) at %(price)s.\n\n"
            "What comes next:\n"
            "1. Sign the confirmation of sale by %(confirmed_by)s (2 working days).\n"
            "2. Sign the contract with the institute by %(signed_by)s at the latest (5 working days after the confirmation).\n"
            "3. Pay by %(paid_by)s at the latest (5 working days after the contract).\n\n"
            "Commission: %(commission)s. Your deposit pays %(deposit)s of it all; %(due)s is still due.\n"
            "A technology-transfer manager of the lot's market will call you.",
            paddle=facts["paddle"],
            number=facts["number"],
            title=named(facts),
            price=sum_of(facts, "price_fen"),
            confirmed_by=facts["confirmed_by"],
            signed_by=facts["signed_by"],
            paid_by=facts["paid_by"],
            commission=sum_of(facts, "commission_fen"),
            deposit=sum_of(facts, "deposit_fen"),
            due=sum_of(facts, "due_fen"),
        ),
    )


def _deposit_back(facts: Facts) -> str:
    if facts["deposit"] == "round":
        return str(_("Your deposit serves the other lots of the round until its close; what is left of it then goes back."))
    return str(_("Your deposit for this lot is released and goes back to you."))


def not_bought(facts: Facts) -> Letter:
    """Return what the others who bid are told of a sale."""
    told = _(
        "Lot %(number)s (%(title)s) was sold at %(price)s to paddle %(paddle)s.",
        number=facts["number"],
        title=named(facts),
        price=sum_of(facts, "price_fen"),
        paddle=facts["paddle"],
    )
    return Letter(_("Lot %(number)s went to another bidder", number=facts["number"]), f"{told}\n{_deposit_back(facts)}")


def withheld(facts: Facts) -> Letter:
    """Return what everybody concerned is told of a lot that is not offered after all."""
    return Letter(
        _("Lot %(number)s is not offered", number=facts["number"]),
        _(
            "Lot %(number)s (%(title)s) is not offered: %(reason)s. Deposits for it go back.",
            number=facts["number"],
            title=named(facts),
            reason=word(WithheldFor(str(facts["withheld_for"]))),
        ),
    )


def passed_in_for_bidder(facts: Facts) -> Letter:
    """Return what those who bid are told of a lot that passed in."""
    told = _(
        "Lot %(number)s (%(title)s) passed in: no sale came about. Its technology-transfer manager may call you.",
        number=facts["number"],
        title=named(facts),
    )
    return Letter(_("Lot %(number)s passed in", number=facts["number"]), f"{told}\n{_deposit_back(facts)}")


def passed_in(facts: Facts) -> Letter:
    """Return what institute and organizers are told of a lot that passed in."""
    told = _("Lot %(number)s (%(title)s) passed in: no sale came about.", number=facts["number"], title=named(facts))
    if facts["bids"]:
        more = _("There were %(bids)s bids, and a technology-transfer manager follows them up.", bids=facts["bids"])
    else:
        more = _("Nobody bid for it.")
    return Letter(_("Lot %(number)s passed in", number=facts["number"]), f"{told}\n{more}")


def sold(facts: Facts) -> Letter:
    """Return what institute and organizers are told of a sale."""
    return Letter(
        _("Lot %(number)s is sold at %(price)s", number=facts["number"], price=sum_of(facts, "price_fen")),
        _(
            "Lot %(number)s (%(title)s) was sold at %(price)s to paddle %(paddle)s. The confirmation of sale is signed within "
            "2 working days, the contract within 5 after it; a technology-transfer manager has the case.",
            number=facts["number"],
            title=named(facts),
            price=sum_of(facts, "price_fen"),
            paddle=facts["paddle"],
        ),
    )


def outbid(facts: Facts) -> Letter:
    """Return what a bidder is told who no longer leads; its ceiling, where that is passed, stands on the lot's page alone."""
    told = _(
        "Another paddle leads lot %(number)s (%(title)s) at %(price)s. Its close is at %(time)s at present.",
        number=facts["number"],
        title=named(facts),
        price=sum_of(facts, "price_fen"),
        time=datetime.fromisoformat(str(facts["closes_at"])).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
    )
    if not facts.get("over_ceiling"):
        return Letter(_("You were outbid on lot %(number)s", number=facts["number"]), told)
    more = _(
        "That is over the ceiling of your standing instruction: the system bids no more for you. You may raise the ceiling on "
        "the lot's page."
    )
    return Letter(_("Lot %(number)s is over your ceiling", number=facts["number"]), f"{told}\n{more}")

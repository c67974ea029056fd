"""Where a notice leads: the page for whoever reads it, as a mail can name it."""

from flask import current_app

from techauction.letters.letter import Facts
from techauction.store.people import Role

_LOT = {Role.ENTERPRISE: "bidder.lot"}
_ROUND = {Role.ORGANIZER: "organizer.round_", Role.AUDITOR: "auditor.round_"}


def link(facts: Facts, role: Role) -> str | None:
    """Return the address of the lot or round that a notice is about, else of the user's notices.

    Nothing where `public_url` is not set.
    A mail is written where nobody's request says by which name the house is known, and none is believed.
    """
    public_url = str(current_app.config.get("PUBLIC_URL") or "")
    if not public_url:
        return None
    pages, slug, number = current_app.url_map.bind(""), facts.get("slug"), facts.get("number")
    if slug is None:
        path = pages.build("account_notices.notices")
    elif number is None:
        path = pages.build(_ROUND.get(role, "catalogue.round_"), {"slug": slug})
    else:
        path = pages.build(_LOT.get(role, "catalogue.lot"), {"slug": slug, "number": number})
    return public_url.rstrip("/") + path

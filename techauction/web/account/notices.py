"""One's own notices."""

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from techauction.db import db, transaction
from techauction.letters import letter_or_facts
from techauction.letters.letter import Facts
from techauction.queries.notices import notices_of
from techauction.services.notices import see, unseen
from techauction.web.context import now, signed_in
from techauction.web.guard import anyone_signed_in
from techauction.web.navigation import page_number

bp = Blueprint("account_notices", __name__, url_prefix="/account/notices")
bp.before_request(anyone_signed_in())


@bp.get("")
def notices() -> ResponseReturnValue:
    """List what one was told, the latest first."""
    user_id = signed_in().id
    waiting = unseen(db.session(), user_id=user_id)
    if waiting:
        with transaction() as session:
            see(session, notice_ids=waiting, now=now())
    page = notices_of(db.session(), user_id=user_id, page=page_number())
    letters = [(each.created_at, letter_or_facts(each.what, each.facts), _lot(each.facts)) for each in page.notices]
    return render_template("account/notices.html", letters=letters, paging=page.paging)


def _lot(facts: Facts) -> str | None:
    """Return the address of the lot that a notice is about."""
    slug, number = facts.get("slug"), facts.get("number")
    return None if slug is None or number is None else url_for("catalogue.lot", slug=slug, number=number)

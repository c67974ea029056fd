"""The public pages: rounds, their lots, a lot, a round's result."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import SelectField, StringField

from techauction.db import db
from techauction.queries import rounds as round_queries
from techauction.queries import voids
from techauction.queries.announcement import announcement
from techauction.queries.catalogue import FilterValue, RoundPage, Shown, Sought, round_page
from techauction.queries.lot import lot_page
from techauction.queries.watching import watches
from techauction.web.addresses import member
from techauction.web.catalogue import truths
from techauction.web.context import now, viewer
from techauction.web.fields import Form
from techauction.web.filters import named
from techauction.web.navigation import page_number

bp = Blueprint("catalogue", __name__)
truths.register(bp)

STATES: dict[Shown, LazyString] = {
    Shown.UPCOMING: _l("Not yet open"),
    Shown.OPEN: _l("Open for bids"),
    Shown.STOPPED: _l("Paused"),
    Shown.SOLD: _l("Sold"),
    Shown.UNSOLD: _l("Not sold"),
}
_LONGEST = 100


class SearchForm(Form):
    """Which of a round's lots to show."""

    words = StringField(_l("Search"))
    field = SelectField(_l("Field"), choices=())
    market = SelectField(_l("Market"), choices=())
    stage = SelectField(_l("State"), choices=())

    def sought(self) -> Sought:
        """Return what is asked for; an unknown state asks for every one."""
        return Sought(
            words=str(self.words.data or "")[:_LONGEST],
            field=str(self.field.data or ""),
            market=str(self.market.data or ""),
            stage=member(Shown, str(self.stage.data or "")),
        )

    def offer(self, page: RoundPage) -> None:
        """Offer what the round has."""
        self.field.choices = [("", _l("All fields")), *map(_counted, page.fields)]
        self.market.choices = [("", _l("All markets")), *map(_counted, page.markets)]
        self.stage.choices = [("", _l("All states"))] + [
            (each.value, f"{STATES[each]} · {count}") for each, count in page.stages
        ]


def _counted(choice: FilterValue) -> tuple[str, str]:
    return choice.key, f"{named(choice.name)} · {choice.count}"


@bp.get("/")
def home() -> ResponseReturnValue:
    """Show what is being sold, what comes, and what was."""
    return render_template("catalogue/home.html", page=round_queries.home(db.session()))


@bp.get("/rounds")
def rounds() -> ResponseReturnValue:
    """Show every round ever announced."""
    return render_template("catalogue/rounds.html", page=round_queries.rounds(db.session(), page=page_number()))


@bp.get("/rounds/<slug>")
def round_(slug: str) -> ResponseReturnValue:
    """Show a round's lots by field."""
    form = SearchForm(request.args)
    sought = form.sought()
    page = round_page(db.session(), slug, sought, page=page_number(), now=now(), viewer=viewer()) or abort(404)
    form.offer(page)
    return render_template("catalogue/round.html", page=page, form=form, narrowed=sought != Sought())


@bp.get("/rounds/<slug>/lots/<int:number>")
def lot(slug: str, number: int) -> ResponseReturnValue:
    """Show a lot and its sale."""
    page = lot_page(db.session(), slug, number, page=page_number(), now=now(), viewer=viewer()) or abort(404)
    watched = None
    if current_user.is_authenticated:
        watched = watches(db.session(), user_id=current_user.row.id, lot_id=page.tile.sale.lot_id)
    return render_template("catalogue/lot.html", page=page, watched=watched)


@bp.get("/rounds/<slug>/result")
def result(slug: str) -> ResponseReturnValue:
    """Show how a round's lots ended, and the hashes by which that can be checked."""
    page = announcement(db.session(), slug, page=page_number(), now=now(), viewer=viewer()) or abort(404)
    return render_template("catalogue/result.html", page=page, voided=voids.count(db.session(), slug))

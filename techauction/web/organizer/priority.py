"""Who holds a priority right: confirmed by an organizer of the lot's market before the round opens."""

from typing import ClassVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import InputRequired, NumberRange, Optional

from techauction.core.priority import MOST_RANK, NoRightAtLicence, PriorityRankWrong
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.seen import ChangedMeanwhile
from techauction.db import db, transaction
from techauction.queries.priority import RightsPage, rights
from techauction.services import priority
from techauction.store.people import Role
from techauction.web.context import my_market, now, signed_in
from techauction.web.editing import EditForm
from techauction.web.fields import Beside, WholeField
from techauction.web.filters import named
from techauction.web.guard import only

bp = Blueprint("organizer_priority", __name__, url_prefix="/organizer/rounds/<slug>/paddles/<int:paddle_id>/priority")
bp.before_request(only(Role.ORGANIZER))


class RightForm(EditForm):
    """At which lot the paddle holds a right, and with what rank."""

    BESIDE: ClassVar[Beside] = {PriorityRankWrong: "rank", NoRightAtLicence: "lot"}

    lot = SelectField(_l("Lot"), [InputRequired(_l("Choose a lot."))], coerce=int)
    rank = WholeField(_l("Rank"), [Optional(), NumberRange(1, MOST_RANK, _l("Write a number from %(min)d to %(max)d."))])


@bp.get("")
def paddle(slug: str, paddle_id: int) -> ResponseReturnValue:
    """Show the paddle's rights."""
    page = _found(slug, paddle_id)
    return render_template("organizer/priority.html", page=page, form=_form(page, filled=False))


@bp.post("")
def confirm(slug: str, paddle_id: int) -> ResponseReturnValue:
    """Set the rank at one lot; without a rank the paddle has no right there."""
    page = _found(slug, paddle_id)
    form = _form(page, filled=True)
    if not form.validate():
        return render_template("organizer/priority.html", page=page, form=form), 422
    by_id, market_key = signed_in().id, my_market()
    try:
        with transaction() as session:
            priority.confirm(
                session,
                lot_id=form.lot.data,
                paddle=page.paddle.number or 0,
                market_key=market_key,
                rank=form.rank.data,
                seen=form.marks(),
                by_id=by_id,
                now=now(),
            )
    except NoSuch:
        abort(404)
    except ChangedMeanwhile as refusal:
        page = _found(slug, paddle_id)
        form.refuse(refusal, "rank")
        form.carry(_ranks(page))
        return render_template("organizer/priority.html", page=page, form=form), 422
    except Refusal as refusal:
        form.refuse(refusal)
        return render_template("organizer/priority.html", page=page, form=form), 422
    flash(_("It is kept, and the bidder is told."), "success")
    return redirect(url_for(".paddle", slug=slug, paddle_id=paddle_id), 303)


def _found(slug: str, paddle_id: int) -> RightsPage:
    return rights(db.session(), slug, paddle_id=paddle_id, market_key=my_market()) or abort(404)


def _form(page: RightsPage, *, filled: bool) -> RightForm:
    form = RightForm(request.form if filled else None)
    form.lot.choices = [
        (each.lot_id, _("Lot %(number)d: %(title)s", number=each.number, title=named(each.title)))
        for each in page.rights
        if each.may_be_held or each.rank is not None
    ]
    if not filled:
        form.carry(_ranks(page))
    return form


def _ranks(page: RightsPage) -> dict[str, object]:
    return {f"rank_{each.lot_id}": each.rank for each in page.rights}

"""Reading an amount back to whoever types it: in figures, in capital numerals, and whether it may be bid now."""

from collections.abc import Callable

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from techauction.core import amount
from techauction.core.formats import FORMATS
from techauction.core.instruction import must_be_reachable
from techauction.core.lawful import nearest
from techauction.core.lot import Lot
from techauction.core.money import Money
from techauction.core.offer import Eligibility, NeedsConfirmation, Offer
from techauction.core.refusal import Refusal
from techauction.db import db
from techauction.queries.sale import lot_on_sale
from techauction.web.addresses import identifier
from techauction.web.context import viewer
from techauction.web.filters import daxie
from techauction.wording import say

bp = Blueprint("catalogue_amounts", __name__)

_NOBODY = Eligibility(paddle=0, admitted=True)


@bp.post("/amounts")
def amounts() -> ResponseReturnValue:
    """Return what an amount says; with a lot, whether it is lawful there now, and the lawful amounts nearest to it.

    Posted: an address stands in the logs of whatever is on the way, and the amount may be one that is not made public.
    """
    lot = lot_asked_for() or abort(404) if "lot" in request.form else None
    return jsonify(read_back(lot, request.form.get("text", ""))[1])


def lot_asked_for() -> Lot | None:
    """Return the lot that the form names, if whoever asks may see it."""
    lot_id = identifier(request.form.get("lot", ""))
    return None if lot_id is None else lot_on_sale(db.session(), lot_id, viewer=viewer())


def read_back(lot: Lot | None, text: str, *, purpose: str = "bid") -> tuple[Money | None, dict[str, object]]:
    """Return the amount that a text means, if any, and everything there is to say of it.

    Whether it could be bid on the lot now is part of that; of a ceiling (`instruction`), whether bids come to it. A match is
    judged by the auctioneer alone.
    """
    try:
        read = amount.read(text)
    except Refusal as unreadable:
        least = () if lot is None else nearest(lot, Money(0))
        return None, {
            "amount_fen": None,
            "refusal": _said(unreadable),
            "must_confirm": False,
            "nearest": [_plain(each) for each in least],
        }
    found = None if lot is None or purpose not in _JUDGED else _refusal(_JUDGED[purpose], lot, read)
    return read, {
        **_plain(read),
        "capitals": daxie(read),
        "refusal": None if found is None else _said(found),
        "must_confirm": isinstance(found, NeedsConfirmation),
        "nearest": [] if lot is None else [_plain(each) for each in nearest(lot, read) if each != read],
    }


def _take(lot: Lot, offered: Money) -> None:
    FORMATS[lot.format].take(lot, Offer(offered), _NOBODY, lot.opens_at)


_JUDGED: dict[str, Callable[[Lot, Money], None]] = {"bid": _take, "instruction": must_be_reachable}


def _refusal(judge: Callable[[Lot, Money], None], lot: Lot, read: Money) -> Refusal | None:
    """Return what stands against the amount for anybody who may bid; who asks is not looked at."""
    try:
        judge(lot, read)
    except Refusal as refusal:
        return refusal
    return None


def _said(refusal: Refusal) -> dict[str, str]:
    return {"code": refusal.code, "title": say(refusal)}


def _plain(sum_: Money) -> dict[str, int | str]:
    return {"amount_fen": sum_.minor, "figures": str(sum_)}

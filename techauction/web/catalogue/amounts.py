"""Reading an amount back to whoever types it: in figures, in capital numerals, and whether it may be bid now."""

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from techauction.core import amount
from techauction.core.bidding import NeedsConfirmation, Offer, must_be_lawful
from techauction.core.lawful import nearest
from techauction.core.lot import Lot
from techauction.core.money import Money
from techauction.core.refusal import Refusal
from techauction.db import db
from techauction.queries.sale import lot_on_sale
from techauction.web.addresses import identifier
from techauction.web.filters import daxie
from techauction.wording import say

bp = Blueprint("catalogue_amounts", __name__)

_NOBODY = 0


@bp.get("/amounts")
def amounts() -> ResponseReturnValue:
    """Return what an amount says; with a lot, whether it is lawful there now, and the lawful amounts nearest to it."""
    lot = _lot(request.args["lot"]) or abort(404) if "lot" in request.args else None
    try:
        read = amount.read(request.args.get("text", ""))
    except Refusal as unreadable:
        least = () if lot is None else nearest(lot, Money(0))
        return jsonify(amount_fen=None, refusal=_said(unreadable), must_confirm=False, nearest=[_plain(each) for each in least])
    found = None if lot is None else _refusal(lot, read)
    return jsonify(
        **_plain(read),
        capitals=daxie(read),
        refusal=None if found is None else _said(found),
        must_confirm=isinstance(found, NeedsConfirmation),
        nearest=[] if lot is None else [_plain(each) for each in nearest(lot, read) if each != read],
    )


def _lot(named: str) -> Lot | None:
    lot_id = identifier(named)
    return None if lot_id is None else lot_on_sale(db.session(), lot_id)


def _refusal(lot: Lot, offered: Money) -> Refusal | None:
    """Return what stands against the amount for anybody who may bid; who asks is not looked at."""
    try:
        must_be_lawful(lot, Offer(offered), _NOBODY)
    except Refusal as refusal:
        return refusal
    return None


def _said(refusal: Refusal) -> dict[str, str]:
    return {"code": refusal.code, "title": say(refusal)}


def _plain(sum_: Money) -> dict[str, int | str]:
    return {"amount_fen": sum_.minor, "figures": str(sum_)}

"""What is true of a lot's sale, in words by which a page shows and hides its parts.

`static/js/lot.js` knows the same words: it shows and hides the same parts when the next state arrives.
"""

from collections.abc import Iterator

from flask import Blueprint

from techauction.core.lot import Stage
from techauction.core.outcome import Ending
from techauction.queries.sale import Sale


def truths(sale: Sale, me: int | None = None, *, has_bid: bool = False) -> frozenset[str]:
    """Return what is true of the sale; `me` is the reader's own paddle, `has_bid` says whether it has made an offer."""
    found = {
        "held" if sale.held else sale.stage.value,
        sale.format.value,
        "bid" if sale.paddle is not None else "no-bid",
        "leader" if sale.leader is not None else "no-leader",
    }
    if sale.stage is not Stage.ENDED:
        found.add("going")
    if sale.ending is not None:
        found.add(sale.ending.value)
    if sale.ending not in (None, Ending.SOLD, Ending.AGREED):
        found.add("unsold")
    if me is not None:
        found |= set(_mine(sale, me, has_bid=has_bid))
    if sale.shown > sale.start:
        found.add("risen")
    if sale.extended:
        found.add("extended")
    if sale.priority:
        found.add("priority")
    return frozenset(found)


def _mine(sale: Sale, me: int, *, has_bid: bool) -> Iterator[str]:
    """Yield what the sale is to the reader: who bid, and whose bid stands no more, was outbid."""
    leads = sale.leader == me
    yield "mine" if leads else "not-mine"
    yield "has-bid" if has_bid else "has-not-bid"
    if has_bid and not leads and sale.paddle is not None and sale.stage is not Stage.ENDED:
        yield "outbid"


def holds(words: str, truth: frozenset[str]) -> bool:
    """Return whether `open+bid ended` holds: a space is *or*, a plus is *and*."""
    return any(all(each in truth for each in together.split("+")) for together in words.split())


def register(bp: Blueprint) -> None:
    """Let templates ask."""
    bp.add_app_template_global(truths)
    bp.add_app_template_global(holds)

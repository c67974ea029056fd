"""What is true of a lot's sale, in words by which a page shows and hides its parts.

The words of the sale itself are its state's, and come with each that `static/js/lot.js` paints; it adds those of its reader.
"""

from collections.abc import Iterator

from flask import Blueprint

from techauction.core.lawful import QUICK_STEPS
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.queries.sale import Sale


def truths(sale: Sale, me: int | None = None, *, has_bid: bool = False, ceiling: Money | None = None) -> frozenset[str]:
    """Return what is true of the sale.

    `me` is the reader's own paddle, `has_bid` says whether it has made an offer, `ceiling` is its standing instruction's.
    """
    return sale.words() if me is None else sale.words() | set(_mine(sale, me, has_bid, ceiling))


def _mine(sale: Sale, me: int, has_bid: bool, ceiling: Money | None) -> Iterator[str]:  # noqa: FBT001 (as they come)
    """Yield what the sale is to the reader: who bid, and whose bid stands no more, was outbid.

    An instruction is spent when nothing lawful can be bid for it any more.
    """
    leads = sale.leader == me
    yield "mine" if leads else "not-mine"
    yield "has-bid" if has_bid else "has-not-bid"
    if has_bid and not leads and sale.paddle is not None and sale.stage is not Stage.ENDED:
        yield "outbid"
    if ceiling is not None:
        yield "spent" if sale.least > ceiling else "unspent"


def holds(words: str, truth: frozenset[str]) -> bool:
    """Return whether `open+bid ended` holds: a space is *or*, a plus is *and*."""
    return any(all(each in truth for each in together.split("+")) for together in words.split())


def steps_of(sale: Sale) -> list[tuple[int, Money | None]]:
    """Return every rise that the sale may ever offer at one touch, with its amount where it is lawful now."""
    amounts = {step.rises: step.amount for step in sale.steps}
    return [(rises, amounts.get(rises)) for rises in (0, *QUICK_STEPS)]


def register(bp: Blueprint) -> None:
    """Let templates ask."""
    bp.add_app_template_global(truths)
    bp.add_app_template_global(holds)
    bp.add_app_template_global(steps_of)

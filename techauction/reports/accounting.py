"""Whether settlements, deposits and postings are what the outcomes on record come to."""

from collections import Counter
from collections.abc import Iterator

from techauction.core import settlement
from techauction.core.admission import DepositKind, DepositState
from techauction.core.ledger import (
    SURPLUS_RETURNED,
    Posting,
    institute_account,
    market_account,
    of_deposit_received,
    of_deposit_released,
    of_sale,
    reversed_,
)
from techauction.core.money import ZERO, Money, total
from techauction.core.outcome import Ending
from techauction.core.replayed import Replay
from techauction.core.violation import Fault, Violation
from techauction.reports.agreement import differ
from techauction.reports.books import Books
from techauction.store.consigning import LotRow
from techauction.store.money import DepositRow, PostingRow

_RELEASED = of_deposit_released(ZERO, paddle_id=0).what
_RECEIVED = of_deposit_received(ZERO, paddle_id=0).what


def settled(after: Replay, row: LotRow, books: Books) -> Iterator[Violation]:
    """Compare a lot's settlement and its postings with what its sale comes to."""
    name, ended, kept = after.name, after.ended, books.settlements.get(row.id)
    voided_at = None if ended is None else ended.voided_at
    ended = ended if ended is None or ended.voided is None else ended.voided
    if ended is None or ended.ending is not Ending.SOLD or ended.price is None:
        if kept is not None:
            yield Violation(Fault.SETTLEMENT_DIFFERS, name, None, "a lot that was not sold is settled")
        return
    paddle = books.paddles.get(ended.paddle or 0)
    if books.owe(row.id):
        return
    if kept is None or paddle is None:
        yield Violation(Fault.SETTLEMENT_DIFFERS, name, None, "the settlement is missing")
        return
    expected = settlement.settle(ended.price, kept.deposit_applied, books.round.commission())
    yield from differ(
        Fault.SETTLEMENT_DIFFERS,
        name,
        {
            "paddle_id": (kept.paddle_id, paddle.id),
            "settled_at": (kept.settled_at, ended.at),
            "voided_at": (kept.voided_at, voided_at),
        }
        | {column: (getattr(kept, column), getattr(expected, column)) for column in settlement.KEPT},
    )
    sale = of_sale(
        expected,
        paddle_id=paddle.id,
        institute=institute_account(row.result.institute_id),
        listing_market=market_account(row.market_key),
        buyer_market=market_account(books.organisations[paddle.organisation_id].market_key),
    )
    posts = [(ended.at, each) for each in sale]
    if voided_at is not None:
        posts += [(voided_at, reversed_(each)) for each in sale]
    posted = Counter(
        (each.at, each.what, each.debit, each.credit, each.amount)
        for each in books.postings[paddle.id]
        if each.lot_id == row.id and each.what != _RELEASED
    )
    if posted != Counter((at, each.what, each.debit, each.credit, each.amount) for at, each in posts):
        yield Violation(Fault.SETTLEMENT_DIFFERS, name, None, "the postings are not those of the sale")


def deposits(books: Books) -> Iterator[Violation]:
    """Compare each paddle's deposits with what they need, what was applied to its lots, and what was posted."""
    lots = {lot.id: lot for lot in books.lots}
    for paddle in books.payers:
        name = f"paddle {paddle.number}" if paddle.number else f"request {paddle.id}"
        held, posted = books.deposits[paddle.id], books.postings[paddle.id]
        applied = (
            each.deposit_applied for each in books.settlements.values() if each.paddle_id == paddle.id and not each.voided_at
        )
        back, bank = of_deposit_released(ZERO, paddle_id=paddle.id), of_deposit_received(ZERO, paddle_id=paddle.id)
        came = Counter((each.recorded_at, each.amount, None) for each in books.receipts[paddle.id])
        kept = Counter((each.at, each.amount, each.lot_id) for each in posted if each.what == bank.what)
        strays = [each for each in posted if _is_stray(each, books)]
        left = total(each.held - each.applied - each.released for each in held)
        yield from differ(
            Fault.SETTLEMENT_DIFFERS,
            books.round.slug,
            {
                f"deposit applied of {name}": (total(each.applied for each in held), total(applied)),
                f"deposit released of {name}": (total(each.released for each in held), _moved(posted, back)),
                f"deposit received of {name}": (
                    total(each.amount for each in books.receipts[paddle.id]),
                    _moved(posted, bank),
                ),
                f"whether what came of {name} is posted when it was recorded": (kept == came, True),
                f"postings of {name} that belong to no sale and no deposit": (len(strays), 0),
                f"whether the deposit of {name} is there": (_balance(posted, bank.credit) >= left, True),
            },
        )
        for each in held:
            yield from _deposit(each, name, None if each.lot_id is None else lots[each.lot_id], books)


def _deposit(kept: DepositRow, name: str, lot: LotRow | None, books: Books) -> Iterator[Violation]:
    """Compare one deposit with what the round's rule asks, and what its lot's sale and the round's close made of it."""
    back = of_deposit_released(ZERO, paddle_id=kept.paddle_id)
    posted = [each for each in books.postings[kept.paddle_id] if kept.lot_id in (None, each.lot_id)]
    rule, sold = books.round.deposit_rule(), None if lot is None else books.settlements.get(lot.id)
    said: dict[str, tuple[object, object]] = {
        "whether it is the round's": (lot is None, rule.kind is DepositKind.FIXED),
        "released": (kept.released, _moved(posted, back)),
        "required": (kept.required, rule.of((lot and lot.start) or ZERO)),
    }
    if lot is not None:
        bought = sold is not None and sold.paddle_id == kept.paddle_id and not sold.voided_at
        said["applied"] = (kept.applied, sold.deposit_applied if sold is not None and bought else ZERO)
    if books.round.closed_at is not None:
        said["held"] = (kept.held, kept.applied + kept.released)
        if kept.held.minor:
            said["state"] = (kept.state, DepositState.APPLIED if kept.applied.minor else DepositState.RELEASED)
    of = books.round.slug if lot is None else f"{books.round.slug}/{lot.number}"
    yield from differ(Fault.SETTLEMENT_DIFFERS, of, {f"{what} of the deposit of {name}": said[what] for what in said})


def _is_stray(posted: PostingRow, books: Books) -> bool:
    """Return whether a posting stands at another lot than one that it may come of."""
    if posted.what in (_RECEIVED, SURPLUS_RETURNED):
        return posted.lot_id is not None
    return posted.what != _RELEASED and posted.lot_id not in books.settlements


def _balance(posted: list[PostingRow], account: str) -> Money:
    """Return what postings left in an account that money comes into as a credit."""
    return total(each.amount for each in posted if each.credit == account) - total(
        each.amount for each in posted if each.debit == account
    )


def _moved(posted: list[PostingRow], like: Posting) -> Money:
    """Return what postings moved between the two accounts of `like`, under its name."""
    return total(each.amount for each in posted if (each.what, each.debit, each.credit) == (like.what, like.debit, like.credit))

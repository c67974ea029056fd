"""Receipts signed beside the commit: the same as signed later, and nobody's before the bid stands."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from techauction.core.bidding import NoSuchLot
from techauction.receipts import FILE, Receipt, Signer
from techauction.saleroom.signing import Signing
from techauction.services.offers import Answer, Taken
from tests.builders import CLOSES, OPENS, wan
from tests.saleroom.conftest import Sale

TAKEN = Taken(lot_id=7, seq=3, paddle=101, amount=wan(200), placed_at=OPENS, closes_at=CLOSES, hash="ab" * 32)


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    """Return a house's signer."""
    return Signer(tmp_path / FILE)


def test_a_receipt_made_ahead_is_the_one_that_is_given(signer: Signer) -> None:
    signing = Signing(signer)
    later = replace(TAKEN, seq=4, amount=wan(210))

    signing.prepare([TAKEN, NoSuchLot()])

    for taken in (TAKEN, later):
        assert taken.amount is not None
        said = Receipt(lot_id=7, seq=taken.seq, hash=taken.hash, amount=taken.amount, placed_at=OPENS)
        assert signing.receipt(taken) == signer.sign(said)


def test_a_sealed_offer_whose_amount_is_not_known_any_more_has_none(signer: Signer) -> None:
    assert Signing(signer).receipt(replace(TAKEN, amount=None)) is None


def test_what_is_told_before_the_commit_is_not_there_yet_and_the_answers_follow_it(sale: Sale) -> None:
    told: list[tuple[list[int], int]] = []

    def note(answers: Sequence[Answer]) -> None:
        told.append(([each.seq for each in answers if isinstance(each, Taken)], len(sale.bids())))

    sale.auctioneer.on_decided = note

    assert sale.bid(101, wan(200)).seq == 2
    assert told == [([2], 0)]
    assert len(sale.bids()) == 1

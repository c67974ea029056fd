import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core.money import Money
from techauction.receipts import FILE, Receipt, ReceiptWrong, Signer
from tests.conftest import TEN

RECEIPT = Receipt(lot_id=7, seq=2, hash="a" * 64, amount=Money(200_000_000), placed_at=TEN)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(tmp_path_factory.mktemp("keys") / FILE)


def test_a_receipt_says_what_was_signed(signer: Signer) -> None:
    assert signer.check(signer.sign(RECEIPT)) == RECEIPT


def test_the_same_bid_has_the_same_receipt(signer: Signer) -> None:
    assert signer.sign(RECEIPT) == signer.sign(replace(RECEIPT))


@given(st.data())
def test_a_receipt_with_any_other_sign_in_it_is_refused(signer: Signer, data: st.DataObject) -> None:
    text = signer.sign(RECEIPT)
    place = data.draw(st.integers(0, len(text) - 2))
    sign = data.draw(
        st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.").filter(
            lambda each: each != text[place]
        )
    )

    with pytest.raises(ReceiptWrong):
        signer.check(text[:place] + sign + text[place + 1 :])


@pytest.mark.parametrize("text", ["", "...", "a.b.c", "成交", "e30.e30.e30", "{}"])
def test_what_is_no_receipt_is_refused(signer: Signer, text: str) -> None:
    with pytest.raises(ReceiptWrong):
        signer.check(text)


def test_another_house_cannot_sign_for_this_one(signer: Signer, tmp_path: Path) -> None:
    with pytest.raises(ReceiptWrong):
        signer.check(Signer(tmp_path / FILE).sign(RECEIPT))


def test_after_a_rotation_old_receipts_stay_good_and_the_new_key_signs(tmp_path: Path) -> None:
    signer = Signer(tmp_path / FILE)
    old = signer.sign(RECEIPT)

    kid = signer.rotate()

    assert signer.sign(RECEIPT) != old
    assert Signer(tmp_path / FILE).check(old) == RECEIPT
    assert signer.published()["keys"][0]["kid"] == kid
    assert len(signer.published()["keys"]) == 2


def test_what_is_published_holds_no_private_key(tmp_path: Path) -> None:
    signer = Signer(tmp_path / FILE)

    assert {name for key in signer.published()["keys"] for name in key} == {"kty", "crv", "use", "alg", "kid", "x"}
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_the_keys_are_kept(tmp_path: Path) -> None:
    assert Signer(tmp_path / FILE).published() == Signer(tmp_path / FILE).published()

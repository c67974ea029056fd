"""What a round's terms may not be without a word."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core.admission import DepositKind, DepositRule
from techauction.core.lot import ExtensionKind
from techauction.core.planned import PlannedRound
from techauction.core.provinces import PROVINCES
from techauction.core.round import Regime
from techauction.core.terms import NUMBERS, unsaid
from techauction.wording.provinces import PROVINCES as WORDS
from tests.builders import OPENS
from tests.conftest import TEN


def planned(**said: Any) -> PlannedRound:
    """Return a round of the defaults."""
    numbers = {name: number.default for name, number in NUMBERS.items() if name != "deposit_share_bps"}
    return PlannedRound(
        **{
            "slug": "autumn",
            "title_zh": "秋季场",
            "title_en": "Autumn",
            "host_market": "zhejiang",
            "markets": ("zhejiang",),
            "regime": Regime.EXCHANGE,
            "rehearsal": False,
            "synthetic": False,
            "registration_closes_at": TEN,
            "reserve_deadline_at": TEN,
            "opens_at": OPENS,
            "closes_at": OPENS + timedelta(hours=4),
            "extension_kind": ExtensionKind.FROM_BID,
            "raise_own_bid": False,
            "deposit": DepositRule(),
            **numbers,
            **said,
        }
    )


def problems(**said: Any) -> list[tuple[str, str]]:
    return [(each.field, each.code) for each in unsaid(planned(**said))]


def test_the_defaults_need_no_word() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"buyer_bps": 500, "seller_bps": 500}, []),
        ({"buyer_bps": 501}, [("buyer_bps", "commission_not_agreed"), ("commission_note", "commission_note_missing")]),
        ({"seller_bps": 501, "commission_agreed": True}, [("commission_note", "commission_note_missing")]),
        ({"seller_bps": 501, "commission_note": "By contract."}, [("seller_bps", "commission_not_agreed")]),
        (
            {"seller_bps": 501, "commission_agreed": True, "commission_note": " "},
            [("commission_note", "commission_note_missing")],
        ),
        ({"buyer_bps": 800, "seller_bps": 900, "commission_agreed": True, "commission_note": "By contract."}, []),
        ({"deposit": DepositRule(share_bps=499)}, [("deposit_reason", "deposit_reason_missing")]),
        ({"deposit": DepositRule(share_bps=2_001)}, [("deposit_reason", "deposit_reason_missing")]),
        ({"deposit": DepositRule(share_bps=2_001), "deposit_reason": "A court said so."}, []),
        ({"deposit": DepositRule(share_bps=500)}, []),
        ({"deposit": DepositRule(share_bps=2_000)}, []),
        ({"deposit": DepositRule(kind=DepositKind.FIXED, share_bps=0)}, []),
    ],
)
def test_what_is_unusual_needs_a_word(said: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert problems(**said) == found


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_with_its_words_said_nothing_is_wanting(buyer: int, seller: int, share: int) -> None:
    said = {"buyer_bps": buyer, "seller_bps": seller, "deposit": DepositRule(share_bps=share)}

    assert problems(**said, commission_agreed=True, commission_note="Agreed.", deposit_reason="So.") == []
    assert bool(problems(**said)) == (max(buyer, seller) > 500 or not 500 <= share <= 2_000)


def test_each_province_has_its_word() -> None:
    assert tuple(WORDS) == PROVINCES

"""Capital numerals, held to the examples of the rule and to a reader that knows nothing of how they are written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core.capitals import in_capitals
from techauction.core.money import LARGEST_FEN, Money

DIGITS = {digit: place for place, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}
UNITS = {"拾": 10, "佰": 100, "仟": 1_000}


def read(text: str) -> int:
    """Return the fen that a sum in capitals says."""
    found = re.fullmatch("(?:(.*)元)?(整)?(零)?(?:(.)角)?(?:(.)分)?", text)
    assert found is not None, text
    yuan, whole, zero, jiao, fen = found.groups()
    assert (whole is None) == bool(jiao or fen), f"整 is said after 元 alone: {text}"
    assert (zero is not None) == bool(yuan and fen and not jiao), text
    return yuan_of(yuan or "") * 100 + DIGITS[jiao or "零"] * 10 + DIGITS[fen or "零"]


def yuan_of(text: str) -> int:
    for unit, worth in (("亿", 10**8), ("万", 10**4)):
        if unit in text:
            above, below = text.rsplit(unit, 1)
            rest = yuan_of(below)
            assert rest < worth
            assert below[:1] != "零" or rest < worth // 10 or above[-1:] not in DIGITS, text
            return yuan_of(above) * worth + rest
    total, digit = 0, 0
    for sign in text:
        if sign in UNITS:
            assert digit, f"{sign} of nothing in {text}"
            total, digit = total + digit * UNITS[sign], 0
        else:
            digit = DIGITS[sign]
    return total + digit


@pytest.mark.parametrize(
    ("fen", "capitals"),
    [
        (140_950, "壹仟肆佰零玖元伍角"),
        (600_714, "陆仟零柒元壹角肆分"),
        (168_032, "壹仟陆佰捌拾元叁角贰分"),
        (10_700_053, "壹拾万零柒仟元伍角叁分"),
        (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
        (32_504, "叁佰贰拾伍元零肆分"),
        (10_000_200_000, "壹亿零贰仟元整"),
        (1_000, "壹拾元整"),
        (1_500, "壹拾伍元整"),
        (11_000_000, "壹拾壹万元整"),
        (10, "壹角"),
        (0, "零元整"),
        (10**15, "壹拾万亿元整"),
        (100_020_000_000_000, "壹万零贰亿元整"),
        (2_000_300_000, "贰仟万零叁仟元整"),
        (100_000_000_002, "壹拾亿元零贰分"),
    ],
)
def test_sums_are_written_as_the_rule_for_payment_papers_has_them(fen: int, capitals: str) -> None:
    assert in_capitals(Money(fen)) == capitals


SUMS = st.integers(0, 3 * LARGEST_FEN) | st.builds(
    lambda digits: int("".join(map(str, digits))), st.lists(st.sampled_from([0, 0, 0, 1, 9]), min_size=1, max_size=16)
)


@given(SUMS)
def test_what_is_written_is_read_back_the_same(fen: int) -> None:
    assert read(in_capitals(Money(fen))) == fen


@given(SUMS)
def test_no_two_zeros_stand_together_and_none_ends_a_section(fen: int) -> None:
    said = in_capitals(Money(fen))

    assert not re.search("零零|零[万亿角]|.零元|亿万|[拾佰仟]{2}", said)
    assert re.match("[壹贰叁肆伍陆柒捌玖]|零元整", said)

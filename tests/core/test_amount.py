"""Amounts are read as people write them, or refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import amount
from techauction.core.money import LARGEST_FEN, Money

SUMS = st.integers(min_value=1, max_value=LARGEST_FEN).map(Money)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1", 100),
        ("0.01", 1),
        ("1230000", 123_000_000),
        ("1,230,000", 123_000_000),
        ("1 230 000", 123_000_000),
        ("123,0000", 123_000_000),
        ("  123万 ", 123_000_000),
        ("123万元", 123_000_000),
        ("123 万元", 123_000_000),
        ("1204.58万", 1_204_580_000),
        ("1204.580000万", 1_204_580_000),
        ("0.0001万", 100),
        ("0.000001万", 1),
        ("200wan", 200_000_000),
        ("200 yuan", 20_000),
        ("¥1,230,000.50", 123_000_050),
        ("￥200万", 200_000_000),
        ("１２３万", 123_000_000),
        ("１，２３０，０００", 123_000_000),
        ("１２．５　万元", 12_500_000),
        ("1\u00a0230\u00a0000 元", 123_000_000),
        ("+5元", 500),
        ("007", 700),
        ("10,000,000,000,000", LARGEST_FEN),
        ("1.2亿", 12_000_000_000),
        ("１．２億元", 12_000_000_000),
        ("1亿2000万", 12_000_000_000),
        ("1亿 2,000万元整", 12_000_000_000),
        ("12万3456.78元", 12_345_678),
        ("130萬", 130_000_000),
        ("3千万", 3_000_000_000),
        ("2.5百万", 250_000_000),
        ("100万元整", 100_000_000),
        ("100 元正", 10_000),
        ("人民币100万元", 100_000_000),
        ("人民币￥１００万圆整", 100_000_000),
        ("人民币：100万元", 100_000_000),
        ("100万元人民币", 100_000_000),
        ("100 万 元 整", 100_000_000),
        ("1,000 RMB", 100_000),
        ("RMB 1,000", 100_000),
        ("cny5", 500),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, fen: int) -> None:
    assert amount.read(text) == Money(fen)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "元",
        "万",
        "¥",
        "abc",
        "1e9",
        "１ｅ９",
        "1E+9",
        "10⁶",
        "10²万",
        "½",
        "①",
        "0x10",
        "1_000",
        "inf",
        "NaN",
        "1.",
        ".5",
        "100整",
        "100万整",
        "1亿元2000万",
        "人民币",
        "壹佰万元",
        "三百万",
        "٣٠٠",
        "$100",
        "100 USD",
        "--5",
        "5-",
        "1/2",
        "1\n000",
        "=1+1",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(amount.AmountUnreadable):
        amount.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "1,23",
        "12,34,567",
        "1,,000",
        "1.2.3",
        "1万2",
        "1万2000",
        "1万2千",
        "1万万",
        "1.5万2000元",
        "5万3亿",
        "100-200万",
        "1 2",
        "１，２３",
    ],
)
def test_what_may_mean_more_than_one_amount_is_refused_by_name(text: str) -> None:
    with pytest.raises(amount.AmountAmbiguous):
        amount.read(text)


@pytest.mark.parametrize("text", ["0", "0.00", "0万", "-0", "-1", "－５", "-1,230,000", "-0.001", "¥-200万"])
def test_nothing_and_less_is_refused(text: str) -> None:
    with pytest.raises(amount.AmountNotPositive):
        amount.read(text)


@pytest.mark.parametrize("text", ["0.001", "1.005", "100.999元", "0.0000001万", "1204.5800001万"])
def test_a_fraction_of_a_fen_is_refused_and_never_rounded(text: str) -> None:
    with pytest.raises(amount.AmountHasFractionOfFen):
        amount.read(text)


@pytest.mark.parametrize(
    "text", ["10,000,000,000,000.01", "1000000001万", "9" * 40, "9" * 41, "1" + "0" * 5_000, "1," + "000," * 99 + "000"]
)
def test_an_absurd_size_is_refused(text: str) -> None:
    with pytest.raises(amount.AmountTooLarge):
        amount.read(text)


def test_a_refusal_repeats_no_more_of_a_text_than_a_page_can_show() -> None:
    with pytest.raises(amount.AmountUnreadable) as refused:
        amount.read("x" * 100_000)

    assert refused.value.facts == {"text": "x" * 40}


@given(SUMS)
def test_what_was_written_in_yuan_reads_back(sum_: Money) -> None:
    assert amount.read(sum_.in_yuan()) == sum_
    assert amount.read(str(sum_)) == sum_


@given(SUMS)
def test_what_was_written_in_wan_reads_back(sum_: Money) -> None:
    assert amount.read(f"{sum_.in_wan()}万") == sum_
    assert amount.read(f"{sum_.in_wan()} 万元") == sum_


WIDE = str.maketrans("0123456789.,¥", "０１２３４５６７８９．，￥")


@given(SUMS, st.sampled_from(["", "人民币", "RMB ", "¥", "人民币¥"]), st.sampled_from(["", "整", "正"]), st.booleans())
def test_however_it_is_dressed_a_sum_reads_back(sum_: Money, before: str, after: str, wide: bool) -> None:
    for written in (f"{sum_.in_yuan()}元{after}", f"{sum_.in_wan()}万元{after}", f"{sum_.in_wan()}萬圓{after}"):
        text = f"{before}{written}"
        assert amount.read(text.translate(WIDE) if wide else text) == sum_


@given(SUMS)
def test_a_sum_in_several_units_reads_back(sum_: Money) -> None:
    yi, rest = divmod(sum_.minor, 10**10)
    wan, fen = divmod(rest, 10**6)
    said = "".join(text for count, text in ((yi, f"{yi}亿"), (wan, f"{wan}万"), (fen, f"{Money(fen).in_yuan()}元")) if count)

    assert amount.read(said) == sum_


@given(st.text(max_size=60) | st.text("0123456789.,-+ ¥元万亿千百整人民币０９，", max_size=20))
def test_any_text_is_an_amount_or_refused_by_name(text: str) -> None:
    try:
        read = amount.read(text)
    except (
        amount.AmountUnreadable,
        amount.AmountAmbiguous,
        amount.AmountNotPositive,
        amount.AmountHasFractionOfFen,
        amount.AmountTooLarge,
    ):
        return
    assert Money(0) < read <= Money(LARGEST_FEN)

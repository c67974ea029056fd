import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.round import Phase
from techauction.settings import SHIPPED
from techauction.web import filters

TEMPLATES = SHIPPED / "templates"
AT = datetime(2026, 11, 2, 2, 0, 0, 7_890, tzinfo=UTC)


def test_money_is_exact_in_both_languages(app: Flask) -> None:
    with app.test_request_context("/?lang=zh"):
        chinese = [filters.wan(Money(fen)) for fen in (200_000_000, 1_204_580_000, 9_610_000_000, 500)]
    with app.test_request_context("/?lang=en"):
        english = filters.wan(Money(1_204_580_000))

    assert chinese == ["200万元", "1,204.58万元", "9,610万元", "¥5"]
    assert english == "¥12,045,800"
    assert filters.money(Money(5)) == "¥0.05"
    assert filters.money(None) == "—"


@pytest.mark.parametrize(
    ("fen", "capitals"),
    [
        (300_000_000, "叁佰万元整"),
        (1_204_580_000, "壹仟贰佰零肆万伍仟捌佰元整"),
        (5, "伍分"),
        (100_050, "壹仟元伍角"),
        (10**15, "壹拾万亿元整"),
    ],
)
def test_a_contracts_amount_is_in_capital_numerals(fen: int, capitals: str) -> None:
    assert filters.daxie(Money(fen)) == capitals


def test_an_instant_is_shown_as_in_shanghai() -> None:
    assert filters.when(AT) == "2026-11-02 10:00:00"
    assert filters.when(AT, "minute") == "2026-11-02 10:00"
    assert filters.when(AT, "ms") == "2026-11-02 10:00:00.007"
    assert filters.when(AT, "day") == "2026-11-02"
    assert filters.when(None) == "—"


def test_a_name_is_shown_in_the_readers_language_or_in_the_other(app: Flask) -> None:
    with app.test_request_context("/?lang=zh"):
        assert filters.named(Name("标的", "Lot")) == "标的"
        assert filters.named(Name("", "Lot")) == "Lot"
    with app.test_request_context("/?lang=en"):
        assert filters.named(Name("标的", "Lot")) == "Lot"
        assert filters.named(Name("标的", "")) == "标的"
    assert filters.named(None) == "—"


def test_chinese_sentences_stand_close_together_and_others_apart() -> None:
    said = "<p>前一句。\n  后一句。 <b>粗体</b> One. Two. 号牌 260</p>"

    assert filters.close_up(said) == "<p>前一句。后一句。<b>粗体</b> One. Two. 号牌 260</p>"


_SENTENCES = re.compile(r"""\."[^{}]*\) \}\}\s+(?:\{% if[^%]*%\}\s*)?\{\{ _\(""")


def test_no_template_sets_sentences_apart_in_chinese() -> None:
    closed = {"_macros/sale.html", "_macros/offers.html", "_macros/approval.html"}  # where they are shown
    for file in TEMPLATES.rglob("*.html"):
        kept = re.sub(r"\{% filter close_up %\}.*?\{% endfilter %\}", "", file.read_text(), flags=re.DOTALL)
        if file.relative_to(TEMPLATES).as_posix() not in closed:
            assert not _SENTENCES.search(kept), file
    for macro in ("rules_in_words(", "tie(offers", "shown(asked"):
        shown = [line for file in TEMPLATES.rglob("*.html") for line in file.read_text().splitlines() if "{{ " + macro in line]
        assert shown
        assert all("|close_up }}" in line for line in shown), macro


def test_rates_are_shown_as_they_were_computed() -> None:
    assert filters.percent("39.57") == "39.57%"
    assert filters.bps(1_000) == "10%"
    assert filters.bps(250) == "2.5%"
    assert filters.bps(5) == "0.05%"


def test_a_period_is_shown_in_its_two_largest_units(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        shown = [filters.duration(period) for period in (0, 59, 300, 5_400, timedelta(days=2, hours=3, minutes=4))]

    assert shown == ["0 s", "59 s", "5 min", "1 h 30 min", "2 d 3 h"]
    with app.test_request_context("/?lang=zh"):
        assert filters.duration(5_400) == "1小时30分钟"


def test_the_same_code_has_another_word_elsewhere(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        assert (filters.said(Stage.OPEN), filters.said(Phase.CALLED_OFF), filters.said(None)) == ("Open", "Called off", "—")

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import PasswordField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional

from techauction.core import amount
from techauction.core.money import LARGEST_FEN, Money
from techauction.core.offer import BidTooLow
from techauction.web.fields import DayField, Form, MoneyField, PercentField, ShanghaiDateTimeField, WholeField


class Everything(Form):
    amount = MoneyField("Amount")
    rate = PercentField("Rate")
    at = ShanghaiDateTimeField("At")
    day = DayField("Day")
    count = WholeField("Count", [Optional(), NumberRange(1, 9_999)])
    name = StringField("Name")
    remark = TextAreaField("Remark")
    password = PasswordField("Password")


def read(app: Flask, **written: str) -> Everything:
    with app.test_request_context("/?lang=en"):
        form = Everything(MultiDict(written))
        form.validate()
        return form


@pytest.mark.parametrize(
    ("written", "fen"),
    [
        ("1,230,000", 123_000_000),
        ("123万", 123_000_000),
        ("１２０４．５８ 万元", 1_204_580_000),
        ("¥0.05", 5),
        (" 200 ", 20_000),
    ],
)
def test_an_amount_is_read_as_people_write_it(written: str, fen: int, app: Flask) -> None:
    assert read(app, amount=written).amount.data == Money(fen)


@pytest.mark.parametrize("written", ["-5", "0", "1e9", "0.001", "12,34", "many", "9" * 60, "nan", "0x10"])
def test_what_is_no_amount_is_refused_by_name_and_shown_again(written: str, app: Flask) -> None:
    form = read(app, amount=written)

    assert form.amount.data is None
    assert len(form.amount.errors) == 1
    assert f'value="{written}"' in form.amount()


@given(fen=st.integers(1, LARGEST_FEN))
def test_an_amount_shown_in_a_form_is_read_back_the_same(fen: int) -> None:
    shown = Money(fen).in_yuan()

    assert amount.read(shown) == Money(fen)


@pytest.mark.parametrize(
    ("written", "bps"), [("10", 1_000), ("2.5", 250), ("0.05 %", 5), ("0", 0), ("100", 10_000), ("２．５％", 250)]
)
def test_a_rate_is_read_in_per_cent(written: str, bps: int, app: Flask) -> None:
    assert read(app, rate=written).rate.data == bps


@pytest.mark.parametrize("written", ["-1", "100.01", "2.555", "x", "1e1"])
def test_what_is_no_rate_is_refused(written: str, app: Flask) -> None:
    form = read(app, rate=written)

    assert form.rate.data is None
    assert form.rate.errors


def test_a_time_is_read_off_a_clock_in_shanghai(app: Flask) -> None:
    assert read(app, at="2026-11-02T10:00").at.data == datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
    assert read(app, at="2026-11-02T10:00:30").at.data == datetime(2026, 11, 2, 2, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("written", ["tomorrow", "2026-13-01T00:00", "0001-01-01T00:00", "T", "99999-01-01T00:00"])
def test_what_is_no_time_is_refused(written: str, app: Flask) -> None:
    form = read(app, at=written)

    assert form.at.data is None
    assert form.at.errors


def test_nothing_written_is_nothing(app: Flask) -> None:
    form = read(app, amount=" ", rate="", at="")

    assert (form.amount.data, form.rate.data, form.at.data) == (None, None, None)
    assert not form.errors


def test_text_is_stripped_but_a_password_is_not(app: Flask) -> None:
    form = read(app, name="  Ada ", password=" secret ")

    assert (form.name.data, form.password.data) == ("Ada", " secret ")


def test_a_refusal_is_said_beside_its_field_or_at_the_head(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        form = Everything(MultiDict({}))
        form.refuse(BidTooLow(Money(100), Money(20_000)), "amount")
        form.refuse(BidTooLow(Money(100), Money(30_000)), "elsewhere")

    assert form.amount.errors == ["The least lawful bid now is ¥200."]
    assert form.form_errors == ["The least lawful bid now is ¥300."]
    assert form.errors


def test_a_line_is_one_line_and_no_text_has_signs_that_nobody_sees(app: Flask) -> None:
    form = read(app, name=" a\x00b\x1b\r\nc\td\x7f\u202e\ufeff ", remark="a\x01\r\n\tb\x0b\u2066\n")

    assert form.name.data == "ab  c d"
    assert form.remark.data == "a\n\tb"


@pytest.mark.parametrize("written", ["0001-01-02T00:00", "1969-12-31T23:59", "9999-12-31T23:59:59+00:00", "3000-01-01T00:00"])
def test_a_time_at_the_ends_of_the_calendar_is_none(written: str, app: Flask) -> None:
    form = read(app, at=written)

    assert form.at.data is None
    assert form.at.errors == ["Write a date and a time."]


@pytest.mark.parametrize(("written", "count"), [("101", 101), ("１０１", 101), ("1,234", 1_234), (" 0７ ", 7), ("+8", 8)])
def test_a_whole_number_is_read_in_whatever_width_it_is_typed(written: str, count: int, app: Flask) -> None:
    assert read(app, count=written).count.data == count


@pytest.mark.parametrize("written", ["1.0", "1_0", "-1", "٣", "0", "10000", "x", "1e1", "9" * 5_000])
def test_what_is_no_number_of_the_range_is_refused(written: str, app: Flask) -> None:
    assert read(app, count=written).count.errors


@pytest.mark.parametrize(
    "written", ["2026-11-02", "２０２６-１１-０２", "2026/11/2", "2026.11.02", "2026年11月2日", "２０２６年１１月２日"]
)
def test_a_day_is_read_as_people_write_it(written: str, app: Flask) -> None:
    assert read(app, day=written).day.data == date(2026, 11, 2)


@pytest.mark.parametrize("written", ["2026-13-01", "0001-01-01", "11/2", "2026年", "2026-11-022"])
def test_what_is_no_day_is_refused(written: str, app: Flask) -> None:
    assert read(app, day=written).day.errors == ["Write the day."]


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-02 10:00",
        "２０２６-１１-０２ １０：００",
        "2026/11/2 10:00",
        "2026年11月2日 10:00",
        "2026年11月2日10时",
        "2026年11月2日10点00分",
    ],
)
def test_a_time_is_read_as_people_write_it(written: str, app: Flask) -> None:
    assert read(app, at=written).at.data == datetime(2026, 11, 2, 2, 0, tzinfo=UTC)

"""Credit codes check themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import credit_code
from techauction.core.credit_code import CreditCodeWrong

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
BODIES = st.text(SIGNS, min_size=17, max_size=17)
REAL = ["91330100716105852F", "12100000400000624D", "91440300708461136T", "91110000802100433B"]


@pytest.mark.parametrize("code", REAL)
def test_published_codes_are_read(code: str) -> None:
    assert credit_code.read(code) == code


@pytest.mark.parametrize(
    "text", ["91330100716105852f", " 9133 0100 7161 0585 2F ", "９１３３０１００７１６１０５８５２Ｆ", "9133010-071610585-2F"]
)
def test_a_code_is_read_as_people_write_it(text: str) -> None:
    assert credit_code.read(text) == "91330100716105852F"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "91330100716105852",
        "91330100716105852FF",
        "91330100716105852G",
        "9133010071610585IF",
        "9133010071610585OF",
        "９" * 99,
        "统一社会信用代码统一社会信用代码统一",
    ],
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(CreditCodeWrong):
        credit_code.read(text)


@given(BODIES)
def test_every_body_has_one_check_sign(body: str) -> None:
    good = []
    for sign in SIGNS:
        try:
            good.append(credit_code.read(body + sign))
        except CreditCodeWrong:
            continue

    assert good == [body + credit_code.check_sign(body)]


@given(BODIES, st.integers(min_value=0, max_value=16), st.sampled_from(SIGNS))
def test_one_wrong_sign_is_always_noticed(body: str, place: int, sign: str) -> None:
    code = body + credit_code.check_sign(body)
    mistyped = code[:place] + sign + code[place + 1 :]

    if mistyped == code:
        assert credit_code.read(mistyped) == code
    else:
        with pytest.raises(CreditCodeWrong):
            credit_code.read(mistyped)


@given(BODIES, st.integers(min_value=0, max_value=15))
def test_two_neighbours_that_changed_places_are_always_noticed(body: str, place: int) -> None:
    code = body + credit_code.check_sign(body)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    if swapped != code:
        with pytest.raises(CreditCodeWrong):
            credit_code.read(swapped)

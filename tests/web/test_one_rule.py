"""Form, file and API document know one rule: what one of them takes the others take, at the ends of every range."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.datastructures import MultiDict

from techauction.api.openapi import document
from techauction.core.days import SHANGHAI
from techauction.core.paddle import LEAST_PADDLE, MOST_PADDLE
from techauction.core.reading import Faults
from techauction.core.round import Regime
from techauction.core.roundfile import Known, read
from techauction.core.terms import MIN_ADMITTED, NUMBERS
from techauction.web.organizer.round_form import RoundForm, blank
from tests.conftest import TEN
from tests.plans import MARKETS, a_bidder, a_code, a_plan

KNOWN = Known(
    markets=MARKETS,
    fields=("digital", "manufacturing", "life", "materials", "energy", "agriculture"),
    kinds=("university", "enterprise"),
)


def by_file(plan: dict[str, Any]) -> set[str]:
    """Return the paths that the reader of files finds wrong."""
    faults = Faults()
    read(plan, KNOWN, faults, TEN)
    return {path for path, _what in faults.noted}


def by_document(plan: dict[str, Any]) -> bool:
    """Return whether the API's document takes the plan."""
    whole = {"$ref": "#/components/schemas/RoundFile", "components": document()["components"]}
    return Draft202012Validator(whole).is_valid(plan)


def by_form(app: Flask, **said: Any) -> RoundForm:
    """Return the form as it was sent."""
    with app.test_request_context("/?lang=en"):
        form = RoundForm(MultiDict({**_sent(), **said}))
        form.offer([], [])
        form.validate()
        return form


def _sent() -> dict[str, str]:
    numbers = {name: _written(name, number.default) for name, number in NUMBERS.items()}
    times = {name: at.strftime("%Y-%m-%dT%H:%M") for name, at in blank(TEN, {}).items()}
    terms = {"title_zh": "秋季场", "slug": "autumn", "regime": "exchange", "extension_kind": "A", "deposit_kind": "share"}
    terms |= {"commission_agreed": "y", "commission_note": "合同", "deposit_reason": "特殊"}
    return numbers | times | terms


def _written(name: str, number: int | None) -> str:
    if number is None:
        return ""
    return f"{number // 100}.{number % 100:02d}" if name.endswith("_bps") else str(number)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_lawful_for_all_or_for_none(name: str, app: Flask) -> None:
    number = NUMBERS[name]
    for value in (number.least - 1, number.least, number.most, number.most + 1):
        lawful = number.least <= value <= number.most
        plan = a_plan(**{name: value})

        assert (f"round.{name}" not in by_file(plan)) == lawful
        assert by_document(plan) == lawful
        if value >= 0:
            assert (not by_form(app, **{name: _written(name, value)}).errors.get(name)) == lawful, value


@pytest.mark.parametrize("slug", ["a", "a-1", "A", "a--b", "-a", "a_b", "x" * 64, "x" * 65])
def test_a_name_for_addresses_is_one_for_all_or_for_none(slug: str, app: Flask) -> None:
    plan = a_plan(slug=slug)
    lawful = slug in {"a", "a-1", "x" * 64}

    assert by_document(plan) == lawful
    assert ("round.slug" not in by_file(plan)) == lawful
    assert (not by_form(app, slug=slug).errors.get("slug")) == lawful


@pytest.mark.parametrize("paddle", [LEAST_PADDLE - 1, LEAST_PADDLE, MOST_PADDLE, MOST_PADDLE + 1])
def test_a_paddle_has_the_numbers_that_are_given_by_hand(paddle: int) -> None:
    plan = a_plan(enterprises=0)
    plan["enterprises"] = [a_bidder(1, paddle=paddle)]
    lawful = LEAST_PADDLE <= paddle <= MOST_PADDLE

    assert (by_file(plan) == set()) == lawful
    assert by_document(plan) == lawful


@pytest.mark.parametrize(
    ("code", "lawful"),
    [
        (a_code("91330000470009000"), True),
        ("913300004700090000", False),
        ("I" * 18, False),
        ("9133000047000900Z0", False),
        ("91330000470009000", False),
    ],
)
def test_a_credit_code_checks_itself_in_a_file_too(code: str, lawful: bool) -> None:
    plan = a_plan(enterprises=0)
    plan["institutes"][0]["credit_code"] = code

    assert (by_file(plan) == set()) == lawful


def test_a_code_that_does_not_check_is_taken_with_its_markets_yes() -> None:
    plan = a_plan(enterprises=0)
    plan["institutes"][0] |= {"credit_code": "913300004700090000", "code_accepted": True}

    assert by_file(plan) == set()
    assert by_document(plan)


@pytest.mark.parametrize("name", ["owners", "rights", "province"])
def test_what_a_form_needs_a_file_needs(name: str) -> None:
    plan = a_plan(enterprises=0)
    (plan["institutes"] if name == "province" else plan["lots"])[0].pop(name)

    assert by_file(plan) == {f"institutes[0].{name}" if name == "province" else f"lots[0].{name}"}
    assert not by_document(plan)


@pytest.mark.parametrize("regime", Regime)
def test_how_many_must_be_admitted_follows_from_the_regime(regime: Regime, app: Flask) -> None:
    faults = Faults()
    file = read(a_plan(regime=regime.value), KNOWN, faults, TEN)
    form = by_form(app, regime=regime.value)

    assert not form.errors
    assert [file.round.min_admitted, form.planned(host="zhejiang").min_admitted] == [MIN_ADMITTED[regime]] * 2
    assert (file.round.min_bidding, MIN_ADMITTED) == (1, {Regime.EXCHANGE: 2, Regime.AUCTION: 1})


@pytest.mark.parametrize(("special", "day"), [({}, 13), ({"2026-11-13": False}, 12), ({"2026-11-15": True}, 15)])
def test_registration_closes_on_the_working_day_before_where_nothing_is_said(special: dict[str, bool], day: int) -> None:
    known = replace(KNOWN, special=special)
    proposed = blank(TEN, known.days())
    file = read(a_plan(opens_at=proposed["opens_at"]), known, Faults(), TEN)

    assert file.round.registration_closes_at == proposed["registration_closes_at"]
    assert file.round.reserve_deadline_at == proposed["reserve_deadline_at"]
    assert file.round.registration_closes_at == datetime(2026, 11, day, 17, tzinfo=SHANGHAI)


def test_a_rehearsal_that_opens_today_registers_until_it_opens() -> None:
    file = read(a_plan(), KNOWN, Faults(), TEN)

    assert file.round.registration_closes_at == file.round.opens_at


def test_english_names_may_be_left_out_everywhere(app: Flask) -> None:
    plan = a_plan()
    for part in (plan["round"], *plan["institutes"], *plan["lots"], *plan["enterprises"]):
        part.pop("title_en", None)
        part.pop("name_en", None)
    faults = Faults()
    file = read(plan, KNOWN, faults, TEN)

    assert faults.noted == []
    assert by_document(plan)
    assert (file.round.title_en, file.lots[0].title_en) == (file.round.title_zh, file.lots[0].title_zh)
    assert by_form(app).planned(host="zhejiang").title_en == "秋季场"

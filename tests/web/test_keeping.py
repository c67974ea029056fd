"""What was written when the sign-in was gone comes back to its form, and is not acted on."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse
from wtforms import PasswordField

from techauction.clock import ManualClock
from techauction.core.round import Phase
from techauction.db import db, writing
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services import opening
from techauction.store.auction import InstructionRow, OfferRow
from techauction.store.people import Role, UserRow, UserSessionRow
from techauction.web.fields import Form
from techauction.web.keeping import MOST_SIGNS, NEVER_KEPT, PAGE, SHOW
from tests.builders import OPENS, a_lot, a_paddle, a_round, an_organisation
from tests.web.conftest import PASSWORD, Browser

Store = Callable[[], Session]
LOT = "/bidder/rounds/example/lots/1"
HERE = {"Origin": "http://localhost", "Referer": f"http://localhost{LOT}"}
PATIENCE_S = 20


class _Fields(HTMLParser):
    """The inputs of a page's main part, by name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.feed(page[page.index("<main") :])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "input" and said.get("name"):
            self.found.append((str(said["name"]), said.get("value") or ""))


def fields(page: TestResponse) -> dict[str, str]:
    return dict(_Fields(page.text).found)


@pytest.fixture
def bidder(app: Flask, store: Store, clock: ManualClock, auctioneer: Auctioneer, new_user: Callable[..., UserRow]) -> Browser:
    """Return the browser of a bidder at an open lot of 200万 by 10万."""
    with store() as session, writing(session):
        round_ = a_round(session, slug="example", min_admitted=1)
        lot, organisation = a_lot(session, round_, number=1), an_organisation(session)
        a_paddle(session, 260, lot, organisation=organisation)
        organisation_id, round_id = organisation.id, round_.id
    clock.set(OPENS)
    auctioneer.act(partial(opening.open_round, round_id=round_id)).result(PATIENCE_S)
    new_user("bidder", Role.ENTERPRISE, organisation_id=organisation_id)
    browser = app.test_client()
    assert isinstance(browser, Browser)
    assert browser.sign_in("bidder").status_code == 303
    return browser


def end_sign_ins(store: Store, clock: ManualClock) -> None:
    with store() as session, writing(session):
        session.execute(update(UserSessionRow).values(revoked_at=clock()))


def sign_in_on(browser: Browser, page: TestResponse) -> TestResponse:
    """Sign in on the page that asks for it."""
    return browser.post("/account/sign-in", data={**fields(page), "sign_in_name": "bidder", "password": PASSWORD})


def go_on(browser: Browser, page: TestResponse) -> TestResponse:
    """Press the one button of the page with what was kept."""
    found = re.search(r'<form method="post" action="([^"]+)" class="d-inline kept">', page.text)
    assert found, page.text
    return browser.post(found[1], data=fields(page))


def test_a_bid_written_when_the_sign_in_was_gone_comes_back_to_its_form(
    bidder: Browser, store: Store, clock: ManualClock
) -> None:
    token = bidder.get_token()
    end_sign_ins(store, clock)

    asked = bidder.post(LOT, data={"csrf_token": token, "amount": "210万", "key": uuid4().hex}, headers=HERE)
    kept = sign_in_on(bidder, asked)
    back = go_on(bidder, kept)

    assert (asked.status_code, kept.status_code) == (401, 200)
    assert "Your sign-in has ended" in asked.text
    assert "What you wrote is kept" in asked.text
    assert fields(back)["amount"] == "210万"
    assert "Nothing has been sent yet" in back.text
    with store() as session:
        assert session.scalars(select(OfferRow)).all() == []


def test_what_came_back_is_sent_by_pressing_again(bidder: Browser, store: Store, clock: ManualClock) -> None:
    token = bidder.get_token()
    end_sign_ins(store, clock)
    asked = bidder.post(LOT, data={"csrf_token": token, "amount": "210万", "key": uuid4().hex}, headers=HERE)
    back = go_on(bidder, sign_in_on(bidder, asked))

    bidder.post(LOT, data={name: fields(back)[name] for name in ("csrf_token", "amount", "key")})

    with store() as session:
        assert [row.code for row in session.scalars(select(OfferRow))] == [None]


def test_a_ceiling_that_comes_back_is_nowhere_on_the_server_and_in_no_address(
    bidder: Browser, store: Store, clock: ManualClock
) -> None:
    token = bidder.get_token()
    end_sign_ins(store, clock)

    asked = bidder.post(f"{LOT}/instruction", data={"csrf_token": token, "ceiling": "2718281"}, headers=HERE)
    kept = sign_in_on(bidder, asked)
    back = go_on(bidder, kept)

    assert fields(back)["ceiling"] == "2718281"
    assert "2718281" not in "".join(f"{page.headers} {page.request.url}" for page in (asked, kept, back))
    assert asked.headers["Cache-Control"] == kept.headers["Cache-Control"] == "no-store"
    with store() as session:
        assert session.scalars(select(InstructionRow)).all() == []
        assert b"2718281" not in "\n".join(session.connection().connection.driver_connection.iterdump()).encode()


def test_a_form_opened_under_the_sign_in_before_comes_back_too(bidder: Browser, store: Store) -> None:
    token = bidder.get_token()
    bidder.send("/account/sign-out")
    bidder.sign_in("bidder")

    kept = bidder.post(LOT, data={"csrf_token": token, "amount": "210万", "key": uuid4().hex}, headers=HERE)
    back = go_on(bidder, kept)

    assert kept.status_code == 400
    assert fields(back)["amount"] == "210万"
    with store() as session:
        assert session.scalars(select(OfferRow)).all() == []


@pytest.mark.parametrize("origin", [{}, {"Origin": "null"}, {"Origin": "http://elsewhere.example"}])
def test_what_another_site_sends_is_not_kept(bidder: Browser, origin: dict[str, str]) -> None:
    answer = bidder.post(LOT, data={"csrf_token": "forged", "amount": "210万"}, headers=origin)

    assert answer.status_code == 400
    assert "This form is out of date" in answer.text
    assert "210万" not in answer.text


def test_a_browser_without_cookies_is_told_so_and_not_led_in_a_circle(visitor: Browser) -> None:
    answer = visitor.post("/register", data={SHOW: "yes", "name_zh": "甲"}, headers=HERE)

    assert answer.status_code == 400
    assert "cookies are off" in answer.text


def test_a_registration_comes_back_without_its_passwords(visitor: Browser) -> None:
    said = {
        "csrf_token": "of yesterday",
        "name_zh": "甲公司 & <乙>",
        "password": PASSWORD,
        "again": PASSWORD,
    }

    kept = visitor.post("/register", data=said, headers=HERE)
    back = go_on(visitor, kept)

    assert PASSWORD not in kept.text
    assert fields(back)["name_zh"] == "甲公司 & <乙>"


def test_what_leads_elsewhere_or_cannot_be_read_is_not_followed(bidder: Browser) -> None:
    for kept in ("[", "[1]", '["//elsewhere.example/", "", []]', '["https://elsewhere.example", "", []]', "[" * 100_000):
        answer = bidder.post("/account/sign-in", data={"csrf_token": bidder.get_token(), "kept": kept})

        assert (answer.status_code, answer.headers["Location"]) == (303, "/bidder")


def test_too_much_is_not_kept(bidder: Browser, store: Store, clock: ManualClock) -> None:
    token = bidder.get_token()
    end_sign_ins(store, clock)

    answer = bidder.post(LOT, data={"csrf_token": token, "amount": "9" * (MOST_SIGNS + 1)}, headers=HERE)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/account/sign-in?next={LOT}")


def test_that_it_is_back_is_said_at_its_form_and_not_at_the_sign_in(bidder: Browser, store: Store, clock: ManualClock) -> None:
    token = bidder.get_token()
    end_sign_ins(store, clock)

    asked = bidder.post(LOT, data={"csrf_token": token, "amount": "210万", SHOW: "yes"}, headers=HERE)

    assert "What you wrote is kept" in asked.text
    assert "is back" not in asked.text


def test_a_script_is_told_that_nobody_is_signed_in(bidder: Browser, store: Store, clock: ManualClock) -> None:
    token = bidder.get_token()
    stale = bidder.post("/bidder/amounts", data={"text": "1"}, headers={"X-CSRF-Token": "stale"})
    end_sign_ins(store, clock)

    gone = bidder.post("/bidder/amounts", data={"text": "1"}, headers={"X-CSRF-Token": token})

    for answer in (stale, gone):
        assert answer.status_code == 401
        assert answer.get_json()["code"] == "not_signed_in"


def subclasses(of: type[Form]) -> Iterator[type[Form]]:
    for each in of.__subclasses__():
        yield each
        yield from subclasses(each)


@pytest.mark.usefixtures("app")
def test_no_password_is_kept_whatever_its_field_is_called() -> None:
    secret = {
        name
        for form in subclasses(Form)
        for name in dir(form)
        if getattr(getattr(form, name), "field_class", None) is PasswordField
    }

    assert {"password", "present", "new"} <= secret <= NEVER_KEPT


def test_nothing_that_is_only_shown_is_done(
    app: Flask, bidder: Browser, store: Store, new_user: Callable[..., UserRow], clock: ManualClock
) -> None:
    """Every address that takes a form, as every role, with what would do something there."""
    browsers = [bidder]
    with store() as session, writing(session):
        draft = a_round(session, slug="draft", phase=Phase.DRAFT, host_market_key="shanghai")
        institute_id = an_organisation(session).id
        assert draft.id
    for role in Role:
        if role is not Role.ENTERPRISE:
            new_user(f"the.{role}", role, **({"organisation_id": institute_id} if role is Role.INSTITUTE else {}))
            browser = app.test_client()
            assert isinstance(browser, Browser)
            browser.sign_in(f"the.{role}")
            browsers.append(browser)
    with app.test_request_context():
        rules = [
            rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api")
        ]
        urls = []
        for slug in ("example", "draft"):
            named = {"slug": slug, "key": "0" * 32, "act": "pause", "kind": "deposit"}
            urls += [
                str(rule.build({name: named.get(name, 1) for name in rule.arguments})[1])  # type: ignore[index]
                for rule in rules
                if rule.endpoint != "account.language"
            ]
    said = {"amount": "210万", "ceiling": "300万", "reason": "because", "lot": "1", "key": uuid4().hex, "sure": "y", "seq": "1"}
    before = kept_in(store)

    for browser in browsers:
        token = browser.get_token()
        for url in dict.fromkeys(urls):
            answer = browser.post(url, data={**said, "csrf_token": token, SHOW: "yes", PAGE: LOT}, headers=HERE)
            assert answer.status_code < 500, url

    assert clock() == OPENS
    assert kept_in(store) == before


def kept_in(store: Store) -> dict[str, list[object]]:
    with store() as session:
        names = [table.name for table in db.metadata.sorted_tables if table.name not in ("pulse", "pulses")]
        return {name: sorted(map(repr, session.execute(text(f"SELECT * FROM {name}")))) for name in names}

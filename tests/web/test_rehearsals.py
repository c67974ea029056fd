"""Rehearsals and practice, as organizers and bidders reach them, and as nobody else does."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.round import Phase
from techauction.db import writing
from techauction.jobs import ticks
from techauction.jobs.rehearsing import Rehearsing
from techauction.saleroom.auctioneer import Auctioneer
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import OrganisationRow, Role, UserRow
from tests.builders import OPENS, a_lot, a_paddle, a_result, a_round, an_organisation
from tests.web.conftest import Browser

Store = Callable[[], Session]
NewUser = Callable[..., UserRow]
FAR = OPENS + timedelta(days=30)
TITLE = "A result of the autumn round"


@pytest.fixture
def enter(app: Flask, new_user: NewUser) -> Callable[..., Browser]:
    """Return a maker of signed-in browsers."""

    def make(name: str, role: Role, **more: object) -> Browser:
        new_user(name, role, **more)
        client = app.test_client()
        assert isinstance(client, Browser)
        client.sign_in(name)
        return client

    return make


@pytest.fixture
def drafted(store: Store) -> str:
    """Return the name of a draft of Zhejiang's with two lots of one institute."""
    with store() as session, writing(session):
        row = a_round(
            session, slug="autumn", phase=Phase.DRAFT, published_at=None, opens_at=FAR, closes_at=FAR + timedelta(hours=2)
        )
        for number in (1, 2):
            a_lot(session, row, number=number, result=a_result(session, title_en=TITLE))
    return "autumn"


@pytest.fixture
def organizer(enter: Callable[..., Browser]) -> Browser:
    """Return the browser of an organizer of Zhejiang's."""
    return enter("organizer", Role.ORGANIZER, market_key="zhejiang")


@pytest.fixture
def copy(organizer: Browser, drafted: str, store: Store) -> str:
    """Return the name of a rehearsal."""
    assert organizer.send(f"/organizer/rounds/{drafted}/rehearsals", {"speed": "60"}).status_code == 303
    with store() as session:
        return session.scalars(select(RoundRow.slug).where(RoundRow.copy_of_id.is_not(None))).one()


def test_an_organizer_begins_a_rehearsal_and_comes_to_its_desk(organizer: Browser, drafted: str) -> None:
    answer = organizer.send(f"/organizer/rounds/{drafted}/rehearsals", {"speed": "600"})

    assert answer.status_code == 303
    desk = organizer.get(answer.location)
    assert desk.status_code == 200
    assert "Rehearsal: nothing here is sold" in desk.text


@pytest.mark.parametrize("speed", ["", "0", "601", "fast", "1.5"])
def test_a_speed_that_cannot_be_is_refused_beside_its_field(organizer: Browser, drafted: str, speed: str) -> None:
    answer = organizer.send(f"/organizer/rounds/{drafted}/rehearsals", {"speed": speed})

    assert answer.status_code == 422
    assert "invalid-feedback" in answer.text


def test_while_a_round_is_open_the_refusal_names_it(organizer: Browser, drafted: str, store: Store) -> None:
    with store() as session, writing(session):
        a_round(session, phase=Phase.OPEN, title_en="The real one")

    answer = organizer.send(f"/organizer/rounds/{drafted}/rehearsals", {"speed": "60"})

    assert answer.status_code == 422
    assert "The real one" in answer.text


PAGES = ("/rounds/{}", "/rounds/{}/lots/1", "/hall/{}", "/hall/{}/totals")
DESKS = ("/organizer/rounds/{}", "/organizer/rounds/{}/desk", "/organizer/rounds/{}/paddles")


def test_the_organizers_of_its_markets_see_everything_of_it_marked(organizer: Browser, copy: str) -> None:
    for path in (*PAGES, *DESKS):
        page = organizer.get(path.format(copy))

        assert page.status_code == 200, path
        assert "Rehearsal" in page.text, path


@pytest.mark.parametrize(
    ("role", "more"),
    [
        (Role.ORGANIZER, {"market_key": "anhui"}),
        (Role.MANAGER, {"market_key": "zhejiang"}),
        (Role.AUDITOR, {}),
        (Role.ADMINISTRATOR, {}),
    ],
)
def test_others_see_nothing_of_it(enter: Callable[..., Browser], copy: str, role: Role, more: dict[str, str]) -> None:
    other = enter("other", role, **more)

    for path in PAGES:
        assert other.get(path.format(copy)).status_code == 404, path
    for path in DESKS:
        assert other.get(path.format(copy)).status_code in (403, 404), path
    assert other.get(f"/auditor/rounds/{copy}").status_code in (403, 404)


def test_no_list_and_no_program_knows_of_it(visitor: Browser, enter: Callable[..., Browser], copy: str, store: Store) -> None:
    with store() as session:
        organisation = session.scalars(select(OrganisationRow.id).where(OrganisationRow.kind == "university")).first()
    lists = [
        (visitor, ("/", "/rounds", f"/rounds/{copy}", f"/rounds/{copy}/result", f"/hall/{copy}")),
        (enter("auditor", Role.AUDITOR), ("/auditor", "/auditor/rounds")),
        (enter("administrator", Role.ADMINISTRATOR), ("/administrator/users", "/administrator/organisations")),
        (enter("institute", Role.INSTITUTE, organisation_id=organisation), ("/institute", "/institute/results")),
        (
            enter("colleague", Role.ORGANIZER, market_key="zhejiang"),
            ("/organizer/rounds", "/organizer/enterprises", "/organizer/cases"),
        ),
    ]

    for client, paths in lists:
        for path in paths:
            answer = client.get(path)
            assert answer.status_code in (200, 303, 404), path
            page = answer.text if answer.status_code == 200 else ""
            assert copy not in page, path
            assert "Simulated bidder" not in page, path
            assert "模拟竞买人" not in page, path
            assert "SIM0" not in page, path


def test_a_rehearsal_has_no_reports(organizer: Browser, copy: str) -> None:
    assert organizer.get(f"/organizer/rounds/{copy}/report").status_code == 404


def test_a_rehearsal_is_thrown_away_by_a_button(
    organizer: Browser, drafted: str, copy: str, store: Store, auctioneer: Auctioneer, clock: ManualClock, app: Flask
) -> None:
    del app
    with store() as session:
        copy_id = session.scalars(select(RoundRow.id).where(RoundRow.slug == copy)).one()

    assert organizer.send(f"/organizer/rounds/{drafted}/rehearsals/discard", {"copy": str(copy_id)}).status_code == 303

    assert copy not in organizer.get(f"/organizer/rounds/{drafted}/rehearsals").text
    Rehearsing(store, auctioneer, clock).discard()  # type: ignore[arg-type]  # a maker of sessions is one
    with store() as session:
        assert session.scalars(select(RoundRow.slug)).all() == [drafted]


def test_only_a_rounds_own_copies_are_thrown_away_there(organizer: Browser, drafted: str, copy: str, store: Store) -> None:
    with store() as session:
        real = session.scalars(select(RoundRow.id).where(RoundRow.slug == drafted)).one()

    for wrong in (str(real), "999", "x", ""):
        answer = organizer.send(f"/organizer/rounds/{drafted}/rehearsals/discard", {"copy": wrong})
        assert answer.status_code == 404, wrong

    assert organizer.get(f"/organizer/rounds/{copy}/desk").status_code == 200


@pytest.fixture
def bidder(store: Store, enter: Callable[..., Browser]) -> Browser:
    """Return the browser of paddle 260 in a published round."""
    with store() as session, writing(session):
        row = a_round(session, slug="joint")
        organisation = an_organisation(session)
        a_paddle(session, 260, a_lot(session, row, number=1), organisation=organisation)
        organisation_id = organisation.id
    return enter("bidder", Role.ENTERPRISE, organisation_id=organisation_id)


def practise(bidder: Browser) -> str:
    answer = bidder.send("/bidder/rounds/joint/practice")
    assert answer.status_code == 303
    return str(answer.location)


def test_an_admitted_bidder_practises_on_a_bidding_page_of_its_own(
    bidder: Browser, store: Store, auctioneer: Auctioneer, clock: ManualClock
) -> None:
    assert "/bidder/rounds/joint/practice" in bidder.get("/bidder/rounds/joint/paddle").text
    page = practise(bidder)
    clock.set(clock() + timedelta(seconds=5))
    ticks.open_due_rounds(store, auctioneer, now=clock())  # type: ignore[arg-type]  # a maker of sessions is one

    text = bidder.get(page).text
    key = re.search(r'name="key"[^>]*value="([^"]+)"', text) or re.search(r'value="([^"]+)"[^>]*name="key"', text)
    assert key
    assert "Rehearsal: nothing here is sold" in text
    assert bidder.send(page, {"amount": "1000000", "key": key[1]}).status_code == 303

    with store() as session:
        lot = session.scalars(select(LotRow).join(LotRow.round).where(RoundRow.practice_for_id.is_not(None))).one()
        assert lot.standing_paddle == 260


def test_nothing_of_a_practice_stands_in_the_bidders_own_lists(bidder: Browser) -> None:
    name = practise(bidder).split("/")[3]

    for path in ("/bidder", "/bidder/paddles", "/bidder/receipts", "/"):
        assert name not in bidder.get(path).text, path


def test_another_bidder_sees_nothing_of_it(bidder: Browser, enter: Callable[..., Browser], store: Store) -> None:
    page = practise(bidder)
    with store() as session, writing(session):
        organisation_id = an_organisation(session).id
    rival = enter("rival", Role.ENTERPRISE, organisation_id=organisation_id)

    assert rival.get(page).status_code == 404
    assert rival.send("/bidder/rounds/joint/practice").location.endswith("/bidder/rounds/joint/paddle")


def test_once_the_round_is_open_nobody_practises(bidder: Browser, clock: ManualClock) -> None:
    clock.set(OPENS)

    answer = bidder.send("/bidder/rounds/joint/practice")

    assert answer.location.endswith("/bidder/rounds/joint/paddle")
    assert "only before the round opens" in bidder.get(answer.location).text

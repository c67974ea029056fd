import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.outcome import Ending
from techauction.core.round import Phase
from techauction.db import writing
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, ReserveRow, RoundRow
from techauction.store.people import OrganisationKind, OrganisationRow, Role, UserRow
from tests.builders import OPENS, a_lot, a_reserve, a_result, a_round, an_organisation
from tests.web.conftest import Browser

Store = Callable[[], Session]
NewUser = Callable[..., UserRow]


def keep(store: Store, arrange: Callable[[Session], Any]) -> Any:
    """Arrange rows, and commit."""
    with store() as session, writing(session):
        return arrange(session)


@pytest.fixture
def university(store: Store) -> OrganisationRow:
    """Keep a university in Zhejiang."""
    found: OrganisationRow = keep(store, lambda session: an_organisation(session, OrganisationKind.UNIVERSITY))
    return found


@pytest.fixture
def officer(visitor: Browser, new_user: NewUser, university: OrganisationRow) -> Browser:
    """Return the browser of the university's sealing officer."""
    new_user("officer", Role.INSTITUTE, organisation_id=university.id, sealing_officer=True)
    visitor.sign_in("officer")
    return visitor


@pytest.fixture
def colleague(app: Flask, new_user: NewUser, university: OrganisationRow) -> Browser:
    """Return the browser of somebody else at the university."""
    new_user("colleague", Role.INSTITUTE, organisation_id=university.id)
    return _signed_in(app, "colleague")


@pytest.fixture
def stranger(app: Flask, new_user: NewUser, store: Store) -> Browser:
    """Return the browser of another university's sealing officer."""
    other = keep(store, lambda session: an_organisation(session, OrganisationKind.UNIVERSITY))
    new_user("stranger", Role.INSTITUTE, organisation_id=other.id, sealing_officer=True)
    return _signed_in(app, "stranger")


def _signed_in(app: Flask, name: str) -> Browser:
    client = app.test_client()
    assert isinstance(client, Browser)
    client.sign_in(name)
    return client


@pytest.fixture
def round_(store: Store) -> RoundRow:
    """Keep a published round of Zhejiang's."""
    found: RoundRow = keep(store, lambda session: a_round(session, slug="autumn", title_en="Autumn round"))
    return found


def a_form(round_: RoundRow, **said: Any) -> dict[str, Any]:
    """Return the form of the battery."""
    return {
        "round": str(round_.id),
        "title_zh": "高安全长寿命先进锂离子电池储能系统",
        "title_en": "Safe and durable lithium-ion storage",
        "summary_zh": "储能",
        "summary_en": "Storage",
        "field": "energy",
        "maturity": "7",
        "owners": "Zhejiang University of Technology",
        "rights": "Patent 2019",
        "instrument": "transfer",
        "start": "200万",
        "increment": "10万",
        "announced": "yes",
        **said,
    }


def the_lot(store: Store) -> LotRow:
    """Return the only lot."""
    with store() as session:
        return session.scalars(select(LotRow)).one()


def test_an_institute_lists_a_result_on_one_page(officer: Browser, store: Store, round_: RoundRow) -> None:
    answer = officer.send("/institute/new-result", a_form(round_))

    assert answer.status_code == 303
    lot = the_lot(store)
    assert (lot.stage, lot.start, lot.increment, lot.reserve_announced) == (
        Stage.SUBMITTED,
        Money(200_000_000),
        Money(10_000_000),
        True,
    )
    assert "Safe and durable lithium-ion storage" in officer.get("/institute/results").text


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"title_zh": ""}, "This is needed."),
        ({"increment": "0.01"}, "¥0.01 is unusual at a start price of"),
        ({"start": "0"}, "The amount must be more than zero."),
        ({"start": "1e9"}, "is no amount"),
        ({"increment": "0.001"}, "The amount is finer than one fen."),
        ({"round": "9999"}, "Not a valid choice."),
        ({"field": "alchemy"}, "Not a valid choice."),
        ({"announced": ""}, "Say whether a reserve is announced."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept(
    officer: Browser, store: Store, round_: RoundRow, said: dict[str, Any], sentence: str
) -> None:
    answer = officer.send("/institute/new-result", a_form(round_, **said))

    assert answer.status_code == 422
    assert sentence in answer.text
    with store() as session:
        assert session.scalars(select(LotRow)).all() == []


def test_a_form_sent_twice_lists_one_result_without_its_nuls(officer: Browser, store: Store, round_: RoundRow) -> None:
    first = officer.send("/institute/new-result", a_form(round_, title_zh="储\x00能"))
    second = officer.send("/institute/new-result", a_form(round_, title_zh="储能"))

    assert (first.status_code, second.status_code) == (303, 422)
    assert the_lot(store).number is None


def test_rounds_that_take_no_results_any_more_are_not_offered(
    officer: Browser, store: Store, round_: RoundRow, clock: ManualClock
) -> None:
    keep(store, lambda session: a_round(session, title_en="Elsewhere", host_market_key="anhui"))
    keep(store, lambda session: a_round(session, title_en="Over", phase=Phase.CLOSED))

    page = officer.get("/institute/new-result").text

    assert "Autumn round" in page
    assert "Elsewhere" not in page
    assert "Over" not in page
    clock.set(OPENS)
    assert "No round takes results now" in officer.get("/institute/new-result").text
    assert officer.send("/institute/new-result", a_form(round_)).status_code == 422


def test_a_result_is_changed_until_it_is_accepted(officer: Browser, store: Store, round_: RoundRow) -> None:
    officer.send("/institute/new-result", a_form(round_))
    lot = the_lot(store)

    page = officer.get(f"/institute/results/{lot.id}/edit")
    assert 'value="2,000,000"' in page.text
    assert officer.change(f"/institute/results/{lot.id}/edit", a_form(round_, start="300万")).status_code == 303
    assert the_lot(store).start == Money(300_000_000)

    def accept(session: Session) -> None:
        row = session.get_one(LotRow, lot.id)
        row.stage, row.number = Stage.LISTED, 1

    keep(store, accept)
    assert officer.get(f"/institute/results/{lot.id}/edit").status_code == 303
    answer = officer.send(f"/institute/results/{lot.id}/edit", a_form(round_, start="400万"))
    assert answer.status_code == 422
    assert "That is not possible any more: the lot is listed." in answer.text


def test_another_institutes_result_is_not_there(stranger: Browser, officer: Browser, store: Store, round_: RoundRow) -> None:
    officer.send("/institute/new-result", a_form(round_))
    address = f"/institute/results/{the_lot(store).id}"

    assert stranger.get(address).status_code == 404
    assert stranger.get(f"{address}/edit").status_code == 404
    assert stranger.send(f"{address}/edit", a_form(round_)).status_code == 404
    assert stranger.send(f"{address}/seal", {"reserve": "1"}).status_code == 404


def test_the_sealing_officer_sees_the_slip_once_and_then_nobody_reads_the_reserve(
    officer: Browser, colleague: Browser, store: Store, round_: RoundRow
) -> None:
    officer.send("/institute/new-result", a_form(round_))
    lot = the_lot(store)
    address = f"/institute/results/{lot.id}"

    slip = officer.send(f"{address}/seal", {"reserve": "271.8281万"})

    assert slip.status_code == 200
    assert slip.headers["Cache-Control"] == "no-store"
    with store() as session:
        kept = session.get_one(ReserveRow, lot.id)
    assert kept.amount is None
    assert kept.commitment in slip.text
    [line] = re.findall(r'\{"lot".*?\}', slip.text)
    assert hashlib.sha256(line.encode()).hexdigest() == kept.commitment
    assert "¥2,718,281" in slip.text
    for page in (officer.get(address).text, colleague.get(address).text):
        assert "Sealed at 2026-11-02 10:00:00" in page
        assert "2,718,281" not in page
        assert "2718281" not in page
        assert kept.commitment not in page
    assert 'name="reserve"' in officer.get(address).text
    assert 'name="reserve"' not in colleague.get(address).text


def test_a_colleague_cannot_seal(colleague: Browser, officer: Browser, store: Store, round_: RoundRow) -> None:
    officer.send("/institute/new-result", a_form(round_))

    answer = colleague.send(f"/institute/results/{the_lot(store).id}/seal", {"reserve": "250万"})

    assert answer.status_code == 422
    assert "Only the institute&#39;s sealing officer may seal a reserve." in answer.text
    with store() as session:
        assert session.scalars(select(ReserveRow)).all() == []


def test_a_reserve_that_cannot_be_sealed_is_refused_beside_its_field(
    officer: Browser, store: Store, round_: RoundRow, clock: ManualClock
) -> None:
    officer.send("/institute/new-result", a_form(round_))
    address = f"/institute/results/{the_lot(store).id}/seal"

    assert "A reserve under the start price of ¥2,000,000 would have no effect." in officer.send(address, {"reserve": "1"}).text
    assert "is no amount" in officer.send(address, {"reserve": "much"}).text
    clock.set(round_.reserve_deadline_at)
    late = officer.send(address, {"reserve": "250万"})
    assert late.status_code == 422
    assert "Reserves could be sealed until 2026-11-02 10:30" in late.text


def ended(session: Session, university: OrganisationRow, round_id: int, ending: Ending) -> LotRow:
    """Keep an ended lot whose reserve was sealed at 271.8281万."""
    organisation = session.get_one(OrganisationRow, university.id)
    row = session.get_one(RoundRow, round_id)
    lot = a_lot(
        session,
        row,
        result=a_result(session, institute=organisation),
        stage=Stage.ENDED,
        reserve_announced=True,
        opens_at=OPENS,
        closes_at=OPENS,
        scheduled_closes_at=OPENS,
    )
    a_reserve(session, lot, Money(271_828_100), salt="ab" * 32)
    session.add(OutcomeRow(lot_id=lot.id, ending=ending, ended_at=OPENS))
    session.flush()
    return lot


@pytest.mark.parametrize(("ending", "opened"), [(Ending.PASSED_IN, True), (Ending.WITHHELD, False)])
def test_after_the_lot_passed_in_its_institute_sees_the_reserve_opened(
    colleague: Browser, store: Store, university: OrganisationRow, round_: RoundRow, ending: Ending, *, opened: bool
) -> None:
    lot = keep(store, lambda session: ended(session, university, round_.id, ending))

    page = colleague.get(f"/institute/results/{lot.id}").text

    assert ("¥2,718,281" in page) is opened
    assert ("ab" * 32 in page) is opened

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.lot import Stage
from techauction.core.round import Phase
from techauction.db import writing
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services.loading import load_round
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import Role, UserRow
from tests.builders import OPENS, a_lot, a_round
from tests.conftest import TEN
from tests.plans import a_plan
from tests.web.conftest import Browser

Store = Callable[[], Session]
NewUser = Callable[..., UserRow]


@pytest.fixture
def organizer(visitor: Browser, new_user: NewUser) -> Browser:
    """Return the browser of an organizer of Zhejiang's."""
    new_user("organizer", Role.ORGANIZER, market_key="zhejiang")
    visitor.sign_in("organizer")
    return visitor


@pytest.fixture
def neighbour(app: Flask, new_user: NewUser) -> Browser:
    """Return the browser of an organizer of Anhui's, which takes no part unless a test says so."""
    new_user("neighbour", Role.ORGANIZER, market_key="anhui")
    client = app.test_client()
    assert isinstance(client, Browser)
    client.sign_in("neighbour")
    return client


MINUTE = timedelta(minutes=1)
REAL = {
    "rehearsal": "",
    "registration_closes_at": "2026-11-19T10:00",
    "reserve_deadline_at": "2026-11-20T09:30",
    "opens_at": "2026-11-20T10:00",
    "closes_at": "2026-11-20T14:00",
}
"""The times of a round that is no rehearsal."""


def draft(**said: Any) -> dict[str, Any]:
    """Return the form of a rehearsal that opens in an hour and closes in two."""
    return {
        "title_zh": "秋季联合竞价",
        "title_en": "Autumn round",
        "slug": "autumn",
        "regime": "exchange",
        "rehearsal": "y",
        "registration_closes_at": "2026-11-02T10:50",
        "reserve_deadline_at": "2026-11-02T10:30",
        "opens_at": "2026-11-02T11:00",
        "closes_at": "2026-11-02T12:00",
        "stagger_s": "60",
        "extension_kind": "A",
        "extension_trigger_s": "300",
        "extension_length_s": "300",
        "extension_cap_s": "",
        "max_steps": "10",
        "collar": "3",
        "min_admitted": "2",
        "min_bidding": "1",
        "gap_s": "10",
        "deposit_kind": "share",
        "deposit_share_bps": "10",
        "deposit_fixed": "",
        "buyer_bps": "1.5",
        "seller_bps": "0",
        "listing_share_bps": "50",
        **said,
    }


def the_round(store: Store) -> RoundRow:
    """Return the only round."""
    with store() as session:
        return session.scalars(select(RoundRow)).one()


def keep(store: Store, arrange: Callable[[Session], Any]) -> Any:
    """Arrange rows, and commit."""
    with store() as session, writing(session):
        return arrange(session)


def test_a_new_round_begins_with_sensible_times(organizer: Browser) -> None:
    page = organizer.get("/organizer/new-round").text

    assert 'value="2026-11-16T10:00"' in page
    assert 'value="2026-11-16T14:00"' in page
    assert 'value="2026-11-13T17:00"' in page  # the 15th is a Sunday
    assert 'value="2026-11-16T09:30"' in page


def test_an_organizer_drafts_a_round_on_one_page(organizer: Browser, store: Store) -> None:
    answer = organizer.send("/organizer/new-round", draft(markets=["anhui"]))

    assert answer.status_code == 303
    row = the_round(store)
    assert (row.phase, row.opens_at, row.host_market_key, row.buyer_bps) == (Phase.DRAFT, OPENS, "zhejiang", 150)
    assert "Autumn round" in organizer.get(answer.location).text


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"slug": "Autumn Round"}, "Use small letters, digits and single hyphens."),
        ({"title_zh": ""}, "This is needed."),
        ({"opens_at": "soon"}, "Write a date and a time."),
        ({"extension_length_s": "0"}, "Write a whole number from 1 to 3600."),
        ({"extension_length_s": "many"}, "Write a whole number."),
        ({"deposit_kind": "fixed"}, "Write the sum, or choose a share of the start price."),
        ({"deposit_fixed": "-5"}, "The amount must be more than zero."),
        ({"buyer_bps": "101"}, "Write a rate from 0 to 100"),
        ({"markets": ["mars"]}, "is not a valid choice"),
        ({"buyer_bps": "5.01"}, "The law allows 5 per cent a side"),
        ({"buyer_bps": "5.01", "commission_agreed": "y"}, "Write what was agreed, with whom and when"),
        ({"deposit_share_bps": "4.99"}, "Write why it is another"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept(
    organizer: Browser, store: Store, said: dict[str, Any], sentence: str
) -> None:
    answer = organizer.send("/organizer/new-round", draft(**said))

    assert answer.status_code == 422
    assert sentence in answer.text
    with store() as session:
        assert session.scalars(select(RoundRow)).all() == []


def test_all_that_stands_against_a_draft_is_said_at_once(organizer: Browser, store: Store) -> None:
    organizer.send("/organizer/new-round", draft())
    own = organizer.get("/organizer/new-round").text
    custodian = re.search(r'<option value="(\d+)"', own)
    assert custodian

    page = organizer.send("/organizer/new-round", draft(title_zh="", custodian=custodian[1], buyer_bps="8", gap_s="99999"))

    assert page.status_code == 422
    for field in ("title_zh", "slug", "custodian", "buyer_bps", "commission_note", "gap_s"):
        assert f'id="{field}-errors"' in page.text, field
    assert len(rounds_of(store)) == 1


def rounds_of(store: Store) -> list[RoundRow]:
    """Return all rounds."""
    with store() as session:
        return list(session.scalars(select(RoundRow)))


def test_a_name_in_addresses_is_taken_once(organizer: Browser) -> None:
    organizer.send("/organizer/new-round", draft())

    answer = organizer.send("/organizer/new-round", draft())

    assert answer.status_code == 422
    assert "Another round has the address name autumn." in answer.text


def test_a_draft_may_be_changed(organizer: Browser, store: Store) -> None:
    organizer.send("/organizer/new-round", draft())

    page = organizer.get("/organizer/rounds/autumn/edit")
    answer = organizer.change("/organizer/rounds/autumn/edit", draft(slug="winter", title_en="Winter round"))

    assert 'value="Autumn round"' in page.text
    assert answer.location.endswith("/organizer/rounds/winter")
    assert the_round(store).title_en == "Winter round"


def test_a_round_that_contradicts_itself_says_why_field_by_field(organizer: Browser, store: Store) -> None:
    organizer.send(
        "/organizer/new-round", draft(rehearsal="", closes_at="2026-11-02T10:00", registration_closes_at="2026-11-03T10:00")
    )
    keep(store, lambda session: a_lot(session, session.scalars(select(RoundRow)).one(), number=4, start=None))

    answer = organizer.change("/organizer/rounds/autumn/publish", {}, shown_at="/organizer/rounds/autumn")

    assert answer.status_code == 422
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))
    assert "Opens A round is announced at least 7 days before it opens" in said
    assert "First lot closes The close must come after the opening." in said
    assert "Registration and deposits close This must not be later than the opening." in said
    assert "Lot 4 · Start price This is missing." in said
    assert the_round(store).phase is Phase.DRAFT
    marked = organizer.get("/organizer/rounds/autumn/edit").text
    assert "The close must come after the opening." in marked


def test_a_round_in_order_is_published_and_then_stands(organizer: Browser, store: Store) -> None:
    organizer.send("/organizer/new-round", draft())
    keep(store, lambda session: a_lot(session, session.scalars(select(RoundRow)).one(), number=1))

    answer = organizer.change("/organizer/rounds/autumn/publish", {}, shown_at="/organizer/rounds/autumn")

    assert answer.status_code == 303
    assert the_round(store).phase is Phase.PUBLISHED
    assert organizer.get("/organizer/rounds/autumn/edit").status_code == 404
    assert organizer.get("/rounds/autumn").status_code == 200


def test_a_real_round_is_published_and_called_off_only_on_purpose(organizer: Browser, store: Store) -> None:
    organizer.send("/organizer/new-round", draft(**REAL, slug="off"))
    off, shown = "/organizer/rounds/off/call-off", "/organizer/rounds/off"
    assert organizer.change(off, {"reason": "Too few results."}, shown_at=shown).status_code == 422
    assert organizer.change(off, {"reason": "Too few results.", "meant": "y"}, shown_at=shown).status_code == 303

    organizer.send("/organizer/new-round", draft(**REAL))
    keep(
        store,
        lambda session: a_lot(session, session.scalars(select(RoundRow).where(RoundRow.slug == "autumn")).one(), number=1),
    )
    on, shown = "/organizer/rounds/autumn/publish", "/organizer/rounds/autumn"
    pressed = organizer.change(on, {}, shown_at=shown)
    assert pressed.status_code == 422
    assert "Tick this too" in pressed.text
    assert organizer.change(on, {"checked": "y"}, shown_at=shown).status_code == 303


def test_a_round_is_called_off_with_a_reason(organizer: Browser, store: Store) -> None:
    organizer.send("/organizer/new-round", draft())

    off, shown = "/organizer/rounds/autumn/call-off", "/organizer/rounds/autumn"
    refused = organizer.change(off, {"reason": " "}, shown_at=shown)
    answer = organizer.change(off, {"reason": "Too few results."}, shown_at=shown)

    assert (refused.status_code, answer.status_code) == (422, 303)
    assert the_round(store).phase is Phase.CALLED_OFF


def test_an_organizer_sees_the_rounds_of_the_own_market_only(organizer: Browser, neighbour: Browser, store: Store) -> None:
    keep(store, lambda session: load_round(session, a_plan(), now=TEN))

    assert "A rehearsal" in organizer.get("/organizer/rounds").text
    assert "A rehearsal" not in neighbour.get("/organizer/rounds").text
    for address in ("", "/edit", "/desk"):
        assert neighbour.get(f"/organizer/rounds/rehearsal{address}").status_code == 404
    for act in ("publish", "call-off", "desk/open", "desk/pause", "desk/ask/resume", "desk/requests/1/approve", "floor/lots/1"):
        assert neighbour.send(f"/organizer/rounds/rehearsal/{act}", {"reason": "Mine now."}).status_code == 404


def test_a_market_that_takes_part_watches_but_does_not_decide(organizer: Browser, neighbour: Browser, store: Store) -> None:
    organizer.send("/organizer/new-round", draft(markets=["anhui"]))

    assert neighbour.get("/organizer/rounds/autumn").status_code == 200
    assert neighbour.get("/organizer/rounds/autumn/edit").status_code == 404
    answer = neighbour.send("/organizer/rounds/autumn/publish")
    assert answer.status_code == 422
    assert "Only an organizer of the round&#39;s host market may do this." in answer.text
    assert the_round(store).phase is Phase.DRAFT


def waiting_lot(session: Session) -> LotRow:
    """Keep a submitted result in a published round of Zhejiang's."""
    return a_lot(session, a_round(session), number=None, stage=Stage.SUBMITTED)


def test_a_market_accepts_a_result_of_its_institutes(organizer: Browser, store: Store) -> None:
    lot = keep(store, waiting_lot)

    listed = organizer.get("/organizer/results").text
    at = f"/organizer/results/{lot.id}"
    answer = organizer.change(f"/organizer/results/{lot.id}/accept", {"number": "12"}, shown_at=at)

    assert f"/organizer/results/{lot.id}" in listed
    assert answer.status_code == 303
    with store() as session:
        assert (session.get_one(LotRow, lot.id).stage, session.get_one(LotRow, lot.id).number) == (Stage.LISTED, 12)
    assert (
        organizer.change(
            f"/organizer/results/{lot.id}/accept", {"number": ""}, shown_at=f"/organizer/results/{lot.id}"
        ).status_code
        == 422
    )


def test_after_registration_has_closed_no_result_is_accepted(organizer: Browser, store: Store, clock: ManualClock) -> None:
    lot = keep(store, waiting_lot)
    clock.advance(timedelta(hours=1))

    at = f"/organizer/results/{lot.id}"
    answer = organizer.change(f"/organizer/results/{lot.id}/accept", {"number": ""}, shown_at=at)

    assert answer.status_code == 422
    assert "Registration in this round closed at 2026-11-02 11:00:00; no lot can be added to it now." in answer.text


def test_a_result_is_returned_with_a_reason(organizer: Browser, store: Store) -> None:
    lot = keep(store, waiting_lot)

    refused = organizer.send(f"/organizer/results/{lot.id}/return", {"reason": ""})
    answer = organizer.send(f"/organizer/results/{lot.id}/return", {"reason": "Name the owners."})

    assert (refused.status_code, answer.status_code) == (422, 303)
    with store() as session:
        assert session.get_one(LotRow, lot.id).return_reason == "Name the owners."


def test_another_markets_result_is_not_there(neighbour: Browser, store: Store) -> None:
    lot = keep(store, waiting_lot)

    assert neighbour.get(f"/organizer/results/{lot.id}").status_code == 404
    assert neighbour.send(f"/organizer/results/{lot.id}/accept", {"number": "1"}).status_code == 404
    assert neighbour.send(f"/organizer/results/{lot.id}/return", {"reason": "Mine."}).status_code == 404


def stages(store: Store) -> list[Stage]:
    """Return the stages of all lots by number."""
    with store() as session:
        return list(session.scalars(select(LotRow.stage).order_by(LotRow.number)))


def test_a_rehearsal_is_opened_and_paused_from_its_desk(organizer: Browser, store: Store) -> None:
    keep(store, lambda session: load_round(session, a_plan(lots=3, registration_closes_at=TEN.isoformat()), now=TEN - MINUTE))
    desk = "/organizer/rounds/rehearsal/desk"

    assert organizer.send(f"{desk}/open").status_code == 303
    assert stages(store) == [Stage.OPEN] * 3

    second = the_lots(store)[1].id
    assert organizer.send(f"{desk}/pause", {"reason": "A question about the patent.", "lot": str(second)}).status_code == 303
    assert stages(store) == [Stage.OPEN, Stage.PAUSED, Stage.OPEN]
    assert "A question about the patent." in organizer.get(desk).text

    assert organizer.send(f"{desk}/pause", {"reason": "The network is down.", "all": "1"}).status_code == 303
    assert stages(store) == [Stage.PAUSED] * 3


def the_lots(store: Store) -> list[LotRow]:
    """Return all lots by number."""
    with store() as session:
        return list(session.scalars(select(LotRow).order_by(LotRow.number)))


@pytest.mark.parametrize(
    ("act", "said", "sentence"),
    [
        ("pause", {"reason": "", "all": "1"}, "Give a reason: it will be public."),
        ("pause", {"reason": "Why not?"}, "Tick the lots first"),
        ("ask/resume", {"reason": "Go on.", "all": "1"}, "Tick the lots first"),
    ],
)
def test_lots_are_not_stopped_without_reason_or_without_being_named(
    organizer: Browser, store: Store, act: str, said: dict[str, str], sentence: str
) -> None:
    keep(store, lambda session: load_round(session, a_plan(registration_closes_at=TEN.isoformat()), now=TEN - MINUTE))
    organizer.send("/organizer/rounds/rehearsal/desk/open")

    answer = organizer.send(f"/organizer/rounds/rehearsal/desk/{act}", said)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert stages(store) == [Stage.OPEN] * 2


def test_lots_of_another_round_are_not_stopped_from_this_desk(organizer: Browser, store: Store, auctioneer: Auctioneer) -> None:
    keep(store, lambda session: load_round(session, a_plan(), now=TEN))
    other = keep(store, lambda session: a_lot(session, a_round(session)))

    answer = organizer.send("/organizer/rounds/rehearsal/desk/pause", {"reason": "Mine.", "lot": str(other.id)})

    assert answer.status_code == 404
    assert auctioneer.alive


def test_a_round_that_is_no_rehearsal_does_not_open_early(organizer: Browser, store: Store, clock: ManualClock) -> None:
    keep(store, lambda session: a_lot(session, a_round(session, slug="real", opens_at=OPENS)))
    desk = "/organizer/rounds/real/desk"

    early = organizer.send(f"{desk}/open")
    assert "Open the round now" not in organizer.get(desk).text
    clock.set(OPENS)

    assert (early.status_code, organizer.send(f"{desk}/open").status_code) == (422, 303)
    assert "before that two organizers must agree, but for a rehearsal." in early.text


def test_unusual_terms_stand_on_the_announcement_in_both_languages(organizer: Browser, store: Store, visitor: Browser) -> None:
    words = {"commission_agreed": "y", "commission_note": "合同第五条", "deposit_reason": "标的特殊"}
    organizer.send("/organizer/new-round", draft(buyer_bps="8", deposit_share_bps="30", **words))
    keep(store, lambda session: a_lot(session, session.scalars(select(RoundRow)).one()))
    published = organizer.change("/organizer/rounds/autumn/publish", {}, shown_at="/organizer/rounds/autumn")
    assert published.status_code == 303

    english = visitor.get("/rounds/autumn").text
    chinese = visitor.get("/rounds/autumn", headers={"Accept-Language": "zh"}).text

    for words_of, page in (("As agreed:", english), ("约定内容：", chinese)):
        assert words_of in page
        assert "8%" in page
        assert "30%" in page
        assert "合同第五条" in page
        assert "标的特殊" in page

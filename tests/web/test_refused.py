from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.refusal import Refusal
from techauction.db import writing
from techauction.queries import refusals
from techauction.services import opening
from techauction.store.auction import OfferRow
from techauction.store.people import Role, UserRow
from tests.builders import OPENS, wan
from tests.rounds import Played, a_round_to_play
from tests.web.conftest import Browser


@pytest.fixture
def played(store: Callable[[], Session]) -> Played:
    """Return an open round at whose first lot two offers were refused."""
    with store() as session, writing(session):
        played = a_round_to_play(session, {}, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        played.bid(session, 0, 0, wan(200), OPENS)
        for _ in range(2):
            with pytest.raises(Refusal):
                played.bid(session, 0, 1, wan(205), OPENS)
        return played


@pytest.fixture
def auditor(visitor: Browser, new_user: Callable[..., UserRow]) -> Browser:
    """Return the browser of an auditor."""
    new_user("ada", Role.AUDITOR)
    visitor.sign_in("ada")
    return visitor


def test_the_auditor_reads_what_was_refused_and_its_hashes(
    auditor: Browser, played: Played, store: Callable[[], Session]
) -> None:
    with store() as session:
        rows = session.scalars(select(OfferRow).where(OfferRow.place.is_not(None)).order_by(OfferRow.place)).all()

    record = auditor.get(f"/auditor/rounds/{played.row.slug}/lots/1")
    page = auditor.get(f"/auditor/rounds/{played.row.slug}/lots/1/refused")

    assert "Refused offers: 2" in record.text
    assert f'href="/auditor/rounds/{played.row.slug}/lots/1/refused"' in record.text
    assert [row.code for row in rows] == ["too_low", "too_low"]
    assert all(str(row.hash) in page.text for row in rows)
    assert page.text.count("¥2,050,000") == 2
    assert "102" in page.text
    assert not any(row.key in page.text for row in rows)


def test_a_long_chain_is_paged(auditor: Browser, monkeypatch: pytest.MonkeyPatch, played: Played) -> None:
    monkeypatch.setattr(refusals, "EVENTS_A_PAGE", 1)

    page = auditor.get(f"/auditor/rounds/{played.row.slug}/lots/1/refused?page=2")

    assert 'id="refused-2"' in page.text
    assert 'id="refused-1"' not in page.text


def test_a_lot_without_refused_offers_says_so(auditor: Browser, played: Played) -> None:
    assert "No offer on this lot was refused." in auditor.get(f"/auditor/rounds/{played.row.slug}/lots/2/refused").text
    assert auditor.get(f"/auditor/rounds/{played.row.slug}/lots/9/refused").status_code == 404
    assert auditor.get("/auditor/rounds/nowhere/lots/1/refused").status_code == 404


def test_nobody_else_reads_what_was_refused(visitor: Browser, new_user: Callable[..., UserRow], played: Played) -> None:
    new_user("olga", Role.ORGANIZER)
    visitor.sign_in("olga")

    assert visitor.get(f"/auditor/rounds/{played.row.slug}/lots/1/refused").status_code == 403

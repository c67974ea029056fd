"""A host publishes a draft, or calls it off, as it was shown: who comes after a change is told what changed."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.lot import Stage
from techauction.core.round import Phase
from techauction.db import writing
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import Role, UserRow
from tests.builders import a_lot, a_round
from tests.web.conftest import Browser
from tests.web.test_bidding import plain
from tests.web.test_editing import filled

PAGE = "/organizer/rounds/draft"
PRESSES = {"publish": {}, "call-off": {"reason": "Rain."}}


def revise(session: Session) -> None:
    """Let a bid rise by more increments."""
    session.scalars(select(RoundRow)).one().max_steps = 77


def add(session: Session) -> None:
    """List a third lot."""
    a_lot(session, session.scalars(select(RoundRow)).one(), number=3)


def change(session: Session) -> None:
    """Describe the second lot otherwise."""
    session.scalars(select(LotRow).where(LotRow.number == 2)).one().result.owners = "Somebody else"


def remove(session: Session) -> None:
    """Return the second lot to its institute."""
    lot = session.scalars(select(LotRow).where(LotRow.number == 2)).one()
    lot.stage, lot.number = Stage.RETURNED, None


CHANGES: list[tuple[Callable[[Session], None], str]] = [
    (revise, "Increments that one bid may rise: now 77."),
    (add, "Lot 3 is new or changed."),
    (change, "Lot 2 is new or changed."),
    (remove, "Lot 2 is no longer in it."),
]


class Drafted:
    """A rehearsal that could be published, and its organizer."""

    def __init__(self, app: Flask, store: Callable[[], Session], new_user: Callable[..., UserRow]) -> None:
        self.store = store
        with store() as session, writing(session):
            row = a_round(session, slug="draft", phase=Phase.DRAFT, published_at=None, rehearsal=True)
            for number in (1, 2):
                a_lot(session, row, number=number)
        new_user("olga", Role.ORGANIZER, market_key="zhejiang")
        browser = app.test_client()
        assert isinstance(browser, Browser)
        browser.sign_in("olga")
        self.olga = browser

    def form(self, page: str, act: str) -> dict[str, Any]:
        """Return the form of an act as its page has it, filled in."""
        return filled(page, action=f"{PAGE}/{act}") | PRESSES[act]

    def phase(self) -> Phase:
        """Return where the round stands."""
        with self.store() as session:
            return session.scalars(select(RoundRow.phase)).one()


@pytest.fixture
def drafted(app: Flask, store: Callable[[], Session], new_user: Callable[..., UserRow]) -> Drafted:
    return Drafted(app, store, new_user)


@pytest.mark.parametrize(("act", "done"), [("publish", Phase.PUBLISHED), ("call-off", Phase.CALLED_OFF)])
@pytest.mark.parametrize(("changing", "said"), CHANGES)
def test_a_draft_is_decided_about_as_it_was_shown(
    drafted: Drafted, act: str, done: Phase, changing: Callable[[Session], None], said: str
) -> None:
    shown = drafted.form(drafted.olga.get(PAGE).text, act)
    with drafted.store() as session, writing(session):
        changing(session)

    refused = drafted.olga.send(f"{PAGE}/{act}", shown)

    assert (refused.status_code, drafted.phase()) == (422, Phase.DRAFT)
    assert "Somebody else changed the draft while you had this page open. Nothing was done." in plain(refused)
    assert said in plain(refused)
    assert drafted.olga.send(f"{PAGE}/{act}", drafted.form(refused.text, act)).status_code == 303
    assert drafted.phase() is done


@pytest.mark.parametrize("act", PRESSES)
def test_without_marks_nothing_is_decided(drafted: Drafted, act: str) -> None:
    assert drafted.olga.send(f"{PAGE}/{act}", {**PRESSES[act]}).status_code == 422
    assert drafted.phase() is Phase.DRAFT


def test_a_hundred_changes_are_not_all_told(drafted: Drafted) -> None:
    shown = drafted.form(drafted.olga.get(PAGE).text, "publish")
    with drafted.store() as session, writing(session):
        row = session.scalars(select(RoundRow)).one()
        for number in range(3, 33):
            a_lot(session, row, number=number)

    said = plain(drafted.olga.send(f"{PAGE}/publish", shown))

    assert said.count("is new or changed") == 20
    assert "Further changes: 10." in said

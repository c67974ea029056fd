"""Who a paddle was issued to, looked for in every byte that the house gives out, to everybody, before the sale and after it."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.db import writing
from techauction.settings import Settings
from techauction.store.auction import PaddleRow
from techauction.store.people import OrganisationRow
from tests.builders import wan
from tests.web.secret_house import House, a_house, ended, opened

NAME, ENGLISH, CODE = "无人知晓精密机械公司", "Unheard-of Precision Works", "91CANARY0000000018"
KNOWING = {"rival", "host", "manager", "auditor", "administrator"}
"""Who knows the bidder: itself, the round's organizers, its case's manager, and those who look after all."""


@pytest.fixture
def house(settings: Settings, clock: ManualClock, store: Callable[[], Session]) -> Iterator[House]:
    """Yield a house in which paddle 102 was issued to a bidder that nothing else is called like."""
    called = {"name_zh": NAME, "name_en": ENGLISH, "credit_code": CODE}
    with a_house(settings, clock, (wan(271), wan(231))) as made:
        with store() as session, writing(session):
            paddle = session.scalars(select(PaddleRow).where(PaddleRow.number == 102)).one()
            session.execute(update(PaddleRow).where(PaddleRow.id == paddle.id).values(called))
            session.execute(update(OrganisationRow).where(OrganisationRow.id == paddle.organisation_id).values(called))
        yield made


def told(house: House, store: Callable[[], Session]) -> tuple[set[tuple[str, str]], set[str]]:
    """Return who can read a salt, and where; and who can read the bidder's code or names."""
    with store() as session:
        salts = [each.encode() for each in session.scalars(select(PaddleRow.salt)) if each]
    names = [each.encode() for each in (NAME, ENGLISH, CODE)]
    assert len(salts) == 2
    with_salt, with_name = set(), set()
    for who, where, body in itertools.chain(house.told("GET", ("en",)), house.live()):
        with_salt |= {(who, where)} if any(each in body for each in salts) else set()
        with_name |= {who.removesuffix("'s program")} if any(each in body for each in names) else set()
    return with_salt, with_name


def test_before_the_sale_only_auditors_open_a_binding(house: House, store: Callable[[], Session]) -> None:
    with_salt, with_name = told(house, store)

    assert with_salt == {("auditor", "auditor_bindings.bindings")}
    assert with_name <= KNOWING


@pytest.mark.slow
def test_after_the_sale_only_auditors_open_a_binding(house: House, clock: ManualClock, store: Callable[[], Session]) -> None:
    opened(house, clock)
    ended(house, clock)

    with_salt, with_name = told(house, store)

    assert with_salt == {("auditor", "auditor_bindings.bindings")}
    assert {"host", "auditor"} <= with_name <= KNOWING

"""What is still being loaded is looked for in every page, for everybody; and nobody may change it."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.custody import WITHOUT_KEYS
from techauction.core.money import Money
from techauction.core.reading import Faults
from techauction.core.roundfile import read
from techauction.db import writing
from techauction.services.checking import known
from techauction.services.loading import Load
from techauction.settings import Settings
from techauction.store.base import Row
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import OrganisationRow
from tests.conftest import TEN
from tests.plans import a_bidder, a_plan
from tests.web.secret_house import House, a_house

MARKS = (b"half-loaded", b"Half-loaded", "载入到一半".encode(), b"913300009999999999")
"""The slug, the titles, the names and a credit code of what is being loaded: nothing else in the house has them."""


@pytest.fixture
def house(settings: Settings, clock: ManualClock, store: Callable[[], Session]) -> Iterator[House]:
    """Yield a house into which a round is loaded for its own institute and bidder, all but the last step."""
    with a_house(settings, clock, (Money(271_828_183), Money(231_415_927))) as made:
        with store() as session:
            here = {row.id: row.credit_code for row in session.scalars(select(OrganisationRow))}
            lot = session.get_one(LotRow, made.lots[0])
            consignor, bidder = here[lot.result.institute_id], here[made.ids["organisation_id"][1]]
            load = Load(a_file(session, consignor, bidder), publish=True, by_id=None, custody=WITHOUT_KEYS, now=TEN)
            for step in load.steps(session):
                with writing(session):
                    step(session)
        with store() as session:
            made.ids["slug"] += ["half-loaded"]
            made.ids["round_id"] += [load.round_id]
            made.ids["lot_id"] = list(session.scalars(select(LotRow.id)))
            brought = select(OrganisationRow.id).where(OrganisationRow.loaded_with_id == load.round_id)
            made.ids["organisation_id"] = [*made.ids["organisation_id"][:1], *session.scalars(brought)]
        yield made


def a_file(session: Session, consignor: str, bidder: str) -> Any:
    titles = {"title_zh": "载入到一半", "title_en": "Half-loaded"}
    plan = a_plan(slug="half-loaded", lots=2, enterprises=0, host_market="zhejiang", markets=["zhejiang", "anhui"], **titles)
    plan["institutes"][0] |= {"credit_code": consignor, "code_accepted": True}
    plan["lots"] = [{**lot, **titles} for lot in plan["lots"]]
    named = {"name_zh": "载入到一半", "name_en": "Half-loaded"}
    plan["enterprises"] = [
        a_bidder(1, credit_code=bidder, code_accepted=True),
        a_bidder(2, credit_code="913300009999999999", code_accepted=True, market="zhejiang", **named),
    ]
    faults = Faults()
    file = read(plan, known(session, TEN), faults, TEN)
    assert not faults.noted
    return file


def kept(store: Callable[[], Session]) -> dict[str, list[Any]]:
    """Return the rows of what is being loaded, table by table."""
    with store() as session:
        round_id = session.scalars(select(RoundRow.id).where(RoundRow.slug == "half-loaded")).one()
        lots = session.scalars(select(LotRow.id).where(LotRow.round_id == round_id)).all()
        tables = Row.metadata.tables
        return {
            "rounds": session.execute(select(tables["rounds"]).where(RoundRow.id == round_id)).all(),
            "organisations": session.execute(
                select(tables["organisations"]).where(OrganisationRow.loaded_with_id == round_id)
            ).all(),
            **{
                name: session.execute(select(table).where(table.c.lot_id.in_(lots))).all()
                for name, table in tables.items()
                if "lot_id" in table.c
            },
            **{
                name: session.execute(select(table).where(table.c.round_id == round_id)).all()
                for name, table in tables.items()
                if "round_id" in table.c
            },
        }


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_sees_or_changes_what_is_being_loaded(house: House, store: Callable[[], Session], method: str) -> None:
    before = kept(store)

    told = itertools.chain(house.told(method, ("en",)), house.live())
    shown = {(who, where) for who, where, body in told for mark in MARKS if mark in body.replace(b"/half-loaded", b"")}

    assert shown == set()
    assert kept(store) == before

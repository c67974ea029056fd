"""The product against an independent, naive model of a lot (`tests/model.py`), in thousands of random interleavings."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import settings
from sqlalchemy import Engine, event

from techauction.custody import KeyRing
from tests.saleroom.houses import CoreHouse, RoomHouse, ServiceHouse
from tests.saleroom.interleaving import Play, interleavings, some_bidders, some_terms

IN_FULL = settings().max_examples >= 150
"""As tests/conftest.py says by its profiles."""


@pytest.fixture
def hasty(engine: Engine) -> Engine:
    """Return an engine that waits for no disk: how durable a bid is, is not what these tests ask."""

    @event.listens_for(engine, "connect")
    def connected(connection: object, _record: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")  # type: ignore[attr-defined]

    return engine


@pytest.mark.parametrize(("file", "most"), [("model.py", 110), ("model_rights.py", 100), ("model_offers.py", 60)])
def test_the_model_fits_on_a_page_and_knows_nothing_of_the_product(file: str, most: int) -> None:
    text = (Path(__file__).parents[1] / file).read_text()

    assert len(text.splitlines()) <= most
    assert "techauction" not in text


def test_the_core_sells_as_the_model_does() -> None:
    def play(chance: Random) -> None:
        terms, bidders = some_terms(chance, lots=1), some_bidders(chance, lots=1)
        Play(chance, terms, bidders, CoreHouse(terms, bidders)).run(moments=20)

    interleavings(5_000 if IN_FULL else 300, play)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_services_sell_as_the_model_does(hasty: Engine, custody: KeyRing) -> None:
    def play(chance: Random) -> None:
        terms, bidders = some_terms(chance, lots=2, sealed=True), some_bidders(chance, lots=2)
        Play(chance, terms, bidders, ServiceHouse(hasty, terms, bidders, custody)).run(moments=12)

    interleavings(70 if IN_FULL else 8, play)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_auctioneer_sells_as_the_model_does(hasty: Engine, custody: KeyRing) -> None:
    def play(chance: Random) -> None:
        terms, bidders = some_terms(chance, lots=2, sealed=True), some_bidders(chance, lots=2)
        Play(chance, terms, bidders, RoomHouse(hasty, terms, bidders, custody)).run(moments=12)

    interleavings(36 if IN_FULL else 4, play)

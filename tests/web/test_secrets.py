"""A sealed reserve is looked for in every byte that the house gives out, to everybody, at every stage of a sale."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core.money import Money
from techauction.db import make_engine, writing
from techauction.jobs.outbidding import Outbidding
from techauction.services import instructions, opening
from techauction.settings import Settings
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.people import UserRow
from techauction.web.filters import daxie
from tests.builders import OPENS, wan
from tests.web.secret_house import House, a_house, ended, opened

UNMET, MET = Money(271_828_183), Money(231_415_927)
"""The reserves of lot 1, which passes in, and lot 2, which is sold. Nothing else in the house has these figures."""
Found = set[tuple[str, str]]
NOBODY: tuple[Found, Found] = (set(), set())


def tells(body: bytes | str, reserve: Money, salt: str) -> bool:
    """Return whether a reserve can be read there: in fen, 元 or 万元, with any separators, in capital numerals; or its salt."""
    said = body if isinstance(body, bytes) else body.encode()
    digits = said.translate(None, b",.' \t\n")
    for separator in ("\u00a0", "\u202f", "，", "&nbsp;", "%2C"):
        digits = digits.replace(separator.encode(), b"")
    return any(each.encode() in where for each, where in ((str(reserve.minor), digits), (daxie(reserve), said), (salt, said)))


@pytest.fixture
def house(settings: Settings, clock: ManualClock) -> Iterator[House]:
    """Yield the house with reserves that nothing else in it has."""
    with a_house(settings, clock, (UNMET, MET)) as made:
        yield made


def found(house: House, method: str = "GET", languages: tuple[str, ...] = ("en",)) -> tuple[Found, Found]:
    """Return where the reserves of lots 1 and 2 can be read: by whom, and on what."""
    unmet, met = set(), set()
    for who, where, body in itertools.chain(house.told(method, languages), house.live()):
        unmet |= {(who, where)} if tells(body, UNMET, house.salts[0]) else set()
        met |= {(who, where)} if tells(body, MET, house.salts[1]) else set()
    return unmet, met


def tables_with(store: Callable[[], Session], sum_: Money, salt: str = "no salt") -> set[str]:
    """Return the tables in which a sum can be read, or its salt, whatever the column."""
    with store() as session:
        tables = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
        return {each for each in tables if tells(str(session.execute(text(f"SELECT * FROM {each}")).all()), sum_, salt)}


def kept(house: House, store: Callable[[], Session]) -> tuple[set[str], set[str]]:
    """Return the tables in which the reserves can be read."""
    return tables_with(store, UNMET, house.salts[0]), tables_with(store, MET, house.salts[1])


def files_with(folder: Path, reserve: Money, salt: str) -> list[str]:
    """Return the database's files in whose bytes a reserve stands: as text, or as SQLite keeps a whole number."""
    said = (str(reserve.minor).encode(), reserve.minor.to_bytes(4, "big"), salt.encode())
    files = [each for each in folder.iterdir() if each.name.startswith("web.db")]
    assert len(files) >= 2, "the database and what was written last"
    return [each.name for each in files if any(one in each.read_bytes() for one in said)]


INSTITUTE = {("officer", "institute.lot"), ("colleague", "institute.lot")}


def test_a_reserve_is_recognised_however_it_is_written() -> None:
    written = [
        "271828183",
        "2718281.83",
        "¥2,718,281.83",
        "271.828183万元",
        "2 718 281.83",
        "二",
        daxie(UNMET),
        "<c>2718281.83",
    ]

    assert [each for each in written if not tells(each, UNMET, "salt")] == ["二"]


def test_no_live_path_tells_a_reserve(house: House, clock: ManualClock) -> None:
    before = list(house.live())
    opened(house, clock)

    assert not [
        where for _, where, body in (*before, *house.live()) for reserve in (UNMET, MET) if tells(body, reserve, "no salt")
    ]


def test_before_the_hammer_no_file_of_the_database_has_a_reserve_in_its_bytes(
    house: House, clock: ManualClock, settings: Settings, store: Callable[[], Session]
) -> None:
    told = {"sealed": [files_with(settings.instance, *each) for each in zip((UNMET, MET), house.salts, strict=True)]}
    opened(house, clock)
    told["open"] = [files_with(settings.instance, *each) for each in zip((UNMET, MET), house.salts, strict=True)]

    assert told == {"sealed": [[], []], "open": [[], []]}
    assert kept(house, store) == NOBODY
    ended(house, clock)
    assert all(files_with(settings.instance, *each) for each in zip((UNMET, MET), house.salts, strict=True))


@pytest.mark.slow
def test_before_the_opening_nobody_reads_a_reserve(
    house: House, store: Callable[[], Session], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert found(house, languages=("zh-CN",)) == NOBODY

    assert kept(house, store) == NOBODY
    logs = "".join(capfd.readouterr()) + caplog.text
    assert not tells(logs, UNMET, "no salt")


@pytest.mark.slow
def test_during_the_sale_nobody_reads_a_reserve(
    house: House, clock: ManualClock, store: Callable[[], Session], capfd: pytest.CaptureFixture[str]
) -> None:
    answers = opened(house, clock)

    assert [answer.status_code for answer in answers] == [201, 409, 201, 409, 201]
    assert not any(tells(answer.content, reserve, "no salt") for answer in answers for reserve in (UNMET, MET))
    assert found(house) == NOBODY
    assert kept(house, store) == NOBODY
    logs = "".join(capfd.readouterr())
    assert not tells(logs, UNMET, "no salt")
    assert not tells(logs, MET, "no salt")


@pytest.mark.slow
def test_after_the_sale_a_reserve_is_read_by_its_institute_and_where_the_record_opened_it(
    house: House, clock: ManualClock, store: Callable[[], Session], capfd: pytest.CaptureFixture[str]
) -> None:
    opened(house, clock)
    ended(house, clock)

    unmet, met = found(house)

    assert unmet == INSTITUTE
    assert met - {("auditor", "auditor.record"), ("administrator", "auditor.record")} == INSTITUTE
    assert kept(house, store) == ({"reserves"}, {"reserves", "record"})
    assert not tells("".join(capfd.readouterr()), UNMET, "no salt")


@pytest.mark.slow
def test_no_refused_or_empty_form_tells_a_reserve(house: House, clock: ManualClock) -> None:
    opened(house, clock)

    assert found(house, "POST", ("en",)) == NOBODY


@pytest.mark.slow
def test_a_standing_instruction_is_read_by_its_bidder_alone(
    house: House, clock: ManualClock, store: Callable[[], Session], capfd: pytest.CaptureFixture[str]
) -> None:
    with store() as session, writing(session):
        session.execute(update(LotRow).values(increment=Money(9_999_983)))
        paddle = session.scalars(select(PaddleRow).where(PaddleRow.number == 101)).one()
        user_id = session.scalars(select(UserRow.id).where(UserRow.organisation_id == paddle.organisation_id)).one()
        organisation_id = paddle.organisation_id
    ceiling = wan(200) + Money(9_999_983).times(31)
    lot_id = house.lots[0]
    house.act(instructions.place, lot_id=lot_id, organisation_id=organisation_id, user_id=user_id, ceiling=ceiling)
    clock.set(OPENS)
    house.act(opening.open_round, round_id=house.ids["round_id"][0])
    answer = house.bid("rival", 0, wan(200) + Money(9_999_983))

    assert answer.status_code == 201
    assert not tells(answer.content, ceiling, "no salt")
    told = itertools.chain(house.told("GET", ("en",)), house.live())
    assert {(who, where) for who, where, body in told if tells(body, ceiling, "no salt")} == {("bidder", "bidder.lot")}
    assert tables_with(store, ceiling) == {"instructions"}
    assert not tells("".join(capfd.readouterr()), ceiling, "no salt")


@pytest.mark.slow
def test_that_an_instruction_is_spent_is_told_to_its_bidder_alone(
    house: House, clock: ManualClock, store: Callable[[], Session], settings: Settings
) -> None:
    step, lot_id = Money(9_999_983), house.lots[0]
    with store() as session, writing(session):
        session.execute(update(LotRow).values(increment=step))
        paddle = session.scalars(select(PaddleRow).where(PaddleRow.number == 101)).one()
        user_id = session.scalars(select(UserRow.id).where(UserRow.organisation_id == paddle.organisation_id)).one()
        organisation_id = paddle.organisation_id
    ceiling = wan(200) + step.times(3)
    clock.set(OPENS)
    house.act(opening.open_round, round_id=house.ids["round_id"][0])
    house.act(instructions.place, lot_id=lot_id, organisation_id=organisation_id, user_id=user_id, ceiling=ceiling)
    assert house.bid("rival", 0, wan(200) + step.times(9)).status_code == 201
    engine = make_engine(settings.database_url)
    Outbidding(sessionmaker(engine), clock).look()
    engine.dispose()

    told = list(itertools.chain(house.told("GET", ("en",)), house.live()))

    said = {(who, where) for who, where, body in told if b"ver your ceiling" in body or b"over_ceiling" in body}
    assert said == {("bidder", "bidder.lot"), ("bidder", "account_notices.notices")}

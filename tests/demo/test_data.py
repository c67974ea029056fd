from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from techauction.core import credit_code
from techauction.core.money import Money, rate
from techauction.demo.data import aims, joint_2020, joint_live

LITHIUM = "高安全长寿命先进锂离子电池储能系统"
ZJUT = "浙江工业大学"


@pytest.fixture(scope="module")
def plan() -> dict[str, Any]:
    return joint_2020()


def test_sixty_lots_stand_in_six_fields(plan: dict[str, Any]) -> None:
    assert [lot["number"] for lot in plan["lots"]] == list(range(1, 61))
    assert len({lot["title_zh"] for lot in plan["lots"]}) == 60
    assert Counter(lot["field"] for lot in plan["lots"]) == {
        "digital": 11,
        "manufacturing": 20,
        "life": 7,
        "materials": 12,
        "energy": 4,
        "agriculture": 6,
    }


def test_the_published_totals_come_out(plan: dict[str, Any]) -> None:
    start = sum(lot["start_fen"] for lot in plan["lots"])
    hammer = sum(aim.price.minor for aim in aims().values())

    assert Money(start).in_wan() == "9610"
    assert Money(hammer).in_wan() == "13413"
    assert rate(Money(hammer - start), Money(start)) == "39.57"


def test_every_hammer_price_aimed_at_can_be_bid_and_meets_the_reserve(plan: dict[str, Any]) -> None:
    aimed = aims()

    assert set(aimed) == {lot["number"] for lot in plan["lots"]}
    for lot in plan["lots"]:
        price = aimed[lot["number"]].price.minor
        assert (price - lot["start_fen"]) % lot["increment_fen"] == 0
        assert lot["start_fen"] < price
        assert lot.get("reserve_fen", 0) <= price
    assert sum("reserve_fen" in lot for lot in plan["lots"]) >= 5


def test_the_lithium_ion_lot_is_as_it_was_published(plan: dict[str, Any]) -> None:
    [lot] = [lot for lot in plan["lots"] if lot["title_zh"] == LITHIUM]
    [bidder] = [each for each in plan["enterprises"] if each["paddle"] == 260]
    [institute] = [each for each in plan["institutes"] if each["key"] == lot["institute"]]

    assert institute["name_zh"] == ZJUT
    assert (lot["start_fen"], lot["increment_fen"]) == (200_000_000, 10_000_000)
    assert (aims()[lot["number"]].price, aims()[lot["number"]].paddle) == (Money(300_000_000), 260)
    assert lot["number"] in bidder["lots"]


def test_enterprises_have_a_paddle_each_and_every_lot_has_several_bidders(plan: dict[str, Any]) -> None:
    enterprises = plan["enterprises"]
    admitted = Counter(number for each in enterprises for number in each["lots"])

    assert len(enterprises) == 109
    assert len({each["paddle"] for each in enterprises}) == 109
    assert len({each["name_zh"] for each in enterprises}) == 109
    assert all(2 <= len(each["lots"]) <= 15 for each in enterprises)
    assert set(admitted) == set(range(1, 61))
    assert min(admitted.values()) >= 4


@pytest.mark.parametrize("read", [joint_2020, joint_live])
def test_whoever_is_invented_is_marked_synthetic(read: Any) -> None:
    plan = read()

    for each in [*plan["institutes"], *plan["enterprises"]]:
        if each["name_zh"] != ZJUT:
            assert each["name_zh"].endswith("（演示）")
            assert each["name_en"].endswith("(synthetic)")
    for lot in plan["lots"]:
        assert "（演示）" in lot["rights"]
    assert plan["round"]["synthetic"] is True


@pytest.mark.parametrize("read", [joint_2020, joint_live])
def test_credit_codes_check_but_stand_in_no_region_of_the_country(read: Any) -> None:
    plan = read()
    codes = [each["credit_code"] for each in [*plan["institutes"], *plan["enterprises"]]]

    assert len(set(codes)) == len(codes)
    assert all(credit_code.read(code) == code and code[2:11] == "999999DEM" for code in codes)


def test_the_round_was_announced_in_time_and_its_closes_are_staggered(plan: dict[str, Any]) -> None:
    said = plan["round"]

    assert said["markets"] == ["shanghai", "jiangsu", "zhejiang", "anhui"]
    assert datetime.fromisoformat(said["opens_at"]) == datetime(2020, 6, 6, 1, 30, tzinfo=UTC)
    assert said["stagger_s"] > 0
    assert said["rehearsal"] is False

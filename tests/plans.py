"""Plans of rounds, as `round load` takes them: say only what the test is about."""

from datetime import datetime, timedelta
from typing import Any

from techauction.core.credit_code import check_sign
from tests.builders import OPENS

FIELDS = ("digital", "manufacturing", "life", "materials", "energy", "agriculture")
MARKETS = ("shanghai", "jiangsu", "zhejiang", "anhui")


def a_code(body: str) -> str:
    """Return a credit code that checks, by its first seventeen signs."""
    return body + check_sign(body)


def a_plan(*, lots: int = 2, enterprises: int = 2, opens_at: datetime = OPENS, **said: Any) -> dict[str, Any]:
    """Return a rehearsal of Zhejiang's with one institute; every enterprise is admitted to every lot."""
    return {
        "round": {
            "slug": "rehearsal",
            "title_zh": "演练场",
            "title_en": "A rehearsal",
            "host_market": "zhejiang",
            "rehearsal": True,
            "opens_at": opens_at.isoformat(),
            "closes_at": (opens_at + timedelta(hours=1)).isoformat(),
            **said,
        },
        "institutes": [an_institute()],
        "lots": [a_planned_lot(number) for number in range(1, lots + 1)],
        "enterprises": [a_bidder(number) for number in range(1, enterprises + 1)],
    }


def an_institute(**said: Any) -> dict[str, Any]:
    """Return a university in Zhejiang."""
    return {
        "key": "zut",
        "kind": "university",
        "name_zh": "浙江工业大学",
        "name_en": "Zhejiang University of Technology",
        "credit_code": a_code("12330000470009000"),
        "province": "Zhejiang",
        "market": "zhejiang",
        **said,
    }


def a_planned_lot(number: int, **said: Any) -> dict[str, Any]:
    """Return a lot from 200万 by 10万."""
    return {
        "title_zh": f"成果{number}",
        "title_en": f"Result {number}",
        "field": FIELDS[number % 6],
        "institute": "zut",
        "maturity": 7,
        "instrument": "transfer",
        "owners": "浙江工业大学",
        "rights": "ZL202010000000.0",
        "start_fen": 200_000_000,
        "increment_fen": 10_000_000,
        **said,
    }


def a_bidder(number: int, **said: Any) -> dict[str, Any]:
    """Return an enterprise with paddle 200 + number, admitted to all lots."""
    return {
        "key": f"e{number}",
        "name_zh": f"企业{number}",
        "name_en": f"Enterprise {number}",
        "credit_code": a_code(f"9133{number:013d}"),
        "province": "Zhejiang",
        "market": MARKETS[number % 4],
        "paddle": 200 + number,
        "lots": "all",
        **said,
    }

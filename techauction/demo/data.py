"""The demonstration's own files: the round as it is loaded, and the hammer prices that its driver aims at."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from techauction.core.money import Money

JOINT = "joint-2020"
"""The slug of the round of 6 June 2020."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Where the driver takes a lot: its hammer price, and the paddle that makes the last bid, where that is known."""

    price: Money
    paddle: int | None


def joint_2020() -> dict[str, Any]:
    """Return the round of 6 June 2020 in the shape that `round load` takes."""
    return _read("joint_2020.json")


def joint_live() -> dict[str, Any]:
    """Return the live round in the same shape, but without the slug and the times, which each run sets."""
    return _read("joint_live.json")


def joint_next() -> dict[str, Any]:
    """Return the round after it, in the same shape and as incomplete."""
    return _read("joint_next.json")


def aims() -> Mapping[int, Aim]:
    """Return by lot number where the driver takes the lots of the round of 6 June 2020. Nothing else reads this."""
    plan = _read("joint_2020_plan.json")
    return {
        int(number): Aim(price=Money(price), paddle=plan["paddle"].get(number)) for number, price in plan["hammer_fen"].items()
    }


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("techauction.demo").joinpath(name).read_text("utf-8"))
    return found

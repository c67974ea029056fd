"""Reading JSON in which each name stands once: of two that are alike nobody knows which was meant."""

import json

from techauction.core.refusal import Refusal

_LONGEST_NAME = 64


class KeyTwice(Refusal):
    """An object of the JSON has a name twice."""

    code = "json_key_twice"

    def __init__(self, name: str) -> None:
        super().__init__(name=name[:_LONGEST_NAME])


def read(text: str) -> object:
    """Return the JSON value.

    :raises KeyTwice: as it says
    :raises ValueError: it is no JSON, or nested deeper than anybody means
    """
    try:
        value: object = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise KeyTwice(name)
        found[name] = value
    return found


def _refuse(sign: str) -> object:
    raise ValueError(f"{sign} is no number of JSON")

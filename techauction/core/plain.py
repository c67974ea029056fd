"""Reading what an event's data holds: plain JSON, whatever somebody wrote into it."""

from collections.abc import Mapping


def number(data: Mapping[str, object], name: str) -> int:
    """Return a whole number.

    :raises KeyError, TypeError: there is none
    """
    value = data[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(name)
    return value


def text(data: Mapping[str, object], name: str) -> str:
    """Return a text.

    :raises KeyError, TypeError: there is none
    """
    value = data[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value

"""How often a password may be tried wrongly: by whom and from where, together and each alone."""

from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from techauction.core.refusal import Refusal

WINDOW = timedelta(minutes=5)
"""Tries are counted from the first on for so long; then they are forgotten."""
MOST = 10
"""So many wrong tries of one name from one place."""
MOST_UNDER_ATTACK = 2
"""The same, where the name or the place is being attacked and nobody has signed in by this name from there."""
NAME_ATTACKED = 100
"""So many tries of one name from anywhere are an attack on it."""
PLACE_ATTACKS = 20
"""So many tries from one place, of any names, are an attack from there."""
MOST_FROM_PLACE = 200
"""After so many from one place only those are let in who have signed in from there before."""
KNOWN_FOR = timedelta(days=30)
"""So long a place is known as one from which somebody signs in."""
MOST_NOTED = 50
"""So many failures stand in the audit for one window: nobody can fill it by failing."""


class TooManyTries(Refusal):
    """Too many passwords were tried: whether this one is right is not looked at."""

    code = "too_many_tries"

    def __init__(self) -> None:
        super().__init__(minutes=WINDOW // timedelta(minutes=1))


def must_be_few(*, together: int, of_name: int, from_place: int, known: bool) -> None:
    """Let a try be looked at, with itself counted: of this name from this place, of the name, and from the place.

    Whoever fails on somebody's name from elsewhere, or beside somebody in the same office, leaves that person's tries alone.

    :raises TooManyTries: there were enough
    """
    attacked = not known and (of_name > NAME_ATTACKED or from_place > PLACE_ATTACKS)
    if together > (MOST_UNDER_ATTACK if attacked else MOST) or (not known and from_place > MOST_FROM_PLACE):
        raise TooManyTries


def place_of(address: str) -> str:
    """Return the place of a network address: of IPv6 the first 64 bits, because one subscriber has all that begin with them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return parsed.exploded[:19]

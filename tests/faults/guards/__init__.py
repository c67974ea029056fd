"""For each guard of the house: how it would be missing, and the test that says so."""

from itertools import chain

from tests.faults.guards import (
    absence,
    access,
    approvals,
    children,
    doors,
    instance,
    money,
    paddles,
    record,
    rights,
    rounds,
    saleroom,
    secrets,
)

_NOUNS = (absence, access, approvals, children, doors, instance, money, paddles, record, rights, rounds, saleroom, secrets)

FAULTS = list(chain.from_iterable(noun.FAULTS for noun in _NOUNS))

"""What is kept: typed rows and their constraints."""

from techauction.store import (
    aftersale,
    auction,
    audit,
    consigning,
    days,
    money,
    notices,
    people,
    processes,
    record,
    renames,
    tries,
)

__all__ = [
    "aftersale",
    "auction",
    "audit",
    "consigning",
    "days",
    "money",
    "notices",
    "people",
    "processes",
    "record",
    "renames",
    "tries",
]

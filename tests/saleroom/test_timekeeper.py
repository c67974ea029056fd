from datetime import timedelta

import pytest

from techauction.clock import SystemClock
from techauction.saleroom.tickets import Tickets
from techauction.saleroom.timekeeper import Timekeeper

MINUTE = timedelta(minutes=1)


class Refused(Exception):
    """What a database says that cannot write."""


def refuse(_act: object) -> None:
    raise Refused


def test_a_beat_that_failed_proves_nothing() -> None:
    clock = SystemClock()
    keeper = Timekeeper(clock, refuse, Tickets(clock))
    later = clock() + MINUTE
    before = keeper.life.gaps(later)

    with pytest.raises(Refused):
        keeper.beat(later)

    assert keeper.life.gaps(later) == before
    assert before

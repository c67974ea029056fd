"""What the desk is told of the process."""

from datetime import timedelta

from techauction.saleroom.vitals import Vitals
from tests.conftest import TEN

SECOND = timedelta(seconds=1)


def test_streams_opened_and_readers_dropped_are_counted_for_a_minute() -> None:
    vitals = Vitals()
    vitals.joined(1, TEN)
    vitals.joined(2, TEN + 30 * SECOND)
    vitals.dropped(TEN + 31 * SECOND)
    vitals.parted(1)

    assert vitals.watching == 1
    assert [vitals.joined_of_late(TEN + seconds * SECOND) for seconds in (59, 60, 89, 90)] == [2, 1, 1, 0]
    assert [vitals.dropped_of_late(TEN + seconds * SECOND) for seconds in (90, 91)] == [1, 0]

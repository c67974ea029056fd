"""Whether the verifier knows who was in time at a lot that is over."""

from datetime import UTC, datetime, timedelta

import pytest

from techauction.core.bidding import LotClosed, ReceivedInTime
from techauction.core.record import Event, Kind
from techauction.core.refused import RefusedOffer
from techauction.reports.in_time import refused

OPENED = datetime(2026, 11, 2, 3, tzinfo=UTC)
RESUMED = OPENED - timedelta(hours=2)
CLOSE = RESUMED + timedelta(minutes=7)


def _event(seq: int, kind: Kind, at: datetime, closes_at: datetime) -> Event:
    return Event(lot="a-round/1", seq=seq, kind=kind, at=at, paddle=None, amount=None, closes_at=closes_at, data={})


RECORD = [
    _event(1, Kind.OPENED, OPENED, OPENED + timedelta(minutes=7)),
    _event(2, Kind.PAUSED, OPENED, OPENED + timedelta(minutes=7)),
    _event(3, Kind.RESUMED, RESUMED, CLOSE),
    _event(4, Kind.HAMMERED, CLOSE, CLOSE),
]
"""The clock was set back by two hours while the lot was paused."""


@pytest.mark.parametrize(
    ("stamp", "right"),
    [(RESUMED - timedelta(seconds=1), LotClosed), (RESUMED, ReceivedInTime), (CLOSE, LotClosed)],
)
def test_a_lot_resumed_by_a_clock_that_was_set_back_is_open_by_that_clock(
    stamp: datetime, right: type[LotClosed | ReceivedInTime]
) -> None:
    found = {code: list(refused(RECORD, [_offer(stamp, code)])) for code in (LotClosed.code, ReceivedInTime.code)}

    assert [code for code, violations in found.items() if not violations] == [right.code]


def _offer(stamp: datetime, code: str) -> RefusedOffer:
    return RefusedOffer(
        lot_id=1,
        place=1,
        bidder=1,
        user=1,
        key="key",
        code=code,
        facts={},
        amount=None,
        confirmed=True,
        matching=False,
        source="web",
        stamp=stamp,
        decided_at=CLOSE + timedelta(seconds=1),
        lot_seq=4,
    )

"""Lots in every state that a page can show, made by chance, but always the same."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from techauction.core.lot import Format, Stage
from techauction.core.outcome import Ending
from techauction.core.round import Phase
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, RoundRow
from tests.builders import CLOSES, OPENS, a_lot, a_result, a_round, wan

MANY = 240
PADDLE = 260
LADDER = [[0, 5_000_000], [wan(150).minor, 10_000_000], [wan(260).minor, 33_333_333]]
"""In the list an unopened lot says ¥50,000; at its start price the increment is ¥100,000."""
_HASH = "ab" * 32
_SECOND = timedelta(seconds=1)
_NEVER_OPENED = (Ending.WITHHELD, Ending.WITHDRAWN)


def many_lots(session: Session) -> tuple[RoundRow, list[LotRow]]:
    """Keep a round with lots in all states: stages, endings, formats, ladders, bids, extensions."""
    chance = Random(20_261_130)
    round_ = a_round(session, slug="states", title_en="All states", min_admitted=1, phase=Phase.OPEN, max_steps=5)
    result = a_result(session)
    lots = []
    for number in range(1, MANY + 1):
        said, outcome = _state(chance)
        lot = a_lot(session, round_, number=number, result=a_result(session, institute=result.institute), **said)
        lots.append(lot)
        if outcome:
            session.add(OutcomeRow(lot_id=lot.id, **outcome))
    session.flush()
    return round_, lots


def _state(chance: Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a lot's columns, and its outcome's."""
    stage = chance.choice([Stage.LISTED, Stage.OPEN, Stage.OPEN, Stage.PAUSED, Stage.INTERRUPTED, Stage.ENDED, Stage.ENDED])
    ending = chance.choice(list(Ending)) if stage is Stage.ENDED else None
    format_ = chance.choice([Format.ASCENDING, Format.ASCENDING, Format.SEALED])
    ladder = chance.choice([None, LADDER])
    start = chance.choice([wan(149), wan(150), wan(200), wan(259)])
    said: dict[str, Any] = {"stage": stage, "format": format_, "start": start, "increment": wan(5), "ladder": ladder}
    if stage is Stage.LISTED or ending in _NEVER_OPENED:
        said |= {} if stage is Stage.LISTED else {"seq": 1, "head_hash": _HASH}
        return said, _outcome(chance, ending, None, None)
    moved = chance.choice([0, 0, 45]) * _SECOND
    closes_at = CLOSES + chance.randrange(100) * _SECOND + moved
    said |= {"opens_at": OPENS, "closes_at": closes_at, "scheduled_closes_at": closes_at - moved}
    said |= {"seq": chance.randrange(1, 99), "head_hash": _HASH}
    if stage in (Stage.PAUSED, Stage.INTERRUPTED):
        said |= {"stopped_at": OPENS, "stop_reason": chance.choice(["A fault.", "空调漏水"])}
    bids = chance.choice([0, 1, 1, 7])
    said["bids"] = bids
    paddle, price = None, None
    if (bids or ending is Ending.SOLD) and (format_ is Format.ASCENDING or ending is not None):
        paddle, price = chance.choice([PADDLE, 311, 412]), start + wan(10).times(chance.randrange(12))
        said |= {"standing_paddle": paddle, "standing_amount": price, "standing_at": OPENS + _SECOND, "bids": max(1, bids)}
        said |= {"standing_rank": chance.choice([None, None, 1]), "bidders": [paddle]}
    if stage is Stage.OPEN and chance.random() < 0.2:
        said["key_missing_at"] = closes_at
    return said, _outcome(chance, ending, paddle, price)


def _outcome(chance: Random, ending: Ending | None, paddle: int | None, price: Any) -> dict[str, Any]:
    if ending is None:
        return {}
    ended_at: datetime = CLOSES + chance.randrange(300) * _SECOND
    sold = ending is Ending.SOLD
    agreed = wan(300) if ending is Ending.AGREED else None
    return {"ending": ending, "paddle": paddle if sold else None, "price": price if sold else agreed, "ended_at": ended_at}

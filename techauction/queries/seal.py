"""A reserve's seal, as its institute sees it: that it is sealed, and what was in it once the hammer has opened it."""

from dataclasses import dataclass
from datetime import datetime

from techauction.core.money import Money
from techauction.core.outcome import Ending
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, ReserveRow

_OPENED_AT_THE_END = (Ending.SOLD, Ending.PASSED_IN)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealShown:
    """A reserve's seal. Its sum, salt and commitment are there once it was opened at the close, and to nobody before.

    `awaited`: the hammer found no key, and the officer's slip is asked for.
    """

    sealed_at: datetime
    amount: Money | None
    salt: str | None
    commitment: str | None
    awaited: bool


def seal_of(lot: LotRow, reserve: ReserveRow | None, outcome: OutcomeRow | None) -> SealShown | None:
    """Return the lot's seal; nothing where none was sealed."""
    if reserve is None:
        return None
    opened = outcome is not None and outcome.ending in _OPENED_AT_THE_END
    return SealShown(
        sealed_at=reserve.sealed_at,
        amount=reserve.amount if opened else None,
        salt=reserve.salt if opened else None,
        commitment=reserve.commitment if opened else None,
        awaited=lot.key_missing_at is not None and reserve.amount is None,
    )

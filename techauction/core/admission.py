"""Who may ask to bid, and what deposits that needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from techauction.core.money import ZERO, Money
from techauction.core.refusal import Refusal


class DepositKind(StrEnum):
    """How a deposit is computed: a share of each lot's start price, or one fixed sum for the round."""

    SHARE = "share"
    FIXED = "fixed"


class DepositState(StrEnum):
    """What became of a deposit."""

    DUE = "due"
    HELD = "held"
    APPLIED = "applied"
    RELEASED = "released"
    FORFEITED = "forfeited"


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRule:
    """A round's deposit; the share in basis points (1,000 is 10 %)."""

    kind: DepositKind = DepositKind.SHARE
    share_bps: int = 1_000
    fixed: Money | None = None

    def of(self, start: Money) -> Money:
        """Return the deposit of a lot with this start price (of any lot, where the sum is fixed)."""
        if self.kind is DepositKind.FIXED:
            assert self.fixed is not None
            return self.fixed
        return start.share(self.share_bps)


class RegistrationClosed(Refusal):
    """Paddles can no longer be asked for."""

    code = "registration_closed"

    def __init__(self, registration_closes_at: datetime) -> None:
        super().__init__(registration_closes_at=registration_closes_at)


class RulesNotAccepted(Refusal):
    """The round's rules were not accepted."""

    code = "rules_not_accepted"


class NoLotNamed(Refusal):
    """No lot was named."""

    code = "no_lot_named"


class OwnLot(Refusal):
    """A consignor may not bid on its own lot, in person or through others (拍卖法 art. 30)."""

    code = "own_lot"

    def __init__(self, lot: int) -> None:
        super().__init__(lot=lot)


class EnterpriseNotApproved(Refusal):
    """The enterprise's registration was not approved."""

    code = "enterprise_not_approved"


class DepositTooLate(Refusal):
    """The bank's value time is after the deadline."""

    code = "deposit_too_late"

    def __init__(self, value_at: datetime, registration_closes_at: datetime) -> None:
        super().__init__(value_at=value_at, registration_closes_at=registration_closes_at)


class PaddleHeld(Refusal):
    """The bidder has a paddle in this round already, or has asked for one."""

    code = "paddle_held"


class ReceiptRecorded(Refusal):
    """The bank's reference was recorded before; money is counted once."""

    code = "receipt_recorded"

    def __init__(self, reference: str) -> None:
        super().__init__(reference=reference)


class NothingOver(Refusal):
    """Nothing was received beyond what the deposits need, or it went back already."""

    code = "nothing_over"


class ReceiptInFuture(Refusal):
    """The bank's value time has not come yet."""

    code = "receipt_in_future"

    def __init__(self, value_at: datetime) -> None:
        super().__init__(value_at=value_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedLot:
    """A lot that a bidder asks to be admitted to."""

    number: int
    consignor_id: int
    start: Money


def ask(
    *, approved: bool, enterprise_id: int, accepted: bool, lots: list[NamedLot], registration_closes_at: datetime, now: datetime
) -> None:
    """Refuse what stands against a request for a paddle.

    :raises EnterpriseNotApproved, RegistrationClosed, RulesNotAccepted, NoLotNamed, OwnLot: as they say
    """
    if not approved:
        raise EnterpriseNotApproved
    if now >= registration_closes_at:
        raise RegistrationClosed(registration_closes_at)
    if not accepted:
        raise RulesNotAccepted
    if not lots:
        raise NoLotNamed
    for lot in lots:
        if lot.consignor_id == enterprise_id:
            raise OwnLot(lot.number)


def must_be_in_time(*, value_at: datetime, registration_closes_at: datetime, now: datetime) -> None:
    """Refuse a deposit whose bank value time is at the deadline or after it, or has not come.

    :raises DepositTooLate, ReceiptInFuture: as they say
    """
    if value_at >= registration_closes_at:
        raise DepositTooLate(value_at, registration_closes_at)
    if value_at > now:
        raise ReceiptInFuture(value_at)


def cover(received: Money, required: Sequence[Money]) -> list[Money]:
    """Return how much of `received` each deposit holds: in the order given, each filled before the next gets any.

    What is over belongs to no deposit, so more money never takes from a deposit what it held.
    """
    held, left = [], received
    for need in required:
        held.append(min(left, need))
        left -= held[-1]
    return held


def taken_up(state: DepositState, *, required: Money, held: Money) -> Money:
    """Return how much of the money received a deposit lays claim to: once it was applied or went back, what it held then."""
    return required if state in (DepositState.DUE, DepositState.HELD) else held


def over(*, received: Money, required: Money, returned: Money) -> Money:
    """Return what was received beyond all that is needed, and has not gone back."""
    return max(received - required - returned, ZERO)


def is_covered(held: Money, required: Money) -> bool:
    """Return whether a deposit holds what it needs."""
    return held >= required

"""Whether an offer may be taken, and what stands then."""

from datetime import datetime

from techauction.core.formats import FORMATS
from techauction.core.lot import Lot, Stage
from techauction.core.money import Money
from techauction.core.offer import Eligibility, Offer
from techauction.core.refusal import Refusal

STRANGER = Eligibility(paddle=None, admitted=False)
"""Somebody without a paddle in the round."""


class LotNotOpen(Refusal):
    """The lot has not opened yet."""

    code = "not_open"

    def __init__(self, opens_at: datetime) -> None:
        super().__init__(opens_at=opens_at)


class LotPaused(Refusal):
    """The lot's bidding is paused or interrupted."""

    code = "paused"


class LotClosed(Refusal):
    """The lot's close has come; a bid at the closing instant is late."""

    code = "closed"

    def __init__(self, closes_at: datetime) -> None:
        super().__init__(closes_at=closes_at)


class ReceivedInTime(Refusal):
    """The offer was here before the close, and the house came to it when the lot had ended."""

    code = "received_in_time"

    def __init__(self, received_at: datetime, closes_at: datetime) -> None:
        super().__init__(received_at=received_at, closes_at=closes_at)


class NotAdmitted(Refusal):
    """The bidder has no paddle in the round, or the paddle is not admitted to this lot."""

    code = "not_admitted"


class PaddleVoided(Refusal):
    """The paddle was taken back."""

    code = "paddle_voided"

    def __init__(self, paddle: int) -> None:
        super().__init__(paddle=paddle)


class DepositInsufficient(Refusal):
    """The deposit held does not reach what the lot needs."""

    code = "deposit_insufficient"

    def __init__(self, held: Money, required: Money) -> None:
        super().__init__(held=held, required=required)


class NoSuchLot(Refusal):
    """There is no such lot, or it is not the caller's to see."""

    code = "no_such_lot"


class SignInEnded(Refusal):
    """The bidder's sign-in was revoked or has expired while the offer waited."""

    code = "sign_in_ended"


class KeyReused(Refusal):
    """The key names another offer of the same bidder."""

    code = "key_reused"


class KeyClosed(Refusal):
    """The bidder closed the key before any offer under it was decided: none ever will be."""

    code = "key_closed"


def take(
    lot: Lot,
    offer: Offer,
    bidder: Eligibility,
    at: datetime,
    *,
    received_at: datetime | None = None,
    late: datetime | None = None,
) -> Lot:
    """Return the lot after the offer. The order is: stage, time, eligibility, and then what the lot's format says.

    The bid stands at `at`. Whether it was made in time goes by `received_at`, where that is another instant. `late`: when it
    was decided, if that was after the close.

    :raises LotNotOpen, LotPaused, LotClosed, ReceivedInTime: outside the bidding time
    :raises NotAdmitted, PaddleVoided, DepositInsufficient: the bidder may not bid here
    """
    received_at = received_at or at
    must_not_be_over(lot, received_at)
    must_be_open(lot, received_at)
    must_be_eligible(bidder)
    return FORMATS[lot.format].take(lot, offer, bidder, at, late)


def must_be_open(lot: Lot, now: datetime) -> None:
    """Refuse outside the bidding time."""
    if lot.stage in (Stage.PAUSED, Stage.INTERRUPTED):
        raise LotPaused
    if lot.stage is Stage.ENDED or lot.held:
        raise LotClosed(lot.closes_at)
    if lot.stage is not Stage.OPEN or now < lot.opens_at:
        raise LotNotOpen(lot.opens_at)
    if now >= lot.closes_at:
        raise LotClosed(lot.closes_at)


def must_not_be_over(lot: Lot, received_at: datetime) -> None:
    """Refuse what comes to a lot whose hammer has fallen, or waits for a key.

    :raises ReceivedInTime: it was here before the lot was over
    :raises LotClosed: it was not
    """
    if lot.stage is Stage.ENDED or lot.held:
        raise ReceivedInTime(received_at, lot.closes_at) if lot.took_bids_at(received_at) else LotClosed(lot.closes_at)


def must_be_eligible(bidder: Eligibility) -> None:
    """Refuse a bidder who may not bid on the lot."""
    if bidder.paddle is None:
        raise NotAdmitted
    if bidder.paddle_voided:
        raise PaddleVoided(bidder.paddle)
    if not bidder.admitted:
        raise NotAdmitted
    if bidder.deposit_held < bidder.deposit_required:
        raise DepositInsufficient(bidder.deposit_held, bidder.deposit_required)

"""Paddles: their numbers, and when they are issued or taken back."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from techauction.core.admission import is_covered
from techauction.core.money import Money, total
from techauction.core.refusal import Refusal
from techauction.core.registration import ReasonNeeded

LEAST_PADDLE = 101
MOST_PADDLE = 9_999
"""Three digits at least, so that no paddle is taken for a lot's number."""


class NoSuchPaddle(Refusal):
    """No paddle of that number was issued in the round."""

    code = "no_such_paddle"

    def __init__(self, paddle: int) -> None:
        super().__init__(paddle=paddle)


class PaddleState(StrEnum):
    """Where a paddle stands, from the request to its end."""

    ASKED = "asked"
    REFUSED = "refused"
    ISSUED = "issued"
    VOIDED = "voided"

    @classmethod
    def of(cls, *, issued: bool, voided: bool) -> "PaddleState":
        """Return the state of a paddle that was issued, or not, and voided, or not."""
        if voided:
            return cls.VOIDED if issued else cls.REFUSED
        return cls.ISSUED if issued else cls.ASKED


class PaddleTaken(Refusal):
    """The paddle's number belongs to somebody else in this round."""

    code = "paddle_taken"

    def __init__(self, paddle: int) -> None:
        super().__init__(paddle=paddle)


class PaddleNumberWrong(Refusal):
    """The number is none that a paddle may have."""

    code = "paddle_number_wrong"

    def __init__(self, least: int, most: int) -> None:
        super().__init__(least=least, most=most)


class PaddlesExhausted(Refusal):
    """Every number of the round is given out."""

    code = "paddles_exhausted"

    def __init__(self, most: int) -> None:
        super().__init__(most=most)


class PaddleIssued(Refusal):
    """The paddle was issued already."""

    code = "paddle_issued"

    def __init__(self, paddle: int) -> None:
        super().__init__(paddle=paddle)


class PaddleTakenBack(Refusal):
    """The request was refused, or the paddle voided; neither comes back."""

    code = "paddle_taken_back"


class NothingCovered(Refusal):
    """The deposit held covers none of the lots named."""

    code = "nothing_covered"

    def __init__(self, held: Money, required: Money) -> None:
        super().__init__(held=held, required=required)


class PaddleStands(Refusal):
    """The paddle's bid stands at a lot that is not ended; that bid must be voided first."""

    code = "paddle_stands"

    def __init__(self, lot: int) -> None:
        super().__init__(lot=lot)


class PaddleAtSealedLot(Refusal):
    """The paddle is admitted to a lot whose sealed offers are not opened yet; whether it made one is nobody's to learn."""

    code = "paddle_at_sealed_lot"

    def __init__(self, lot: int) -> None:
        super().__init__(lot=lot)


def number(wanted: int | None, taken: Iterable[int]) -> int:
    """Return the number that a paddle gets: the one wanted, or the lowest free one.

    :raises PaddleNumberWrong: outside the numbers that a paddle may have
    :raises PaddleTaken: somebody else has it
    :raises PaddlesExhausted: none is free
    """
    used = frozenset(taken)
    if wanted is None:
        free = next((each for each in range(LEAST_PADDLE, MOST_PADDLE + 1) if each not in used), None)
        if free is None:
            raise PaddlesExhausted(MOST_PADDLE)
        return free
    if not LEAST_PADDLE <= wanted <= MOST_PADDLE:
        raise PaddleNumberWrong(LEAST_PADDLE, MOST_PADDLE)
    if wanted in used:
        raise PaddleTaken(wanted)
    return wanted


def issue(
    *, issued: int | None, voided: bool, wanted: int | None, taken: Iterable[int], deposits: Sequence[tuple[Money, Money]]
) -> int:
    """Return the number under which a paddle is issued; `deposits` are what it holds and needs, one covered is enough.

    :raises PaddleTakenBack, PaddleIssued, NothingCovered: as they say
    :raises PaddleNumberWrong, PaddleTaken: the number cannot be given
    """
    if voided:
        raise PaddleTakenBack
    if issued is not None:
        raise PaddleIssued(issued)
    if not any(is_covered(held, required) for held, required in deposits):
        raise NothingCovered(total(held for held, _ in deposits), total(required for _, required in deposits))
    return number(wanted, taken)


def take_back(*, voided: bool, stands_at: Sequence[int], sealed_at: Sequence[int], reason: str) -> None:
    """Refuse what stands against voiding a paddle, or against refusing a request for one.

    `stands_at` are lots on sale where its bid stands, `sealed_at` those by sealed offers to which it is admitted.

    :raises PaddleTakenBack, PaddleStands, PaddleAtSealedLot, ReasonNeeded: as they say
    """
    if voided:
        raise PaddleTakenBack
    if stands_at:
        raise PaddleStands(stands_at[0])
    if sealed_at:
        raise PaddleAtSealedLot(sealed_at[0])
    if not reason:
        raise ReasonNeeded

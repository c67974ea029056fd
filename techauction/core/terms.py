"""What a round's terms may be, said once for form, file and API: ranges, defaults, lengths, and what needs a word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from techauction.core.admission import DepositKind, DepositRule
from techauction.core.days import SHANGHAI, SpecialDays, day_of, working_day_before
from techauction.core.planned import PlannedRound
from techauction.core.round import Problem, Regime

SLUG: Final = r"[a-z0-9]+(-[a-z0-9]+)*"
LONGEST_SLUG = 64
LONGEST_TITLE = 200
LONGEST_RESULT_TITLE_EN = 300
LONGEST_SUMMARY = 20_000
LONGEST_RIGHTS = 500
"""Of the owners, and of the rights."""
LONGEST_NAME = 200
LONGEST_PERSON = 80
LONGEST_NOTE = 500

FREE_PERIOD = timedelta(hours=4)
RESERVE_LEAD = timedelta(minutes=30)
_REGISTRATION = time(17)

MOST_UNAGREED_BPS = 500
"""Where nothing was agreed the law allows so much commission a side (拍卖法 art. 56)."""
USUAL_DEPOSIT_BPS = range(500, 2_001)
"""What courts hold to (法释〔2016〕18号)."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number of a round: its range, and what it is where nothing is said; without a default it follows from others."""

    least: int
    most: int
    default: int | None


NUMBERS: Final = {
    "stagger_s": Whole(0, 86_400, 0),
    "extension_trigger_s": Whole(1, 3_600, 300),
    "extension_length_s": Whole(1, 3_600, 300),
    "extension_cap_s": Whole(0, 604_800, None),
    "max_steps": Whole(1, 10_000, 10),
    "collar": Whole(0, 10_000, 3),
    "min_admitted": Whole(1, 10_000, None),
    "min_bidding": Whole(1, 10_000, 1),
    "gap_s": Whole(0, 3_600, 10),
    "deposit_share_bps": Whole(0, 10_000, 1_000),
    "buyer_bps": Whole(0, 10_000, 0),
    "seller_bps": Whole(0, 10_000, 0),
    "listing_share_bps": Whole(0, 10_000, 5_000),
}
MIN_ADMITTED: Final = {Regime.EXCHANGE: 2, Regime.AUCTION: 1}
"""How many paddles must be admitted to a lot where nothing is said: exchanges want two, the Auction Law is content with one."""


def registration_end(opens_at: datetime, special: SpecialDays, now: datetime) -> datetime:
    """Return when registration and deposits close where nothing is said: at five on the working day before.

    The bank's value time must be before it. Where that is past, as where a rehearsal opens at once, it is the opening.
    """
    proposed = datetime.combine(working_day_before(day_of(opens_at), special), _REGISTRATION, SHANGHAI)
    return proposed if proposed > now else opens_at


def reserve_deadline(opens_at: datetime, now: datetime) -> datetime:
    """Return until when reserves may be sealed where nothing is said: half an hour before the opening, if that is not past."""
    return opens_at - RESERVE_LEAD if opens_at - RESERVE_LEAD > now else opens_at


def unsaid(planned: PlannedRound) -> Iterator[Problem]:
    """Yield what may not stand without a word: commission over 5 % a side, a deposit's share outside 5 to 20 %."""
    over = [side for side in ("buyer_bps", "seller_bps") if getattr(planned, side) > MOST_UNAGREED_BPS]
    if over and not planned.commission_agreed:
        yield from (Problem(side, "commission_not_agreed") for side in over)
    if over and not planned.commission_note.strip():
        yield Problem("commission_note", "commission_note_missing")
    deposit = planned.deposit
    if is_unusual(deposit) and not planned.deposit_reason.strip():
        yield Problem("deposit_reason", "deposit_reason_missing")


def is_unusual(deposit: DepositRule) -> bool:
    """Return whether a deposit is a share that courts would not set."""
    return deposit.kind is DepositKind.SHARE and deposit.share_bps not in USUAL_DEPOSIT_BPS


def is_slug(text: str) -> bool:
    """Return whether a text is a name for addresses: small letters, digits and single hyphens."""
    return len(text) <= LONGEST_SLUG and re.fullmatch(SLUG, text) is not None

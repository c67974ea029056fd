"""Amounts as people type them."""

import re

from techauction.core.money import FEN_PER_WAN, FEN_PER_YUAN, LARGEST_FEN, Money
from techauction.core.refusal import Refusal

_LONGEST_TEXT = 40
# Full-width signs only: NFKC would also make 106 of 10⁶.
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {ord("￥"): "¥", ord("\u3000"): " ", ord("\u00a0"): " "}
_UNITS = {
    "": FEN_PER_YUAN,
    "元": FEN_PER_YUAN,
    "yuan": FEN_PER_YUAN,
    "万": FEN_PER_WAN,
    "万元": FEN_PER_WAN,
    "wan": FEN_PER_WAN,
}
_AMOUNT = re.compile(
    r"¥?\s*(?P<sign>[-+]?)\s*(?P<whole>[0-9]+|[0-9]{1,3}(?:[, ][0-9]{3})+|[0-9]{1,4}(?:[, ][0-9]{4})+)"
    r"(?:\.(?P<part>[0-9]+))?\s*(?P<unit>万元|万|元|yuan|wan)?"
)


class AmountUnreadable(Refusal):
    """The text is no amount of money."""

    code = "amount_unreadable"

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class AmountNotPositive(Refusal):
    """The amount is zero or less."""

    code = "amount_not_positive"

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class AmountHasFractionOfFen(Refusal):
    """The amount is finer than one fen."""

    code = "amount_has_fraction_of_fen"

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class AmountTooLarge(Refusal):
    """The amount is over what any sale could need."""

    code = "amount_too_large"

    def __init__(self, text: str) -> None:
        super().__init__(text=text, most=Money(LARGEST_FEN))


def read(text: str) -> Money:
    """Read an amount as people write it: `1,230,000`, `123万`, `１２３ 万元`, `¥1204.58万`. Without a unit it is yuan.

    :raises AmountUnreadable: not an amount, or written in powers of ten
    :raises AmountNotPositive: zero or less
    :raises AmountHasFractionOfFen: finer than one fen
    :raises AmountTooLarge: over ten trillion yuan
    """
    shown = text[:_LONGEST_TEXT]
    plain = text.translate(_NARROW).strip()
    found = _AMOUNT.fullmatch(plain) if len(plain) <= _LONGEST_TEXT else None
    if found is None:
        if len(plain) > _LONGEST_TEXT and plain.replace(",", "").replace(" ", "").isdecimal():
            raise AmountTooLarge(shown)
        raise AmountUnreadable(shown)
    whole, part = re.sub("[, ]", "", found["whole"]), found["part"] or ""
    scaled = int(whole + part) * _UNITS[found["unit"] or ""]
    minor, fraction = divmod(scaled, 10 ** len(part))
    if found["sign"] == "-" or not scaled:
        raise AmountNotPositive(shown)
    if fraction:
        raise AmountHasFractionOfFen(shown)
    if minor > LARGEST_FEN:
        raise AmountTooLarge(shown)
    return Money(minor)

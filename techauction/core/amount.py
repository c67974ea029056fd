"""Amounts as people type them."""

import re

from techauction.core.digits import GROUPED, narrow, plain
from techauction.core.money import FEN_PER_WAN, FEN_PER_YUAN, LARGEST_FEN, Money
from techauction.core.refusal import Refusal

_LONGEST_TEXT = 40
_SIMPLE = str.maketrans("萬億圓圆", "万亿元元")
_FEN_PER_YI = 10_000 * FEN_PER_WAN
_UNITS = {
    "亿": _FEN_PER_YI,
    "千万": 1_000 * FEN_PER_WAN,
    "百万": 100 * FEN_PER_WAN,
    "万": FEN_PER_WAN,
    "wan": FEN_PER_WAN,
    "元": FEN_PER_YUAN,
    "yuan": FEN_PER_YUAN,
    "": FEN_PER_YUAN,
}
_TERM = re.compile(rf"\s*(?P<whole>{GROUPED})(?:\.(?P<part>[0-9]+))?\s*(?P<unit>(?:亿|千万|百万|万)(?:\s*元$)?|wan|元$|yuan)?")
_CURRENCY = r"(?:人民币|RMB|CNY)"
_AMOUNT = re.compile(
    rf"(?:{_CURRENCY}\s*:?)?\s*¥?\s*(?P<sign>[-+]?)\s*(?P<terms>[0-9].*?)(?:(?<=元)\s*[整正])?(?:\s*{_CURRENCY})?",
    re.IGNORECASE,
)
_COULD_BE = re.compile(r"[0-9][-~—至到,. 0-9亿万千百]*[0-9亿万千百]元?")
"""Digits and units that make no amount in one way: `1,23`, `1万2`, `100-200万`."""


class AmountUnreadable(Refusal):
    """The text is no amount of money."""

    code = "amount_unreadable"

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class AmountAmbiguous(Refusal):
    """The text may mean more than one amount."""

    code = "amount_ambiguous"

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
    """Read an amount as people write it, in yuan where it has no unit.

    So `1,230,000`, `１２３ 万元`, `1.2亿`, `1亿2000万` and `人民币100万元整`.

    :raises AmountUnreadable: not an amount, or written in powers of ten
    :raises AmountAmbiguous: it may mean more than one, as `1万2000` and `1,23` do
    :raises AmountNotPositive: zero or less
    :raises AmountHasFractionOfFen: finer than one fen
    :raises AmountTooLarge: over ten trillion yuan
    """
    shown = text[:_LONGEST_TEXT]
    written = narrow(text).translate(_SIMPLE)
    if len(written) > _LONGEST_TEXT:
        raise AmountTooLarge(shown) if plain(written).isdecimal() else AmountUnreadable(shown)
    found = _AMOUNT.fullmatch(written)
    if found is None:
        raise AmountUnreadable(shown)
    terms = _terms(found["terms"])
    if terms is None:
        raise AmountAmbiguous(shown) if _COULD_BE.fullmatch(found["terms"].strip()) else AmountUnreadable(shown)
    places = max(len(part) for _whole, part, _unit in terms)
    scaled = sum(int(whole + part.ljust(places, "0")) * unit for whole, part, unit in terms)
    minor, fraction = divmod(scaled, 10**places)
    if found["sign"] == "-" or not scaled:
        raise AmountNotPositive(shown)
    if fraction:
        raise AmountHasFractionOfFen(shown)
    if minor > LARGEST_FEN:
        raise AmountTooLarge(shown)
    return Money(minor)


def _terms(written: str) -> list[tuple[str, str, int]] | None:
    """Return whole digits, decimals and unit of each term of `1亿2000万`; nothing where they add up to no amount in one way."""
    terms: list[tuple[str, str, int]] = []
    at = 0
    while at < len(written):
        found = _TERM.match(written, at)
        if found is None:
            return None
        whole, part, unit = plain(found["whole"]), found["part"] or "", _unit(found["unit"] or "")
        if terms:
            _before, decimals, over = terms[-1]
            # In `1万2000` the rest may be yuan or thousands; none follows a decimal, or reaches the unit before.
            if not found["unit"] or decimals or (int(whole) + 1) * unit > over:
                return None
        terms.append((whole, part, unit))
        at = found.end()
    return terms


def _unit(written: str) -> int:
    """Return the fen of a unit, which may be said of yuan (`万元`)."""
    return _UNITS.get(written.lower()) or _UNITS[written.removesuffix("元").strip()]

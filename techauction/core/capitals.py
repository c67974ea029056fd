"""Sums in the capital numerals of contracts (大写), as the rule for payment papers has them (支付结算办法, annex 1)."""

from techauction.core.money import Money

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_SECTIONS = ("", "万", "亿", "万")
"""What follows each four digits, counted from the right; what lies over 亿 is counted in 万亿."""
_PER_SECTION = 4


def in_capitals(sum_: Money) -> str:
    """Return a sum that is not negative in capitals: `贰佰万元整`, `壹仟肆佰零玖元伍角`, `壹亿零贰仟元整`.

    Between digits one 零 stands for zeros, however many. After 元 stands 整, after 角 and 分 not. Before 分 without 角
    stands 零, before 角 none.
    """
    assert sum_.minor >= 0
    yuan, fen = divmod(sum_.minor, 100)
    jiao, fen = divmod(fen, 10)
    whole = f"{_yuan(yuan)}元" if yuan or not (jiao or fen) else ""
    if not jiao and not fen:
        return f"{whole}整"
    tenth = f"{_DIGITS[jiao]}角" if jiao else "零" if whole else ""
    return f"{whole}{tenth}{_DIGITS[fen]}分" if fen else f"{whole}{tenth}"


def _yuan(yuan: int) -> str:
    """Return whole yuan without their unit."""
    digits = str(yuan)
    assert len(digits) <= _PER_SECTION * len(_SECTIONS)
    said, zeros = "", False
    for place, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True):
        section, within = divmod(place, _PER_SECTION)
        if digit == "0":
            zeros = True
        else:
            said += ("零" if zeros and said else "") + _DIGITS[int(digit)] + _PLACES[within]
            zeros = False
        if not within and _counts(yuan, section):
            said += _SECTIONS[section]
    return said or "零"


def _counts(yuan: int, section: int) -> bool:
    """Return whether a section's unit is said: 万 where its own four digits are not all zero, 亿 where anything reaches it."""
    above = int(str(yuan)[: len(str(yuan)) - _PER_SECTION * section])
    return above > 0 if _SECTIONS[section] == "亿" else above % 10_000 > 0

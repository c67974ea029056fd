"""Numbers as people type them: with the keyboard's full-width signs, and thousands set apart."""

import re

# Full-width signs only: NFKC would also make 106 of 10⁶.
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {ord("￥"): "¥", ord("\u3000"): " ", ord("\u00a0"): " "}
GROUPED = r"[0-9]{1,3}(?:[, ][0-9]{3})+(?![0-9])|[0-9]{1,4}(?:[, ][0-9]{4})+(?![0-9])|[0-9]+"
"""Digits, perhaps in groups of three, or of four as 万 and 亿 make them."""
_WHOLE = re.compile(rf"\+?(?:{GROUPED})")
_LONGEST = 40


def narrow(text: str) -> str:
    """Return the text with full-width signs and spaces made narrow, and none around it."""
    return text.translate(_NARROW).strip()


def plain(written: str) -> str:
    """Return the digits without what sets them apart."""
    return written.replace(",", "").replace(" ", "")


def whole(text: str) -> int | None:
    """Return the whole number, or nothing where the text is none."""
    written = narrow(text)
    if len(written) > _LONGEST or not _WHOLE.fullmatch(written):
        return None
    return int(plain(written))

"""The unified social credit code (统一社会信用代码) by which an organisation is known, after GB 32100-2015."""

import re
import unicodedata

from techauction.core.refusal import Refusal

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LENGTH = 18
_LONGEST_TEXT = 40


class CreditCodeWrong(Refusal):
    """The text is no credit code: it has a wrong length or sign."""

    code = "credit_code_wrong"

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class CreditCodeUnchecked(CreditCodeWrong):
    """The code's last sign does not check the others: a real older one is taken only by its market's explicit yes."""

    code = "credit_code_unchecked"


def read(text: str, *, unchecked: bool = False) -> str:
    """Read a credit code as people write it: small letters, spaces and full-width signs are understood.

    `unchecked` takes one with a wrong last sign, which waits for its market's yes.

    :raises CreditCodeWrong: it is none
    :raises CreditCodeUnchecked: its last sign does not check
    """
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if len(plain) != _LENGTH or not set(plain) <= set(SIGNS):
        raise CreditCodeWrong(text[:_LONGEST_TEXT])
    if not checks(plain) and not unchecked:
        raise CreditCodeUnchecked(plain)
    return plain


def checks(code: str) -> bool:
    """Return whether the last sign of a code checks the others."""
    return code[-1] == check_sign(code[:-1])


def check_sign(body: str) -> str:
    """Return the eighteenth sign that belongs to the first seventeen."""
    assert len(body) == _LENGTH - 1
    return SIGNS[-sum(SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(body)) % 31]

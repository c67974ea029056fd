"""The unified social credit code (统一社会信用代码) by which an organisation is known, after GB 32100-2015."""

import re
import unicodedata

from techauction.core.refusal import Refusal

_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LENGTH = 18
_LONGEST_TEXT = 40


class CreditCodeWrong(Refusal):
    """The text is no credit code: a wrong length or sign, or its last sign does not check."""

    code = "credit_code_wrong"

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


def read(text: str) -> str:
    """Read a credit code as people write it: small letters, spaces and full-width signs are understood.

    :raises CreditCodeWrong: it is none
    """
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if len(plain) != _LENGTH or not set(plain) <= set(_SIGNS) or plain[-1] != check_sign(plain[:-1]):
        raise CreditCodeWrong(text[:_LONGEST_TEXT])
    return plain


def check_sign(body: str) -> str:
    """Return the eighteenth sign that belongs to the first seventeen."""
    assert len(body) == _LENGTH - 1
    return _SIGNS[-sum(_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(body)) % 31]

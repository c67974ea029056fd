"""Who may sign in, and with what."""

import hashlib
import re
import unicodedata
from datetime import datetime, timedelta

from techauction.core.refusal import Refusal

LEAST_PASSWORD = 12
MOST_PASSWORD = 200
_SIGN_IN_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,118}[a-z0-9]")


class SignInRefused(Refusal):
    """The name or the password is wrong, or the user was disabled; which of them is not said."""

    code = "sign_in_refused"


class PasswordWrong(Refusal):
    """The present password was not repeated rightly."""

    code = "password_wrong"


class PasswordTooShort(Refusal):
    """The password has too few signs."""

    code = "password_too_short"

    def __init__(self) -> None:
        super().__init__(least=LEAST_PASSWORD)


class PasswordTooLong(Refusal):
    """The password has more signs than are read."""

    code = "password_too_long"

    def __init__(self) -> None:
        super().__init__(most=MOST_PASSWORD)


class PasswordIsName(Refusal):
    """The password is the sign-in name."""

    code = "password_is_name"


class SignInNameUnfit(Refusal):
    """The sign-in name is too short, or has signs that it may not have."""

    code = "sign_in_name_unfit"


class SignInNameTaken(Refusal):
    """Somebody else signs in with this name."""

    code = "sign_in_name_taken"

    def __init__(self, sign_in_name: str) -> None:
        super().__init__(sign_in_name=sign_in_name)


class OrganisationNeeded(Refusal):
    """Users of institutes and enterprises belong to an organisation."""

    code = "organisation_needed"


class MarketNeeded(Refusal):
    """Organizers and managers belong to a market."""

    code = "market_needed"


class CreditCodeTaken(Refusal):
    """An organisation with this credit code is registered already."""

    code = "credit_code_taken"

    def __init__(self, credit_code: str) -> None:
        super().__init__(credit_code=credit_code)


class OwnAccount(Refusal):
    """An administrator may not disable the account in use."""

    code = "own_account"


def sign_in_name(text: str) -> str:
    """Return the sign-in name as it is kept: small letters, digits, and `._@+-` between them.

    :raises SignInNameUnfit: it has other signs, or fewer than three
    """
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if not _SIGN_IN_NAME.fullmatch(plain):
        raise SignInNameUnfit
    return plain


def password(text: str, *, sign_in_name: str) -> str:
    """Return the password if it may be used.

    :raises PasswordTooShort, PasswordTooLong, PasswordIsName: as they say
    """
    if len(text) < LEAST_PASSWORD:
        raise PasswordTooShort
    if len(text) > MOST_PASSWORD:
        raise PasswordTooLong
    if text.strip().lower() == sign_in_name:
        raise PasswordIsName
    return text


def lasts_until(began_at: datetime, *, hours: int, most_hours: int, now: datetime) -> datetime:
    """Return until when a sign-in lasts that is used now: so many hours on, and so many in all at most."""
    return min(now + timedelta(hours=hours), began_at + timedelta(hours=max(hours, most_hours)))


def token_hash(token: str) -> str:
    """Return what is kept of a sign-in's token."""
    return hashlib.sha256(token.encode()).hexdigest()

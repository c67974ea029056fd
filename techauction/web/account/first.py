"""A new sign-in: a name and a password that may be used, said beside their fields with everything else that is wrong."""

from typing import Any

from techauction.core import accounts
from techauction.core.refusal import Refusal
from techauction.db import db
from techauction.services.accounts import name_must_be_free
from techauction.web.fields import Form, SaidBeside


class NewSignIn(Form):
    """A form with a `sign_in_name` and a `password` that are new."""

    def validate_sign_in_name(self, field: Any) -> None:
        """Say beside the name if it cannot be one, or is another's."""
        try:
            name_must_be_free(db.session(), accounts.sign_in_name(field.data))
        except Refusal as refusal:
            raise SaidBeside(refusal) from refusal

    def validate_password(self, field: Any) -> None:
        """Say beside the password if it is not good enough."""
        fit_password(field, sign_in_name=str(self._fields["sign_in_name"].data))


def fit_password(field: Any, *, sign_in_name: str) -> None:
    """Say beside a new password if it is not good enough.

    :raises SaidBeside: it is not
    """
    try:
        accounts.password(field.data, sign_in_name=sign_in_name.strip().lower())
    except Refusal as refusal:
        raise SaidBeside(refusal) from refusal

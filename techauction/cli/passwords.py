"""Passwords on the command line: never an argument, which other users of the machine could read."""

import secrets
import sys

import click

from techauction.core import accounts
from techauction.identity import passwords
from techauction.settings import Settings

password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of making one."
)


def choose(*, sign_in_name: str, from_stdin: bool) -> tuple[str, bool]:
    """Return a password, and whether it was made here and must be shown once.

    :raises PasswordTooShort, PasswordTooLong, PasswordIsName: the one given may not be used
    """
    if not from_stdin:
        return secrets.token_urlsafe(12), True
    given = sys.stdin.readline().rstrip("\r\n")
    return accounts.password(given, sign_in_name=sign_in_name), False


def hashed(settings: Settings, password: str) -> str:
    """Return what is kept of a password."""
    return passwords(settings).hash(password)

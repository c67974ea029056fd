"""What stays sealed until the hammer: who can close it, who can open it, and the slip that survives a lost key.

Whoever seals needs a public key; whoever opens needs the private one, which is a file outside the database.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn, Protocol

from techauction.core.money import Money
from techauction.core.refusal import Refusal

Sealable = Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Box:
    """What was sealed, as it is kept, and which key opens it."""

    sealed: str
    key_id: str


class CannotOpen(Exception):
    """The key is not here, or what was sealed was changed: until another way is found the lot waits."""


class NoCustodyKey(Refusal):
    """Nothing can be sealed: the installation has no custody key."""

    code = "no_custody_key"


class NotAwaited(Refusal):
    """The lot does not wait for its reserve: only a lot whose hammer found no key does."""

    code = "reserve_not_awaited"


class NotTheCommitment(Refusal):
    """Reserve and salt are not those that the published commitment was made of."""

    code = "not_the_commitment"


class KeyNotHere(Refusal):
    """The private key that opens the reserve is not on the server now."""

    code = "custody_key_not_here"


class Custody(Protocol):
    """Closes boxes, and opens them where the private key is."""

    def seal(self, plain: Sealable) -> Box:
        """Return the values sealed. Boxes are of one length, whatever they hold.

        :raises NoCustodyKey: there is no key to seal with
        """
        ...

    def open(self, box: Box) -> Sealable:
        """Return what was sealed.

        :raises CannotOpen: the key is not here, or the box was changed
        """
        ...

    def holds(self, key_id: str) -> bool:
        """Return whether the private key is here."""
        ...

    def tag(self, *said: object) -> str:
        """Return by what the same words are recognised again, by nobody who has only the database or a backup."""
        ...


class _WithoutKeys:
    """A process that was handed no keys seals nothing, opens nothing, and recognises nothing again."""

    def seal(self, plain: Sealable) -> NoReturn:
        del plain
        raise NoCustodyKey

    def open(self, box: Box) -> NoReturn:
        raise CannotOpen(box.key_id)

    def holds(self, key_id: str) -> bool:
        del key_id
        return False

    def tag(self, *said: object) -> str:
        del said
        return secrets.token_hex(32)


WITHOUT_KEYS: Custody = _WithoutKeys()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What whoever seals a reserve keeps: with it the reserve can be proven and entered again, should the key be lost.

    `commitment` is `record.commitment` over the other three; only it becomes public, when the lot opens.
    """

    sealed_as: str
    reserve: Money
    salt: str
    commitment: str
    sealed_at: datetime


def new_salt() -> str:
    """Return a secret of 256 bits, without which a commitment tells nothing of what is committed."""
    return secrets.token_hex(32)


def sealed_as(lot_id: int) -> str:
    """Return the name that a lot has in its commitment: its number may still change when its reserve is sealed."""
    return f"lot-{lot_id}"

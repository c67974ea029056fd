"""Custody of what is sealed until the hammer: reserves, and sealed offers.

A box is a libsodium sealed box (X25519, XSalsa20-Poly1305): it is closed with the public key and opened with the private one.
The private keys are a file of their own (mode 600), outside the database and outside every backup; the setting `custody_keys`
says where, so that it may lie on a medium that is brought for the close alone. Sealing needs only the public keys, which
the instance keeps.
"""

import base64
import binascii
import fcntl
import hmac
import json
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from techauction.core.custody import Box, CannotOpen, Sealable
from techauction.files import write_secret
from techauction.settings import Settings

PRIVATE, PUBLIC = "custody-keys.json", "custody-public.json"
_PADDED = 160
"""Every box holds so many bytes: a longer sum must not make a longer box."""


class CustodyUnready(Exception):
    """The key files say that something must not be done."""


class KeyRing:
    """The instance's custody keys, read anew whenever they are asked: the private file may come and go.

    The last key seals; those before it still open what they sealed.
    """

    def __init__(self, public: Path, private: Path) -> None:
        self._public = public
        self._private = private
        if not self._publics():
            self._begin()

    def seal(self, plain: Sealable) -> Box:
        """Return the values sealed with the newest public key."""
        key = PublicKey(bytes.fromhex(self._publics()[-1]))
        said = json.dumps(dict(plain), separators=(",", ":")).encode()
        assert len(said) <= _PADDED
        return Box(base64.b64encode(SealedBox(key).encrypt(said.ljust(_PADDED))).decode(), _name(bytes(key)))

    def open(self, box: Box) -> Sealable:
        """Return what was sealed.

        :raises CannotOpen: the key is not here, or the box was changed
        """
        key = self._privates().get(box.key_id)
        if key is None:
            raise CannotOpen(f"custody key {box.key_id} is not here")
        try:
            plain: dict[str, int | str] = json.loads(SealedBox(key).decrypt(base64.b64decode(box.sealed, validate=True)))
        except (CryptoError, binascii.Error, ValueError) as error:
            raise CannotOpen(f"the box was changed, or is not of custody key {box.key_id}") from error
        return plain

    def holds(self, key_id: str) -> bool:
        """Return whether the private key is here."""
        return key_id in self._privates()

    def is_apart(self) -> bool:
        """Return whether none of the private keys is here now: nobody in the house can open anything."""
        return not self._privates()

    def tag(self, *said: object) -> str:
        """Return an HMAC over the words; its secret is in no backup."""
        secret = bytes.fromhex(str(_read(self._public)["repeats"]))
        return hmac.new(secret, json.dumps(said, default=str).encode(), sha256).hexdigest()

    def names(self) -> list[str]:
        """Return the names of all keys, the one that seals last."""
        return [_name(bytes.fromhex(key)) for key in self._publics()]

    def rotate(self, *, lost: bool = False) -> str:
        """Seal with a new key from now on, and return its name; the keys before go on opening what they sealed.

        :raises CustodyUnready: the private file is not here, so the new key would stand in another file; `lost` accepts that
        """
        if not self._private.is_file() and not lost:
            raise CustodyUnready(
                f"{self._private} is not here: bring it, so that the new key joins the old ones, or say that it is lost"
            )
        key = PrivateKey.generate()
        with self._public.with_suffix(".lock").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            self._keep(
                [*_read(self._private).get("keys", ()), bytes(key).hex()], [*self._publics(), bytes(key.public_key).hex()]
            )
        return _name(bytes(key.public_key))

    def copy_private(self, target: Path) -> None:
        """Write the private keys into another file (mode 600).

        :raises CustodyUnready: they are not here, or there is a file of that name
        """
        if not self._private.is_file():
            raise CustodyUnready(f"{self._private} is not here")
        if target.exists():
            raise CustodyUnready(f"{target} is there already")
        _write(target, _read(self._private), once=True)

    def public(self) -> str:
        """Return the public keys as their file has them, without the secret by which repeats are recognised."""
        return json.dumps({"keys": self._publics()})

    def _begin(self) -> None:
        """Make the first keys, or write down the public halves of those that were brought."""
        try:
            if not self._private.exists():
                _write(self._private, {"keys": [bytes(PrivateKey.generate()).hex()]}, once=True)
        except OSError as error:
            raise CustodyUnready(f"the custody keys cannot be kept: {error}") from error
        privates = list(_read(self._private)["keys"])  # where another process was first, its keys count
        self._keep(privates, [bytes(PrivateKey(bytes.fromhex(key)).public_key).hex() for key in privates])

    def _keep(self, privates: list[str], publics: list[str]) -> None:
        """Keep both files, whole or not at all; the private first, so that nothing is sealed that nobody can open."""
        try:
            if privates != _read(self._private).get("keys"):
                _write(self._private, {"keys": privates})
            repeats = _read(self._public).get("repeats") or secrets.token_hex(32)
            _write(self._public, {"keys": publics, "repeats": repeats})
        except OSError as error:
            raise CustodyUnready(f"the custody keys cannot be kept: {error}") from error

    def _publics(self) -> list[str]:
        said = _read(self._public)
        # A restored installation has the public keys, and makes a new secret for repeats.
        if said and "repeats" not in said:
            said = {**said, "repeats": secrets.token_hex(32)}
            _write(self._public, said)
        return list(said.get("keys", ()))

    def _privates(self) -> dict[str, PrivateKey]:
        try:
            keys = [PrivateKey(bytes.fromhex(key)) for key in _read(self._private).get("keys", ())]
        except (CustodyUnready, CryptoError, ValueError):  # a medium that fails is a key that is not here
            return {}
        return {_name(bytes(key.public_key)): key for key in keys}


def key_ring(settings: Settings) -> KeyRing:
    """Return the instance's custody keys; the first are made where there are none.

    :raises CustodyUnready: they cannot be kept
    """
    private = Path(settings.custody_keys) if settings.custody_keys else settings.instance / PRIVATE
    return KeyRing(settings.instance / PUBLIC, private)


def _name(public: bytes) -> str:
    return sha256(public).hexdigest()[:16]


def _read(file: Path) -> Mapping[str, Any]:
    try:
        said: dict[str, Any] = json.loads(file.read_text("ascii"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise CustodyUnready(f"{file} cannot be read: {error}") from error
    return said


def _write(file: Path, said: Mapping[str, Any], *, once: bool = False) -> None:
    write_secret(file, json.dumps(said), once=once)

"""Receipts: what a bidder holds in hand of a bid that was taken, signed by the house.

A receipt is a JSON Web Signature in compact form (RFC 7515) with Ed25519 (RFC 8037), so that any JOSE library can check it.
It says the lot, `seq`, hash, amount and time of the bid; the hash ties it to the record.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock

import orjson
from nacl.bindings import crypto_sign, crypto_sign_BYTES
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from techauction.core.money import Money
from techauction.core.record import instant
from techauction.core.refusal import Refusal
from techauction.files import write_secret

FILE = "receipt-keys.json"
"""Where an instance keeps its keys (mode 600). The last one signs; those before it still check what they signed."""


class ReceiptWrong(Refusal):
    """The text is no receipt, or none that this house signed."""

    code = "receipt_wrong"


class ReceiptMissing(Refusal):
    """The text is neither a receipt nor an answer of the house that carries one."""

    code = "receipt_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a receipt says: that this bid is event `seq` of this lot's record, under this hash."""

    lot_id: int
    seq: int
    hash: str
    amount: Money
    placed_at: datetime


class Signer:
    """Signs receipts with an instance's newest key, and checks them with all of its keys."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()
        self._keys = _read(file) or self._made([])
        self._use_last()

    def sign(self, receipt: Receipt) -> str:
        """Return the receipt as a compact JSON Web Signature. The same receipt under the same key is the same text."""
        # Every bid waits for this: the names and values need no escaping, so JSON's own writer would only be slower.
        said = (
            f'{{"lot":{receipt.lot_id},"seq":{receipt.seq},"hash":"{receipt.hash}",'
            f'"amount_fen":{receipt.amount.minor},"placed_at":"{instant(receipt.placed_at)}"}}'
        )
        signed = self._header + _coded(said.encode())
        return (signed + b"." + _coded(crypto_sign(signed, self._secret)[:crypto_sign_BYTES])).decode()

    def check(self, text: str) -> Receipt:
        """Return what a receipt says.

        :raises ReceiptWrong: it is none of this house's
        """
        try:
            signed, _, signature = text.strip().encode("ascii").rpartition(b".")
            header, _, said = signed.partition(b".")
            kid = orjson.loads(_plain(header))["kid"]  # deep nesting is an error of its own to the standard library
            public = {_kid(key.verify_key): key.verify_key for key in self._keys}[kid]
            public.verify(signed, _plain(signature))
            plain = orjson.loads(_plain(said))
            return Receipt(
                lot_id=plain["lot"],
                seq=plain["seq"],
                hash=plain["hash"],
                amount=Money(plain["amount_fen"]),
                placed_at=datetime.fromisoformat(plain["placed_at"]),
            )
        except (BadSignatureError, ValueError, KeyError, TypeError, binascii.Error) as error:
            raise ReceiptWrong from error

    def rotate(self) -> str:
        """Sign with a new key from now on, and return its name. Receipts of the keys before stay good."""
        with self._lock:
            self._keys = self._made(self._keys)
            self._use_last()
        return self._kid

    def secrets(self) -> str:
        """Return all keys, the private ones too, as their file has them."""
        return _text(self._keys)

    def published(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as a JSON Web Key Set (RFC 7517), the one that signs first."""
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "use": "sig",
                    "alg": "EdDSA",
                    "kid": _kid(key.verify_key),
                    "x": _coded(bytes(key.verify_key)).decode(),
                }
                for key in reversed(self._keys)
            ]
        }

    def _use_last(self) -> None:
        key = self._keys[-1]
        self._secret = bytes(key) + bytes(key.verify_key)
        self._kid = _kid(key.verify_key)
        self._header = _coded(json.dumps({"alg": "EdDSA", "kid": self._kid}, separators=(",", ":")).encode()) + b"."

    def _made(self, keys: list[SigningKey]) -> list[SigningKey]:
        """Keep the keys and a new one; where another process was first to make any, its keys count."""
        _write(self._file, [*keys, SigningKey.generate()], once=not keys)
        return _read(self._file)


def found_in(text: str) -> str:
    """Return the receipt that a text holds: it is one itself, or the house's whole answer to a bid, as JSON.

    :raises ReceiptMissing: it is neither
    """
    if not text.lstrip().startswith("{"):
        if len(text.split()) != 1 or text.count(".") != _DOTS:
            raise ReceiptMissing
        return text
    try:
        answer = orjson.loads(text)
    except ValueError as error:
        raise ReceiptMissing from error
    receipt = answer.get("receipt")
    if not isinstance(receipt, str):
        raise ReceiptMissing
    return receipt


_DOTS = 2
"""So many part a compact signature's header, what it says, and its signature."""


def _read(file: Path) -> list[SigningKey]:
    if not file.is_file():
        return []
    return [SigningKey(bytes.fromhex(key)) for key in json.loads(file.read_text("ascii"))["keys"]]


def _write(file: Path, keys: list[SigningKey], *, once: bool = False) -> None:
    write_secret(file, _text(keys), once=once)


def _text(keys: list[SigningKey]) -> str:
    return json.dumps({"keys": [bytes(key).hex() for key in keys]})


def _kid(public: VerifyKey) -> str:
    return sha256(bytes(public)).hexdigest()[:16]


def _coded(plain: bytes) -> bytes:
    return base64.urlsafe_b64encode(plain).rstrip(b"=")


def _plain(coded: bytes) -> bytes:
    return base64.urlsafe_b64decode(coded + b"=" * (-len(coded) % 4))

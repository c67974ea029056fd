"""Receipts that are signed while the database commits, so that the answer finds its receipt ready."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache

from techauction.receipts import Receipt, Signer
from techauction.services.offers import Answer, Taken

_REMEMBERED = 4_096


class Signing:
    """Signs what was taken. One thread signs ahead, while the commit is waited for."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="signing")
        # The same bid has the same receipt: two threads that meet here do no harm.
        self._signed = lru_cache(_REMEMBERED)(self._sign)

    def prepare(self, answers: Sequence[Answer]) -> None:
        """Sign what is about to be committed, beside the commit; nobody sees a receipt before its bid stands."""
        with suppress(RuntimeError):  # where no thread can be had, the answer signs for itself
            self._ahead.submit(self._prepare, [each for each in answers if isinstance(each, Taken)])

    def receipt(self, taken: Taken) -> str | None:
        """Return the receipt; none of a sealed offer whose amount is not known any more: it was in the answer to the offer."""
        return None if taken.amount is None else self._signed(taken)

    def published(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys, as `Signer.published` does."""
        return self._signer.published()

    def _prepare(self, taken: Sequence[Taken]) -> None:
        for each in taken:
            self.receipt(each)

    def _sign(self, taken: Taken) -> str:
        assert taken.amount is not None
        return self._signer.sign(
            Receipt(lot_id=taken.lot_id, seq=taken.seq, hash=taken.hash, amount=taken.amount, placed_at=taken.placed_at)
        )

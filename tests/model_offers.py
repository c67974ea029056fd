"""A lot of sealed offers, as naive as the rest of the model: one offer each, all opened together at the close."""

from datetime import datetime
from typing import Any

from tests.model_rights import ModelLotWithRights

TELLING = ("nothing_to_match", "too_low", "off_grid", "needs_confirmation")


class ModelLotOfSealedOffers(ModelLotWithRights):
    def __init__(self, *terms: Any) -> None:
        super().__init__(*terms)
        self.offers: list[tuple[Any, int]] = []

    def offer(self, who: Any, amount: int, *, key: str, **how: Any) -> tuple[Any, ...]:
        fresh = (who.name, key) not in self.keys
        said = super().offer(who, amount, key=key, **how)
        if fresh and said[0] in TELLING:
            del self.keys[who.name, key]  # nothing is kept that tells what a bidder has in mind
        return said

    def unlawful(self, who: Any, amount: int, *, confirmed: bool, matching: bool = False) -> str:
        reasons = {
            "nothing_to_match": matching,
            "sealed_once": any(other.paddle == who.paddle for other, _ in self.offers),
            "too_low": amount < self.start,
            "off_grid": (amount - self.start) % (self.up(self.start) - self.start) != 0,
            "needs_confirmation": not confirmed and 0 < self.rules.collar * self.start < amount,
        }
        return self.barred(who) or next((code for code, holds in reasons.items() if holds), "")

    def barred(self, who: Any) -> str:
        reasons = {"paddle_voided": who.voided, "not_admitted": self.number not in who.lots}
        reasons["deposit_insufficient"] = self.number in who.short_of_deposit
        return next((code for code, holds in reasons.items() if holds), "")

    def take(self, who: Any, amount: int, _now: datetime, at: datetime) -> tuple[Any, ...]:
        self.offers.append((who, amount))
        self.events, self.last = self.events + 1, at
        return ("taken", who.paddle, amount, self.closes, at)

    def leave(self, _who: Any, ceiling: int | None, _now: datetime) -> str:
        return "no_instruction" if ceiling is None else "instruction_not_here"

    def answer(self, now: datetime, at: datetime) -> None:
        """Nothing stands, so nothing is answered."""

    def hammer(self, now: datetime) -> str:
        if self.stage == "open" and now >= self.closes and self.offers:
            first = sorted(self.offers, key=lambda each: (-each[1], each[0].ranks.get(self.number, 1_000)))  # then the earlier
            self.bids = [(who.paddle, amount) for who, amount in reversed(first)]
            self.events += 1
        return super().hammer(now)

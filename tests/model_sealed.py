"""A lot sold by sealed offers as the rules say it: naive, in plain numbers (fen), and knowing nothing of the product."""

from typing import Any


class ModelSealedLot:
    def __init__(self, start: int, step: int, reserve: int | None, collar: int, min_bidding: int) -> None:
        self.start, self.step, self.reserve, self.collar, self.min_bidding = start, step, reserve, collar, min_bidding
        self.offers: list[tuple[int, int]] = []  # (paddle, amount), in order of arrival
        self.closed, self.ending = False, None

    def offer(self, paddle: int, amount: int, *, confirmed: bool, admitted: bool) -> str:
        reasons = {
            "closed": self.closed,
            "not_admitted": not admitted,
            "sealed_once": any(each == paddle for each, _ in self.offers),
            "too_low": amount < self.start,
            "off_grid": (amount - self.start) % self.step != 0,
            "needs_confirmation": not confirmed and 0 < self.collar * self.start < amount,
        }
        code = next((code for code, holds in reasons.items() if holds), "")
        if not code:
            self.offers.append((paddle, amount))
        return code

    def shown(self) -> tuple[int, None, None]:
        """What everybody sees before the close: how many offers there are, and nobody's name, and no sum."""
        return (len(self.offers), None, None)

    def hammer(self, ranks: dict[int, int], *, key_here: bool) -> tuple[Any, ...] | None:
        self.closed = True
        if (self.offers or self.reserve is not None) and not key_here:
            return None
        best = max((amount for _, amount in self.offers), default=0)
        tied = [paddle for paddle, amount in self.offers if amount == best]
        holders = sorted((ranks[paddle], place) for place, paddle in enumerate(tied) if paddle in ranks)
        winner = None if not tied else tied[holders[0][1]] if holders else tied[0]
        if winner is None:
            return ("passed_in", "no_bid", None, None)
        if len(self.offers) < self.min_bidding:
            return ("passed_in", "too_few_bidders", None, None)
        if self.reserve is not None and best < self.reserve:
            return ("passed_in", "reserve_not_met", None, None)
        return ("sold", "", winner, best)

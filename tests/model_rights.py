"""What priority rights, standing instructions and voided bids add to the model of a lot: as naive, and as ignorant."""

from datetime import datetime
from typing import Any

from tests.model import ModelLot

BARRED = ("paddle_voided", "not_admitted", "deposit_insufficient")


class ModelLotWithRights(ModelLot):
    def __init__(self, *terms: Any) -> None:
        # Of each bid its place in the record and its paddle's rank; of each paddle its bidder and ceiling, the earlier first.
        super().__init__(*terms)
        self.seqs: list[int] = []
        self.ranks: list[int | None] = []
        self.left: dict[int, tuple[Any, int]] = {}

    def up(self, price: int) -> int:
        return price + max(rung for rung in self.ladder if rung[0] <= price)[1]

    def least(self) -> int:
        return self.up(self.bids[-1][1]) if self.bids else self.start

    def barred(self, who: Any) -> str:
        code = super().unlawful(who, 1, confirmed=True)
        return code if code in BARRED else ""

    def unlawful(self, who: Any, amount: int, *, confirmed: bool, matching: bool = False) -> str:
        code = super().unlawful(who, amount, confirmed=confirmed)
        if not matching or code in BARRED:
            return code
        rank, stands = who.ranks.get(self.number), self.bids[-1] if self.bids else (None, None)
        first = bool(self.bids) and self.ranks[-1] is not None and rank is not None and self.ranks[-1] <= rank
        reasons = {"no_priority_right": rank is None, "nothing_to_match": amount != stands[1]}
        reasons |= {"own_bid_stands": stands[0] == who.paddle, "outranked": first}
        return next((code for code, holds in reasons.items() if holds), "")

    def take(self, who: Any, amount: int, now: datetime, at: datetime) -> tuple[Any, ...]:
        self.seqs.append(self.events + 1)
        self.ranks.append(who.ranks.get(self.number))
        said = super().take(who, amount, now, at)
        self.answer(now, at)  # what answers a bid stands with it
        return said

    def leave(self, who: Any, ceiling: int | None, now: datetime) -> str:
        if ceiling is None:
            return "" if self.left.pop(who.paddle, None) else "no_instruction"
        if self.stage == "ended" or (self.stage == "open" and now >= self.closes):
            return "closed"
        reach = [self.least()]
        while len(reach) <= 1_000 and reach[-1] < ceiling:
            reach.append(self.up(reach[-1]))
        wrong = "low" if ceiling < reach[0] else "far" if ceiling > reach[-1] else "" if ceiling in reach else "grid"
        code = {"": "", "low": "instruction_too_low", "far": "instruction_too_far", "grid": "instruction_off_grid"}[wrong]
        if not (code := self.barred(who) or code) and self.left.get(who.paddle, (who, None))[1] != ceiling:
            self.left.pop(who.paddle, None)
            self.left[who.paddle] = (who, ceiling)
            self.answer(now, now)
        return code

    def answer(self, now: datetime, at: datetime) -> None:
        """Have the strongest ceiling bid that does not lead; what it bids is answered in its turn."""
        leader, least = self.bids[-1][0] if self.bids else None, self.least()
        able = [(paddle, top) for paddle, (who, top) in self.left.items() if not self.barred(who)]
        strong = sorted(able, key=lambda each: -each[1])
        rivals = [each for each in strong if each[0] != leader and each[1] >= least]
        if self.stage != "open" or not rivals:
            return
        (paddle, top), amount = rivals[0], least
        for stronger, its_top in strong[: strong.index(rivals[0])]:
            if stronger == leader:
                reply = self.up(least)
                if reply > its_top:  # it would beat who is stronger, who comes to stand there itself
                    self.take(self.left[stronger][0], least, now, at)
                    return
                left_over = sum(price <= its_top for price in (self.up(reply), self.up(self.up(reply))))
                jump = least + least - self.bids[-1][1]
                if left_over == 1 and top >= self.up(reply) and self.rules.max_steps > 1 and self.up(jump) <= its_top:
                    amount = jump
        self.take(self.left[paddle][0], amount, now, at)

    def resume(self, now: datetime) -> str:
        code = super().resume(now)
        if not code:
            self.answer(now, now)
        return code

    def void(self, seq: int, now: datetime) -> str:
        if not self.stopped or seq not in self.seqs:
            return "no_such_bid" if self.stopped else "lot_not_stopped"
        place = self.seqs.index(seq)
        price = self.bids[place][1]
        upto = place + 1
        while upto < len(self.bids) and self.bids[upto][1] == price and (not place or self.bids[place - 1][1] < price):
            upto += 1  # it made the price that this one matched
        for of_bids in (self.bids, self.ranks, self.seqs):
            del of_bids[place:upto]
        self.events, self.last = self.events + 1, now
        return ""

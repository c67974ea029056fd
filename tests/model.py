"""A lot as the rules say that it is sold: naive, in plain numbers (fen, seconds), and knowing nothing of the product."""

from datetime import datetime, timedelta
from typing import Any


class ModelLot:
    def __init__(self, number: int, start: int, ladder: list[list[int]], reserve: int | None, rules: Any, keys: Any) -> None:
        # `keys` is shared by all lots: (bidder, key) -> (what was asked, what was said).
        self.number, self.start, self.ladder, self.reserve, self.rules, self.keys = number, start, ladder, reserve, rules, keys
        self.length, self.bids, self.stage, self.events, self.ending = timedelta(seconds=rules.length), [], "open", 1, None
        self.opens, self.closes, self.planned, self.stopped = rules.opens, rules.closes, rules.closes, None
        self.last = rules.opens  # when the last event was

    def offer(
        self, who: Any, amount: int, *, key: str, by: str, now: datetime, stamp: datetime, **how: bool
    ) -> tuple[Any, ...]:
        asked = (self.number, amount, how)
        said = self.keys.get((who.name, key))
        if not said:
            in_time = self.opens <= stamp < min(self.closes, self.last)
            over = "" if self.stage != "ended" else "received_in_time" if in_time else "closed"
            code = over or (by if by in who.ended else self.untimely(stamp) or self.unlawful(who, amount, **how))
            if code == "closed" and not over:
                return ("closed",)  # nothing is kept before the hammer: what came in time may move the close yet
            said = self.keys[who.name, key] = (asked, (code,) if code else self.take(who, amount, now, max(stamp, self.last)))
        return said[1] if said[0] in (asked, "closed") else ("key_reused",)

    def untimely(self, now: datetime) -> str:
        closed = now >= self.closes or self.stage == "ended"
        return "paused" if self.stopped else "closed" if closed else "not_open" if now < self.opens else ""

    def unlawful(self, who: Any, amount: int, *, confirmed: bool) -> str:
        price = self.bids[-1][1] if self.bids else self.start
        step = max(rung for rung in self.ladder if rung[0] <= price)[1]
        lawful = [price + count * step for count in range(1 if self.bids else 0, self.rules.max_steps + 1)]
        reasons = {
            "paddle_voided": who.voided,
            "not_admitted": self.number not in who.lots,
            "deposit_insufficient": self.number in who.short_of_deposit,
            "own_bid_stands": bool(self.bids) and self.bids[-1][0] == who.paddle and not self.rules.raise_own_bid,
            "start_only_first": bool(self.bids) and amount == self.start,
            "too_low": amount < lawful[0],
            "too_many_steps": amount > lawful[-1],
            "off_grid": amount not in lawful,
            "needs_confirmation": not confirmed and 0 < self.rules.collar * price < amount,
        }
        return next((code for code, holds in reasons.items() if holds), "")

    def take(self, who: Any, amount: int, now: datetime, at: datetime) -> tuple[Any, ...]:
        self.bids.append((who.paddle, amount))
        before, late = self.closes, now >= self.closes  # one decided after the close could be seen by nobody before
        later = (now if late else at if self.rules.kind == "A" else before) + self.length
        latest = later if self.rules.cap is None else self.planned + timedelta(seconds=self.rules.cap)
        if late or before - at <= timedelta(seconds=self.rules.trigger):
            self.closes = max(before, min(later, latest))
        self.events, self.last = self.events + (1 if self.closes == before else 2), at
        return ("taken", who.paddle, amount, self.closes, at)

    def stop(self, stage: str, since: datetime, now: datetime) -> str:
        no = self.untimely(now) if stage == "paused" else ""
        if not no:
            self.stage, self.stopped, self.events, self.last = stage, since, self.events + 1, now
        return no

    def absence(self, since: datetime, now: datetime) -> None:
        since, second = max(since, self.opens), timedelta(seconds=1)
        if self.stage != "open" or now - since < second:
            return
        if since < self.closes and now > self.closes - self.length and now - since >= self.rules.gap * second:
            self.stop("interrupted", since, now)
        elif since < self.closes <= now:  # too short to stop the lot, but nobody could bid when it was to close
            self.planned += now + self.length - self.closes
            self.closes, self.events, self.last = now + self.length, self.events + 1, now

    def resume(self, now: datetime) -> str:
        if not self.stopped:
            return "not_paused"
        self.closes, self.opens = now + max(self.closes - self.stopped, self.length), min(self.opens, now)
        self.planned = max(self.planned - max(self.stopped - now, timedelta(0)), self.closes)  # the clock may be set back
        self.stage, self.stopped, self.events, self.last = "open", None, self.events + 1, now
        return ""

    def hammer(self, now: datetime) -> str:
        if self.stage != "open" or now < self.closes:
            return "hammer_too_early"
        few = len({paddle for paddle, _ in self.bids}) < self.rules.min_bidding
        under = bool(self.bids) and self.reserve is not None and self.bids[-1][1] < self.reserve
        no = "no_bid" if not self.bids else "too_few_bidders" if few else "reserve_not_met" if under else ""
        self.ending = ("passed_in", no, None, None) if no else ("sold", "", *self.bids[-1])
        self.stage, self.events, self.last = "ended", self.events + 1, now
        return ""

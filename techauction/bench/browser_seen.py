"""The rival's screen: a real browser in the room, a process of its own, and how long a bid takes to be seen in its page.

Its plan comes by stdin; on stdout it says what it saw. One bidder's page is open; two others bid over HTTP, at even distances.
"""

import http.client
import importlib.util
import json
import os
import shutil
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from techauction.bench.failure import ServerLost
from techauction.bench.instance import INCREMENT_FEN, SLUG, START_FEN, Instance
from techauction.bench.over_http import run_client, serving
from techauction.core.money import Money

if TYPE_CHECKING:
    from playwright.sync_api import Page

VARIABLE = "TECHAUCTION_CHROMIUM"
"""Names the browser where it stands in none of the usual places."""
REST_S = 0.5
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_PRICE = ".price-large [data-price]"
_WARM = 3
_PATIENCE_MS = 15_000
_SETTLED_S = 2.0
_CLOCK = "performance.timeOrigin + performance.now()"
_LOOK = f"""selector => {{
  const price = document.querySelector(selector);
  window.seen = [];
  new MutationObserver(() => window.seen.push([price.textContent, {_CLOCK}]))
    .observe(price, {{ childList: true, characterData: true, subtree: true }});
}}"""
_MOST_CALIBRATIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who looks, who bids, and how often; `path` is the browser's file, or nothing for one of Playwright's own."""

    port: int
    lot_id: int
    bidders: list[dict[str, Any]]
    rounds: int
    path: str | None


@dataclass(slots=True, kw_only=True)
class BrowserSeen:
    """From each bid's sending to its price in the page, and how many bids the page never showed."""

    to_page_ms: list[float] = field(default_factory=list)
    missed: int = 0


def missing() -> str:
    """Return why there is no browser to look with; nothing if there is one."""
    if importlib.util.find_spec("playwright") is None:
        return "Playwright is not installed"
    return "" if _find() or _has_own() else "no Chromium"


def measure(instance: Instance, *, rounds: int) -> BrowserSeen:
    """Return how long bids took from their bidders to a rival's page.

    :raises ServerLost: browser or server did not do their part
    """
    with serving("product", instance) as server:
        plan = Plan(
            port=server.port,
            lot_id=instance.lot_ids[0],
            bidders=[asdict(each) for each in instance.bidders[:3]],
            rounds=rounds,
            path=_find(),
        )
        return BrowserSeen(**json.loads(run_client("browser_seen", asdict(plan))))


def _find() -> str | None:
    if named := os.environ.get(VARIABLE):
        return named
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def _has_own() -> bool:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (installed for development only)

    with sync_playwright() as playwright:
        return os.path.exists(playwright.chromium.executable_path)  # noqa: PTH110 (one look)


def look(plan: Plan) -> BrowserSeen:
    """Open the page, have others bid, and return when the page showed each bid."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (installed for development only)

    watcher, *rivals = plan.bidders
    name, _, value = watcher["cookie"].partition("=")
    address = f"http://127.0.0.1:{plan.port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=plan.path, args=list(_QUIET))
        context = browser.new_context(base_url=address, locale="en")
        context.add_cookies([{"name": name, "value": value, "url": address}])
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.goto(f"/bidder/rounds/{SLUG}/lots/1")
        page.locator(_PRICE).wait_for()
        page.evaluate(_LOOK, _PRICE)
        offers = _Offers(plan, rivals)
        for _ in range(_WARM):
            offers.bid()
            time.sleep(REST_S)
        page.get_by_text(_shown(offers.number - 1)).first.wait_for()  # the stream stands
        sent: dict[str, float] = {}
        for _ in range(plan.rounds):
            price = _shown(offers.number)
            sent[price] = offers.bid()
            time.sleep(REST_S)
        time.sleep(_SETTLED_S)
        ahead_ms = _ahead(page)
        showed = dict(reversed(page.evaluate("window.seen")))  # the first time that each price stood there
        browser.close()
    taken = [(showed[price] - ahead_ms) - sent_at * 1000 for price, sent_at in sent.items() if price in showed]
    return BrowserSeen(to_page_ms=taken, missed=len(sent) - len(taken))


class _Offers:
    """Bids of two who take turns, each over the last."""

    def __init__(self, plan: Plan, rivals: list[dict[str, Any]]) -> None:
        self._path = f"/saleroom/lots/{plan.lot_id}/bids"
        self._rivals = rivals
        self._connection = http.client.HTTPConnection("127.0.0.1", plan.port)
        self._connection.connect()
        self.number = 0

    def bid(self) -> float:
        """Bid, and return when the offer was sent."""
        bidder = self._rivals[self.number % 2]
        body = json.dumps({"amount_fen": START_FEN + self.number * INCREMENT_FEN})
        headers = {
            "Cookie": bidder["cookie"],
            "X-CSRF-Token": bidder["csrf"],
            "Content-Type": "application/json",
            "Idempotency-Key": f"bench-{self.number:09d}",
        }
        sent_at = time.time()
        self._connection.request("POST", self._path, body, headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != http.client.CREATED:
            raise ServerLost(f"a bid was answered {answer.status}: {said[:200]!r}")
        self.number += 1
        return sent_at


def _shown(number: int) -> str:
    return str(Money(START_FEN + number * INCREMENT_FEN))


def _ahead(page: "Page") -> float:
    """Return by how many milliseconds the page's clock is ahead of ours, by the quickest of several questions."""
    found = []
    for _ in range(_MOST_CALIBRATIONS):
        asked_at = time.time() * 1000
        said = float(page.evaluate(_CLOCK))
        answered_at = time.time() * 1000
        found.append((answered_at - asked_at, said - (asked_at + answered_at) / 2))
    return min(found)[1]


def main() -> None:
    """Look as the first line of stdin says."""
    print(json.dumps(asdict(look(Plan(**json.loads(sys.stdin.readline()))))), flush=True)


if __name__ == "__main__":
    main()

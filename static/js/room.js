// The live part of every page that shows lots: one stream, one clock, and the bidding where there is some.

import { start } from "./clock.js";
import { bidding } from "./bid.js";
import { connected } from "./connection.js";
import { history, paint, taken } from "./lot.js";
import "./offers.js";
import { play, switches } from "./sound.js";
import { watch } from "./stream.js";

const roots = new Map();
for (const root of document.querySelectorAll("[data-lot]")) {
  const id = Number(root.dataset.lot);
  const main = root.matches("[data-main]");
  root.addEventListener("offer-taken", ({ detail }) => taken(root, detail));
  roots.set(id, { root, refresh: main ? history(root) : () => {}, bid: main ? bidding(root) : null });
}

/** Bidding stops at once when the connection is lost. */
function live(on) {
  for (const { bid } of roots.values()) bid?.trust(on);
  connected(on);
}

const title = document.title;

/** Whoever bids must not miss to be outbid: the page's name says it in a tab that nobody looks at, and a tone may. */
function tell(root, before) {
  const now = new Set(root.dataset.truth.split(" "));
  if (before.has("mine") && now.has("outbid")) {
    play("outbid");
    if (document.hidden && root.dataset.outbid) document.title = `${root.dataset.outbid} · ${title}`;
  } else if (!before.has("mine") && now.has("mine") && now.has("going")) {
    play("lead");
    document.title = title;
  }
}

document.addEventListener("visibilitychange", () => document.hidden || (document.title = title));

if (roots.size) {
  switches();
  start({ onLastMinute: (root) => "me" in root.dataset && play("minute") });
  watch(
    [...roots.keys()],
    (lot) => {
      const { root, refresh, bid } = roots.get(lot.lot);
      const before = new Set(root.dataset.truth.split(" "));
      paint(root, lot);
      tell(root, before);
      refresh();
      bid?.paint(lot);
    },
    { orders: new Map([...roots].map(([id, { root }]) => [id, Number(root.dataset.order)])), onState: live },
  );
}

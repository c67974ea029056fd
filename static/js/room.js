// The live part of every page that shows lots: one stream, one clock, and the bidding where there is some.

import { start } from "./clock.js";
import { bidding } from "./bid.js";
import { history, paint } from "./lot.js";
import { watch } from "./stream.js";

const LOST_AFTER_MS = 1_500;

const roots = new Map();
for (const root of document.querySelectorAll("[data-lot]")) {
  const id = Number(root.dataset.lot);
  const main = root.matches("[data-main]");
  roots.set(id, { root, refresh: main ? history(root) : () => {}, bid: main ? bidding(root) : null });
}

let lost = null;

function connected(live) {
  clearTimeout(lost);
  for (const { bid } of roots.values()) bid?.trust(live);
  const show = () => {
    for (const each of document.querySelectorAll("[data-connection]")) each.hidden = live;
    document.body.classList.toggle("is-stale", !live);
  };
  // Bidding stops at once; the words wait a moment, for a connection that comes back at once is no news.
  if (live) show();
  else lost = setTimeout(show, LOST_AFTER_MS);
}

if (roots.size) {
  start();
  watch(
    [...roots.keys()],
    (lot) => {
      const { root, refresh, bid } = roots.get(lot.lot);
      paint(root, lot);
      refresh();
      bid?.paint(lot);
    },
    { seqs: new Map([...roots].map(([id, { root }]) => [id, Number(root.dataset.seq)])), onState: connected },
  );
}

// Live states of lots for this page, over ONE connection for all of the browser's tabs:
// a SharedWorker's; else that of the tab that leads the others over a BroadcastChannel; else this page's own.

import { Hub } from "./stream-hub.js";
import { Leader } from "./stream-leader.js";

const WORKER = new URL("./stream-worker.js", import.meta.url);
const CHANNEL = "techauction-lots";
const ANSWER_MS = 5_000;

/** Every page for itself. A browser opens six connections at most to a host, so a page that nobody sees has none. */
function own(receive) {
  let hub = null;
  let wanted = [];
  const settle = () => {
    if (document.hidden) {
      hub?.end();
      hub = null;
      receive({ live: false });
    } else if (!hub) {
      hub = new Hub((_subscriber, message) => receive(message));
      hub.want("page", wanted);
    }
  };
  document.addEventListener("visibilitychange", settle);
  return {
    want: (ids) => {
      wanted = ids;
      hub?.want("page", ids);
      settle();
    },
    leave: () => {
      hub?.end();
      hub = null;
    },
  };
}

/** One tab holds the stream and tells the others. */
function led(receive) {
  const channel = new BroadcastChannel(CHANNEL);
  const tab = name();
  let hub = null;
  let wanted = [];
  const ask = () => (hub ? hub.want(tab, wanted) : channel.postMessage({ tab, want: wanted }));
  const leave = () => (hub ? hub.leave(tab) : channel.postMessage({ tab, bye: true }));
  // What was heard so far may be old until the new leader tells the states.
  const anew = (ours) => {
    hub?.end();
    hub = ours;
    receive({ live: false });
    ask();
  };
  channel.addEventListener("message", ({ data }) => {
    if (data.to === tab) receive(data.message);
    else if (hub && data.want) hub.want(data.tab, data.want);
    else if (hub && data.bye) hub.leave(data.tab);
  });
  new Leader(channel, tab, {
    lead: () => anew(new Hub((to, message) => (to === tab ? receive(message) : channel.postMessage({ to, message })))),
    yieldTo: () => anew(null),
    follow: () => anew(null),
  });
  return { want: (ids) => { wanted = ids; ask(); }, leave };
}

/** Return a name that no other tab has; `crypto.randomUUID` is there over HTTPS only. */
const name = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");

function shared(receive, fallBack) {
  const worker = new SharedWorker(WORKER, { type: "module", name: CHANNEL });
  const lock = `techauction-tab-${name()}`;
  let wanted = [];
  let heard = false;
  let fallen = null;
  const fall = () => {
    if (heard || fallen) return;
    fallen = fallBack(receive);
    fallen.want(wanted);
  };
  worker.port.addEventListener("message", ({ data }) => {
    heard = true;
    if (!fallen) receive(data);
  });
  worker.addEventListener("error", fall); // a browser without module workers
  worker.port.start();
  navigator.locks?.request(lock, () => {
    worker.port.postMessage({ lock });
    return new Promise(() => {});
  });
  return {
    want: (ids) => {
      wanted = ids;
      if (fallen) fallen.want(ids);
      else worker.port.postMessage({ want: ids });
    },
    leave: () => (fallen ? fallen.leave() : worker.port.postMessage({ bye: true })),
  };
}

function connect(receive) {
  const second = "BroadcastChannel" in window ? led : own;
  return "SharedWorker" in window ? shared(receive, second) : second(receive);
}

/**
 * Watch lots. `onLot(lot)` gets only states newer than those it had, `orders` says which the page began with;
 * `onState(live)` is told when the connection is lost, and when the states have been fetched again.
 */
export function watch(lotIds, onLot, { orders = new Map(), onState = () => {} } = {}) {
  const known = new Map(orders);
  let live = null;
  const turn = (to) => {
    if (to === live) return;
    live = to;
    onState(to);
  };
  const receive = ({ lot, live: to }) => {
    if (lot && lotIds.includes(lot.lot) && !(known.get(lot.lot) >= lot.order)) {
      known.set(lot.lot, lot.order);
      onLot(lot);
    }
    if (to !== undefined) turn(to);
  };
  const line = connect(receive);
  line.want(lotIds);
  setTimeout(() => live === null && turn(false), ANSWER_MS);
  window.addEventListener("pagehide", () => line.leave());
  window.addEventListener("pageshow", ({ persisted }) => persisted && line.want(lotIds));
}

// Live states of lots for this page, over ONE connection for all of the browser's tabs:
// a SharedWorker's; else that of the tab that leads the others over a BroadcastChannel; else this page's own.

import { Hub } from "./stream-hub.js";

const WORKER = new URL("./stream-worker.js", import.meta.url);
const CHANNEL = "techauction-lots";
const LEADER = "techauction-leader";
const ANSWER_MS = 5_000;

/** Return what orders a lot's states: being held is no event of its record, and comes after the last one. */
export const orderOf = (lot) => lot.seq + (lot.held ? 0.5 : 0);

function own(receive) {
  const hub = new Hub((_subscriber, message) => receive(message));
  return { want: (ids) => hub.want("page", ids), leave: () => hub.leave("page") };
}

function led(receive) {
  const channel = new BroadcastChannel(CHANNEL);
  const tab = crypto.randomUUID();
  let hub = null;
  let wanted = [];
  const ask = () => (hub ? hub.want(tab, wanted) : channel.postMessage({ tab, want: wanted }));
  const leave = () => (hub ? hub.leave(tab) : channel.postMessage({ tab, bye: true }));
  channel.addEventListener("message", ({ data }) => {
    if (data.to === tab) receive(data.message);
    else if (data.newLeader) ask();
    else if (hub && data.want) hub.want(data.tab, data.want);
    else if (hub && data.bye) hub.leave(data.tab);
  });
  navigator.locks.request(LEADER, () => {
    hub = new Hub((to, message) => (to === tab ? receive(message) : channel.postMessage({ to, message })));
    channel.postMessage({ newLeader: true });
    ask();
    return new Promise(() => {}); // leads until the tab is closed
  });
  return { want: (ids) => { wanted = ids; ask(); }, leave };
}

function shared(receive, fallBack) {
  const worker = new SharedWorker(WORKER, { type: "module", name: CHANNEL });
  const lock = `techauction-tab-${Math.random().toString(36).slice(2)}`;
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
  const second = "BroadcastChannel" in window && navigator.locks && window.isSecureContext ? led : own;
  return "SharedWorker" in window ? shared(receive, second) : second(receive);
}

/**
 * Watch lots. `onLot(lot)` gets only states newer than those it had, `seqs` says which the page began with;
 * `onState(live)` is told when the connection is lost, and when the states have been fetched again.
 */
export function watch(lotIds, onLot, { seqs = new Map(), onState = () => {} } = {}) {
  const known = new Map(seqs);
  let live = null;
  const turn = (to) => {
    if (to === live) return;
    live = to;
    onState(to);
  };
  const receive = ({ lot, live: to }) => {
    if (lot && lotIds.includes(lot.lot) && !(known.get(lot.lot) >= orderOf(lot))) {
      known.set(lot.lot, orderOf(lot));
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

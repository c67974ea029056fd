// Paints a lot's newest state into its place on the page. Every word stands in the page already, or in a data-* attribute.

import { count, inWan, money } from "./money.js";
import { shanghai } from "./clock.js";
import { counted, voided } from "./voids.js";

const MOST_ROWS = 20;
const QUIET_MS = 1_200;

/** Return the words that hold now: those of the state, and what it is to the reader. `data-when` on an element names some of these. */
function truths(lot, me, hasBid, ceilingFen) {
  const truth = new Set(lot.words);
  if (me === null) return truth;
  const leads = truth.has("leader") && lot.paddle === me;
  truth.add(leads ? "mine" : "not-mine").add(hasBid ? "has-bid" : "has-not-bid");
  if (hasBid && !leads && truth.has("bid") && truth.has("going")) truth.add("outbid");
  if (ceilingFen !== null) truth.add(lot.least_fen > ceilingFen ? "spent" : "unspent");
  return truth;
}

/** Return whether `open+bid ended` holds: a space is *or*, a plus is *and*. */
function holds(words, truth) {
  return words.split(" ").some((all) => all.split("+").every((each) => truth.has(each)));
}

/** Show the state in the `[data-lot]` element. */
export function paint(root, lot) {
  const me = "me" in root.dataset ? Number(root.dataset.me) : null;
  const price = lot.shown_fen;
  const stage = lot.held ? "held" : lot.stage;
  Object.assign(root.dataset, { seq: lot.seq, order: lot.order, stage, opensAt: lot.opens_at, closesAt: lot.closes_at });

  if (me !== null && lot.paddle === me) root.dataset.hasBid = "";
  const ceilingFen = "ceilingFen" in root.dataset ? Number(root.dataset.ceilingFen) : null;
  const truth = truths(lot, me, "hasBid" in root.dataset, ceilingFen);
  show(root, truth);

  const write = (name, text) => {
    for (const each of places(root, `[data-${name}]`)) {
      const say = text === "1" ? each.dataset.sayOne ?? each.dataset.say : each.dataset.say;
      const said = say ? say.replace("{it}", text) : text;
      if (each.textContent !== said) each.textContent = said;
    }
  };
  const before = root.querySelector("[data-price]")?.textContent;
  write("price", money(price));
  write("price-wan", inWan(price));
  write("rate", lot.rate);
  write("bids", count(lot.bids));
  write("closes", shanghai(lot.closes_at));
  if (lot.head_hash) {
    write("head", lot.head_hash);
    write("head-seq", String(lot.seq));
  }
  write("least", money(lot.least_fen));
  write("most", lot.most_fen === null ? "" : money(lot.most_fen));
  write("increment", money(lot.increment_fen));
  write("reason", lot.reason);
  if (lot.paddle !== null) write("leader", String(lot.paddle));
  if (before && before !== money(price)) flash(root.querySelector("[data-price]"));
  announce(root, lot, price, truth);
}

/** The reader's offer was taken, and stands at `price` where that is given: what the page says of it needs no next state. */
export function taken(root, price) {
  root.dataset.hasBid = "";
  const truth = new Set(root.dataset.truth.split(" "));
  truth.delete("has-not-bid");
  truth.add("has-bid");
  if (price) {
    for (const not of ["not-mine", "outbid", "no-bid", "no-leader"]) truth.delete(not);
    for (const is of ["mine", "bid", "leader"]) truth.add(is);
    for (const each of places(root, "[data-price]")) each.textContent = price;
    for (const each of places(root, "[data-leader]")) each.textContent = each.dataset.say.replace("{it}", root.dataset.me);
  }
  show(root, truth);
}

/** Return the lot's own places: a lot's page may hold other lots, which are painted by themselves. */
function places(root, selector) {
  return [...root.querySelectorAll(selector)].filter((each) => each.closest("[data-lot]") === root);
}

function show(root, truth) {
  const before = new Set(root.dataset.truth.split(" "));
  root.dataset.truth = [...truth].join(" ");
  for (const each of places(root, "[data-when]")) each.hidden = !holds(each.dataset.when, truth);
  for (const each of places(root, "[data-open-when]")) {
    if (holds(each.dataset.openWhen, truth) && !holds(each.dataset.openWhen, before)) each.open = true;
  }
}

function flash(element) {
  element.classList.remove("is-new");
  void element.offsetWidth; // begin the animation again
  element.classList.add("is-new");
}

const waiting = new WeakMap();

/** Tell a screen reader the price when it has been still for a moment, not at every bid of a duel. */
function announce(root, lot, price, truth) {
  const region = root.querySelector("[data-announce]");
  if (!region) return;
  clearTimeout(waiting.get(region));
  waiting.set(
    region,
    setTimeout(() => {
      const { ended, none, mine, other, unsold } = region.dataset;
      const over = truth.has("unsold") ? unsold : ended;
      const words = lot.stage === "ended" ? over : lot.paddle === null ? none : truth.has("mine") ? mine : other;
      const facts = { price: money(price), paddle: lot.paddle ?? "", count: count(lot.bids) };
      region.textContent = words.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
    }, QUIET_MS),
  );
}

/** Keep the history at `[data-history]` up to date: fetch what is newer than its newest row. */
export function history(root) {
  const body = root.querySelector("[data-history]");
  if (!body) return () => {};
  const template = root.querySelector("template[data-event]");
  let busy = false;
  let again = false;
  return async function refresh() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const answer = await fetch(`/saleroom/lots/${root.dataset.lot}?after=${body.dataset.after}`, { cache: "no-store" });
      if (!answer.ok) return;
      const { lot, events } = await answer.json();
      for (const event of events) {
        const made = row(template, event, root.dataset.me);
        if (event.void) voided(root, made, event);
        body.prepend(made);
      }
      counted(root, lot, events);
      // Whoever has no bid left here is no longer one who was outbid.
      if (events.some((event) => event.without_bids.includes(Number(root.dataset.me)))) {
        delete root.dataset.hasBid;
        if (lot.order === Number(root.dataset.order)) paint(root, lot);
      }
      if (events.length) body.dataset.after = events.at(-1).seq;
      while (body.children.length > MOST_ROWS) body.lastElementChild.remove();
      root.querySelector("[data-no-history]")?.setAttribute("hidden", "");
    } catch {
      again = false; // the stream says when the connection is lost; the next state asks again
    } finally {
      busy = false;
      if (again) {
        again = false;
        refresh();
      }
    }
  };
}

function row(template, event, me) {
  const made = template.content.firstElementChild.cloneNode(true);
  const mine = event.paddle !== null && String(event.paddle) === me;
  const truth = new Set([event.kind, event.paddle === null ? "no-paddle" : "paddle", ...(mine ? ["mine"] : [])]);
  for (const each of made.querySelectorAll("[data-event-when]")) each.hidden = !holds(each.dataset.eventWhen, truth);
  const write = (name, text) => {
    for (const each of made.querySelectorAll(`[data-event-${name}]`)) {
      each.textContent = each.dataset.say ? each.dataset.say.replace("{it}", text) : text;
    }
  };
  write("seq", String(event.seq));
  write("at", shanghai(event.at, { milliseconds: true }));
  write("paddle", String(event.paddle ?? ""));
  write("amount", event.amount_fen === null ? "" : money(event.amount_fen));
  made.classList.toggle("is-mine", mine);
  for (const link of made.querySelectorAll("[data-event-receipt]")) link.href = link.dataset.eventReceipt.replace("{seq}", event.seq);
  const reason = made.querySelector("[data-event-reason]");
  reason.textContent = event.reason;
  reason.hidden = !event.reason;
  write("close", event.closes_at === null ? "" : shanghai(event.closes_at));
  return made;
}

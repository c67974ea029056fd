// The board of the hall: one lot as large as the screen, driven by the keyboard, live by the same stream as every page.
// Without this the links below the lot turn its pages.

import { start } from "./clock.js";
import { connected } from "./connection.js";
import { paint } from "./lot.js";
import { money, rate } from "./money.js";
import { watch } from "./stream.js";

const MOST_LOTS = 200; // that one stream carries
const DWELL_MS = 4_000;
const STILL_MS = 15_000;
const TYPED_MS = 3_000;
const NOT_OFFERED = ["withheld", "withdrawn", "void"]; // as core/value_added.NOT_COUNTED

const lots = [...document.querySelectorAll(".hall-lot")];
const byId = new Map(lots.map((lot) => [Number(lot.dataset.lot), lot]));
const help = document.querySelector("[data-hall-help]");
const typed = document.querySelector("[data-hall-typed]");
const follows = document.querySelector("[data-hall-follows]");
let shown = lots.find((lot) => !lot.hidden) ?? lots[0];
let following = !follows.hidden;
let shownAt = performance.now();
let next = null;
let digits = "";
let forget = null;

function show(lot) {
  if (!lot || lot === shown) return;
  shown.hidden = true;
  lot.hidden = false;
  shown = lot;
  shownAt = performance.now();
}

function follow(on) {
  following = on;
  follows.hidden = !on;
  history.replaceState(null, "", on ? location.pathname : `?lot=${shown.dataset.number}`);
  if (on) show(nextToClose() ?? shown);
}

/** Turn to a lot by hand: from now on the board stays where it was put. */
function turn(lot) {
  show(lot);
  follow(false);
}

const beside = (steps) => lots[(lots.indexOf(shown) + steps + lots.length) % lots.length];

function nextToClose() {
  const open = lots.filter((lot) => lot.dataset.stage === "open");
  return open.sort((one, other) => Date.parse(one.dataset.closesAt) - Date.parse(other.dataset.closesAt))[0] ?? null;
}

/** A lot has changed: show it, but let the hall read what it sees first; of several the last to change is shown. */
function changed(lot) {
  next = lot;
  if (following) lead();
}

function lead() {
  const still = performance.now() - shownAt;
  if (next === shown) {
    next = null;
    shownAt = performance.now();
  } else if (next && still >= DWELL_MS) {
    show(next);
    next = null;
  } else if (!next && still >= STILL_MS) {
    show(nextToClose() ?? shown);
  }
}

function sums() {
  const sold = lots.filter((lot) => lot.dataset.ending === "sold");
  const add = (name) => sold.reduce((sum, lot) => sum + Number(lot.dataset[name]), 0);
  const [hammer, startFen] = [add("priceFen"), add("startFen")];
  const offered = lots.filter((lot) => !NOT_OFFERED.includes(lot.dataset.ending)).length;
  const figures = { sold: String(sold.length), start: money(startFen), hammer: money(hammer), rate: rate(hammer, startFen) };
  for (const [name, text] of Object.entries(figures)) {
    const figure = document.querySelector(`[data-hall="${name}"]`);
    const said = figure.dataset.say.replace("{it}", text).replace("{of}", offered);
    if (figure.textContent !== said) figure.textContent = said;
    if (name === "rate") figure.classList.toggle("hall-up", hammer > startFen);
  }
}

function type(digit) {
  digits = (digits + digit).slice(-4);
  typed.textContent = digits;
  typed.hidden = !digits;
  clearTimeout(forget);
  forget = setTimeout(() => type.clear(), TYPED_MS);
}
type.clear = () => {
  digits = "";
  typed.hidden = true;
};

const keys = {
  ArrowLeft: () => turn(beside(-1)),
  ArrowRight: () => turn(beside(1)),
  PageUp: () => turn(beside(-1)),
  PageDown: () => turn(beside(1)),
  " ": (event) => turn(beside(event.shiftKey ? -1 : 1)),
  Home: () => turn(lots[0]),
  End: () => turn(lots.at(-1)),
  f: () => follow(!following),
  t: () => document.querySelector("[data-hall-totals]").click(),
  "?": () => (help.open ? help.close() : help.showModal()),
  Escape: () => type.clear(),
  Enter: () => {
    const lot = lots.find((each) => each.dataset.number === digits);
    if (lot) turn(lot);
    type.clear();
  },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (help.open && event.key !== "?") return;
  const press = event.key.toLowerCase().length === 1 ? event.key.toLowerCase() : event.key;
  if (/^[0-9]$/.test(press)) type(press);
  else if (press === "Enter" && !digits) return; // a link or button that has the focus
  else if (press === " " && event.target.closest("a, button")) return;
  else if (keys[press]) keys[press](event);
  else return;
  event.preventDefault();
});

for (const control of document.querySelectorAll("[data-hall-key]")) {
  control.hidden = false;
  control.addEventListener("click", (event) => {
    event.preventDefault();
    if (control.dataset.hallKey === "f") follow(true);
    else keys[control.dataset.hallKey](event);
  });
}

if (lots.length) {
  start();
  // Of a round that one stream cannot carry, those are watched that are still to be sold, from the next to close on.
  const order = (lot) => [lot.dataset.stage === "ended" ? 1 : 0, Date.parse(lot.dataset.closesAt)];
  const watched = [...lots].sort((one, other) => {
    const [[a, b], [c, d]] = [order(one), order(other)];
    return a - c || b - d;
  });
  watch(
    watched.slice(0, MOST_LOTS).map((lot) => Number(lot.dataset.lot)),
    (state) => {
      const lot = byId.get(state.lot);
      lot.dataset.ending = state.ending ?? "";
      lot.dataset.priceFen = state.shown_fen;
      paint(lot, state);
      const digits = lot.querySelector(".hall-digits");
      digits.dataset.length = digits.textContent.length;
      sums();
      changed(lot);
    },
    { orders: new Map(lots.map((lot) => [Number(lot.dataset.lot), Number(lot.dataset.order)])), onState: connected },
  );
  setInterval(() => following && lead(), 1_000);
}

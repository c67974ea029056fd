// What an event took back: said in its own row, and struck through in the rows of the bids. Every word stands in the page already.

import { count, money } from "./money.js";

/** Say in the event's own row which bids it took back and who agreed, and strike those through that are shown. */
export function voided(root, row, event) {
  const said = row.querySelector("[data-event-void]");
  const line = said.querySelector("[data-void-bid]");
  for (const bid of event.void.bids) {
    const more = line.cloneNode();
    const facts = { seq: bid.seq, paddle: bid.paddle, amount: money(bid.amount_fen) };
    more.textContent = line.dataset.say.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
    line.before(more);
    strike(root, bid, event);
  }
  line.remove();
  agreed(said, event.void);
  said.hidden = false;
}

function strike(root, bid, event) {
  const rows = [...root.querySelectorAll("[data-rows] > tr")];
  const row = rows.find((each) => each.querySelector("[data-event-seq]").textContent.trim() === String(bid.seq));
  if (!row) return;
  const struck = document.createElement("del");
  struck.textContent = money(bid.amount_fen);
  row.querySelector("[data-event-amount]").replaceChildren(struck);
  const note = root.querySelector("template[data-voided]").content.firstElementChild.cloneNode(true);
  const by = note.querySelector("[data-voided-by]");
  by.textContent = by.dataset.say.replace("{it}", event.seq);
  agreed(note, event.void);
  const what = row.querySelector("[data-event-what]");
  what.insertBefore(note, what.querySelector(".history-mine"));
}

function agreed(place, { markets, supervised }) {
  if (!markets.length) return;
  const slot = place.querySelector("[data-void-agreed]");
  const chinese = document.documentElement.lang.startsWith("zh");
  const who = markets.map(({ zh, en }) => (chinese ? zh : en || zh));
  if (supervised) who.push(slot.dataset.auditor);
  slot.textContent = slot.dataset.say.replace("{it}", who.join(slot.dataset.between));
  slot.hidden = false;
}

/** Say why fewer bids count than were made. */
export function counted(root, lot, events) {
  const note = root.querySelector("[data-voided-note]");
  const gone = events.flatMap(({ void: took }) => took?.bids ?? []).length;
  const voids = Number(note.dataset.voidedNote) + gone;
  note.dataset.voidedNote = voids;
  note.hidden = !voids;
  const words = voids === 1 ? note.dataset.one : note.dataset.more;
  note.textContent = words.replace("{made}", count(lot.bids + voids)).replace("{voided}", count(voids));
}

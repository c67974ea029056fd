// Bidding: quick steps, a dialogue with the amount in figures and capital numerals, and an honest answer.
// An offer is sent with a key, so that sending it again can never place it twice.

import { money } from "./money.js";
import { Confirmation } from "./confirm.js";
import { bringBack, ended } from "./sign-in.js";

const TYPING_MS = 250;
const PATIENCE_MS = 5_000; // the server itself answers within three seconds
const RETRIES_MS = [400, 1_200, 3_000];
const FATE_MS = [500, 1_000, 2_000, 4_000];
const csrf = () => document.querySelector('meta[name="csrf-token"]').content;
const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The house does not know who sends this: the sign-in has ended, or another one began elsewhere. */
class SignedOut extends Error {}

/** Set the bidding inside `root` up; where there is none, return nothing. */
export function bidding(root) {
  const desk = root.querySelector("[data-bidding]");
  return desk ? new Desk(root, desk) : null;
}

class Desk {
  #trusted = true;
  #sending = false;
  #lot = null;
  #asked = 0;
  #pending = null;
  #said = null;
  #left = null;

  constructor(root, desk) {
    this.root = root;
    this.desk = desk;
    this.form = desk.querySelector("form");
    this.field = this.form.elements.amount;
    this.kind = "sealed" in desk.dataset ? "sealed" : "bid";
    this.confirmation = new Confirmation(root.querySelector("dialog[data-confirm]"), (text) => this.#read(text));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#offer(this.field.value);
    });
    this.field.addEventListener("input", () => this.#typed());
    for (const step of root.querySelectorAll("[data-rises], [data-quick]")) {
      step.addEventListener("click", (event) => {
        event.preventDefault();
        if (step.getAttribute("aria-disabled") !== "true") this.#offer(fenAsText(step.dataset.fen));
      });
    }
    root.querySelector("[data-again]")?.addEventListener("click", () => this.#pending && this.#send(this.#pending));
    root.querySelector("[data-back]")?.addEventListener("click", () => bringBack(this.#left ?? this.form));
    for (const each of root.querySelectorAll("[data-without-script]")) each.hidden = true;
    this.#matches(root.querySelector("[data-match] form"));
    this.#instructs(document.getElementById("instruction-form"));
    this.#settle();
  }

  /** Nothing may be offered at a price that may be old. */
  trust(live) {
    this.#trusted = live;
    this.#settle();
  }

  /** Move the quick steps to the newest price. */
  paint(lot) {
    this.#lot = lot;
    const steps = new Map(lot.steps);
    for (const step of this.root.querySelectorAll("[data-rises]")) {
      const fen = steps.get(Number(step.dataset.rises));
      step.hidden = fen === undefined;
      if (fen !== undefined) this.#point(step, fen);
    }
    for (const step of this.root.querySelectorAll("[data-quick]")) this.#point(step, lot.least_fen);
    this.field.placeholder = money(lot.least_fen).slice(1);
    // "Taken" is no news any more once another paddle leads.
    if (this.#said === "taken" && String(lot.paddle) !== this.root.dataset.me) this.#say(null);
    this.#settle();
    this.confirmation.moved();
  }

  #point(step, fen) {
    step.dataset.fen = fen;
    step.href = `?amount=${fenAsText(fen)}#bid`;
    step.querySelector("[data-amount]").textContent = money(fen);
  }

  #settle() {
    const stage = this.#lot?.stage ?? this.root.dataset.stage;
    const truth = this.root.dataset.truth.split(" ");
    const done = this.kind === "sealed" ? truth.includes("has-bid") : truth.includes("mine") && !("raisesOwn" in this.root.dataset);
    const disabled = stage !== "open" || done || !this.#trusted || this.#sending;
    this.desk.disabled = disabled;
    for (const step of this.root.querySelectorAll("[data-rises], [data-quick]")) step.setAttribute("aria-disabled", disabled);
    for (const button of this.root.querySelectorAll("[data-match] button")) button.disabled = disabled;
    this.confirmation.trust(this.#trusted, stage);
  }

  /** A match takes the standing bid's amount, whatever that is by now. */
  #matches(form) {
    form?.addEventListener("submit", async (event) => {
      event.preventDefault();
      const fen = this.#lot?.standing_fen;
      const amount = fen ? fenAsText(fen) : form.elements.amount.value;
      const read = await this.#reading(amount, "match");
      if (read) this.confirmation.ask("match", read, () => this.#send({ key: newKey(), amount: read.amount_fen, matching: true }));
    });
  }

  /** An instruction goes by its form, after the same dialogue. */
  #instructs(form) {
    form?.addEventListener("submit", async (event) => {
      if (form.dataset.sure) return;
      event.preventDefault();
      const read = await this.#reading(form.elements.ceiling.value, "instruction");
      const send = () => {
        form.dataset.sure = "yes";
        form.requestSubmit();
      };
      if (!read) return;
      this.#refuseCeiling(form, read.refusal);
      if (read.refusal) form.elements.ceiling.focus();
      else this.confirmation.ask("instruction", read, send);
    });
  }

  #refuseCeiling(form, refusal) {
    const place = form.querySelector("[data-ceiling-refusal]");
    place.hidden = !refusal;
    place.textContent = refusal?.title ?? "";
    form.querySelector(".invalid-feedback")?.remove();
    form.elements.ceiling.toggleAttribute("aria-invalid", Boolean(refusal));
    form.elements.ceiling.classList.toggle("is-invalid", Boolean(refusal));
  }

  async #reading(text, purpose) {
    this.#say(null);
    return this.#read(text, purpose).catch((failed) => {
      if (failed instanceof SignedOut) this.#signedOut(purpose === "instruction" ? document.getElementById("instruction-form") : this.form);
      else this.#say("unreachable");
      return null;
    });
  }

  async #typed() {
    const asked = (this.#asked += 1);
    await sleep(TYPING_MS);
    if (asked !== this.#asked) return;
    const read = this.field.value.trim() ? await this.#read(this.field.value).catch(() => null) : null;
    if (asked !== this.#asked) return;
    this.desk.querySelector("[data-reading]").textContent = read?.amount_fen ? `${read.figures} ${read.capitals}` : "";
    if (!read) this.#refuse(null);
    else this.#refuse(read.refusal, read.nearest);
  }

  async #read(text, purpose = null) {
    // Posted, not in an address: addresses stand in logs, and a ceiling or a sealed sum is nobody's to read.
    const body = new URLSearchParams({ text, lot: this.root.dataset.lot });
    if (purpose) body.set("for", purpose);
    const answer = await fetch(this.root.dataset.amounts, {
      method: "POST",
      headers: { "X-CSRF-Token": csrf() },
      body,
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.status === 401) throw new SignedOut();
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  }

  /** Say that the sign-in has ended; `form` has what was typed, and comes back with it. */
  #signedOut(form) {
    this.#left = form;
    this.#say("signed-out");
    ended();
  }

  async #offer(text) {
    const read = await this.#reading(text);
    if (!read) return;
    if (read.refusal && !read.must_confirm) {
      this.#refuse(read.refusal, read.nearest);
      this.field.focus();
      return;
    }
    this.#refuse(null);
    this.#ask(read);
  }

  #ask(read) {
    this.confirmation.ask(this.kind, read, (sure) => this.#send({ key: newKey(), amount: sure.amount_fen, confirmed: sure.must_confirm }));
  }

  async #send(offer) {
    this.#pending = offer;
    this.#sending = true;
    this.#settle();
    this.#say("sending");
    try {
      await this.#answered(offer, await this.#post(offer));
    } finally {
      this.#sending = false;
      this.#settle();
    }
  }

  /** Post the offer; while the network fails, post it again under the same key. */
  async #post({ key, amount, confirmed = false, matching = false }) {
    for (const wait of [...RETRIES_MS, null]) {
      try {
        return await fetch(`/saleroom/lots/${this.root.dataset.lot}/bids`, {
          method: "POST",
          headers: { "Content-Type": "application/json", "Idempotency-Key": key, "X-CSRF-Token": csrf() },
          body: JSON.stringify({ amount_fen: amount, confirmed, matching }),
          signal: AbortSignal.timeout(PATIENCE_MS),
        });
      } catch {
        if (wait !== null) await sleep(wait);
      }
    }
    return null;
  }

  async #answered(offer, answer) {
    if (answer === null) {
      await this.#askFate(offer);
      return;
    }
    const body = await answer.json().catch(() => ({ code: "unknown" }));
    if (answer.status === 201) {
      this.#taken(offer, body.seq);
    } else if (body.code === "unknown" || (answer.status >= 500 && body.code !== "queue_full")) {
      await this.#askFate(offer);
    } else if (answer.status === 401) {
      this.#pending = null;
      this.field.value ||= offer.matching ? "" : fenAsText(offer.amount);
      this.#signedOut(this.form);
    } else if (body.code === "queue_full" || body.code === "too_many_offers") {
      this.#say(null);
      this.#refuse({ title: body.title });
    } else {
      this.#pending = null;
      this.#say(null);
      await this.#refused(offer, body);
    }
  }

  #taken(offer, seq = 0) {
    this.#pending = null;
    this.field.value = "";
    this.desk.querySelector("[data-reading]").textContent = "";
    // The page knows of the bid before the next state tells it; a state that is newer than the bid knows better.
    const overtaken = Number(this.root.dataset.seq) >= seq && !this.root.dataset.truth.split(" ").includes("mine");
    const leads = this.kind !== "sealed" && seq > Number(this.root.dataset.seq);
    this.root.dispatchEvent(new CustomEvent("offer-taken", { detail: leads ? money(offer.amount) : null }));
    this.#say(this.kind === "sealed" ? "sealed" : overtaken ? "overtaken" : "taken", money(offer.amount));
  }

  /** Ask by its key what became of the offer; where nothing arrived, close the key, so that nothing can arrive any more. */
  async #askFate(offer) {
    this.#say("unknown");
    for (const wait of FATE_MS) {
      await sleep(wait);
      const fate = await this.#byKey(offer, "GET");
      if (fate && fate.state !== "not_received") return this.#known(offer, fate);
    }
    const fate = await this.#byKey(offer, "DELETE");
    return fate && this.#known(offer, fate);
  }

  async #byKey(offer, method) {
    try {
      const answer = await fetch(`/saleroom/lots/${this.root.dataset.lot}/bids/by-key/${offer.key}`, {
        method,
        headers: { "X-CSRF-Token": csrf() },
        cache: "no-store",
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  async #known(offer, fate) {
    if (fate.state === "accepted") {
      this.#taken(offer);
      return;
    }
    this.#pending = null;
    this.#say(fate.state === "closed" ? "closed" : null);
    if (fate.state === "refused") await this.#refused(offer, fate);
  }

  /** Say why the offer was refused, with the lawful amounts nearest to it as the price is now. */
  async #refused(offer, body) {
    const read = await this.#read(fenAsText(offer.amount)).catch(() => null);
    if (body.code === "needs_confirmation" && read) {
      this.#ask({ ...read, must_confirm: true });
      return;
    }
    this.#refuse({ title: body.title }, offer.matching ? [] : read?.nearest);
  }

  #refuse(refusal, nearest = []) {
    const place = this.desk.querySelector("[data-refusal]");
    place.hidden = !refusal;
    place.querySelector("[data-sentence]").textContent = refusal?.title ?? "";
    this.field.toggleAttribute("aria-invalid", Boolean(refusal));
    this.field.classList.toggle("is-invalid", Boolean(refusal));
    for (const made of this.desk.querySelectorAll("[data-refused-before]")) made.remove();
    const choices = place.querySelector("[data-nearest]");
    const template = place.querySelector("template");
    choices.replaceChildren(
      ...nearest.map(({ figures, amount_fen: fen }) => {
        const choice = template.content.firstElementChild.cloneNode(true);
        choice.querySelector("[data-amount]").textContent = figures;
        choice.addEventListener("click", () => this.#offer(fenAsText(fen)));
        return choice;
      }),
    );
  }

  #say(what, amount = "") {
    this.#said = what;
    for (const each of this.root.querySelectorAll("[data-said]")) {
      each.hidden = each.dataset.said !== what;
      const text = each.querySelector("[data-say]");
      if (text && !each.hidden) text.textContent = text.dataset.say.replace("{amount}", amount);
    }
  }
}

/** Return fen as the amount that a person would type: `3000000` or `0.05`. */
function fenAsText(fen) {
  const whole = Math.floor(fen / 100);
  const rest = fen % 100;
  return rest ? `${whole}.${String(rest).padStart(2, "0")}` : String(whole);
}

// The last word before an offer: the amount in figures and in capital numerals, what it comes to, and by when.
// While it stands open the sale goes on: it says when the price has moved, and offers what may be bid instead.

/** The dialogue. `read(text)` asks the server what an amount says and comes to now. */
export class Confirmation {
  #read;
  #shown = null;
  #lawful = true;
  #live = true;
  #open = true;

  constructor(dialog, read) {
    this.dialog = dialog;
    this.#read = read;
    this.sure = dialog.querySelector("[data-sure]");
    this.yes = dialog.querySelector("[data-yes]");
    this.sure.addEventListener("change", () => this.#settle());
    dialog.querySelector("[data-instead]").addEventListener("click", () => this.#show(this.#shown.instead));
  }

  /** Ask about `read`, which is of a kind: bid, match, sealed or instruction; on a yes `send` gets what was confirmed. */
  ask(kind, read, send) {
    for (const each of this.dialog.querySelectorAll("[data-for]")) each.hidden = !each.dataset.for.split(" ").includes(kind);
    this.kind = kind;
    this.dialog.onclose = () => this.dialog.returnValue === "yes" && send(this.#shown);
    this.dialog.returnValue = "";
    this.#show(read);
    this.dialog.showModal();
  }

  /** Nothing may be confirmed at a price that may be old, nor while no offers are taken; an instruction may be left any time. */
  trust(live, stage) {
    this.#live = live;
    this.#open = stage === "open";
    this.dialog.querySelector("[data-lost]").hidden = live;
    this.#settle();
  }

  /** The sale has moved on: see whether what is asked about may still be bid. */
  async moved() {
    if (!this.dialog.open || this.kind !== "bid") return;
    const asked = this.#shown;
    const now = await this.#read(asked.figures).catch(() => null);
    if (!now || asked !== this.#shown || !this.dialog.open) return;
    this.#lawful = !now.refusal || now.must_confirm;
    this.#shown.must_confirm = now.must_confirm;
    this.#shown.instead = null;
    if (!this.#lawful && now.nearest.length) this.#shown.instead = await this.#read(now.nearest[0].figures).catch(() => null);
    this.#why(this.#lawful ? null : now.refusal.title);
    this.#settle();
  }

  #show(read) {
    this.#shown = { ...read, instead: null };
    this.#lawful = true;
    this.sure.checked = false;
    this.#write("figures", read.figures);
    this.#write("capitals", read.capitals);
    for (const place of this.dialog.querySelectorAll("[data-payable]")) {
      place.textContent = read.payable?.[place.dataset.payable] ?? "";
    }
    this.#why(null);
    this.#settle();
  }

  #why(sentence) {
    this.dialog.querySelector("[data-moved]").hidden = sentence === null;
    this.#write("moved-why", sentence ?? "");
    const instead = this.dialog.querySelector("[data-instead]");
    instead.hidden = !this.#shown.instead;
    instead.querySelector("[data-amount]").textContent = this.#shown.instead?.figures ?? "";
  }

  #write(name, text) {
    this.dialog.querySelector(`[data-${name}]`).textContent = text;
  }

  #settle() {
    const collar = Boolean(this.#shown?.must_confirm) && this.kind !== "instruction";
    this.dialog.querySelector("[data-collar]").hidden = !collar;
    const may = this.kind === "instruction" || (this.#live && this.#open);
    this.yes.disabled = !may || !this.#lawful || (collar && !this.sure.checked);
  }
}

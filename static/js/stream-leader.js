// Which of a browser's tabs holds the one stream, where there is no SharedWorker: they agree over a BroadcastChannel.
// Nothing here needs HTTPS. Tabs ask and the leader answers: timers of hidden tabs are slow, messages to them are not.

const ASK_MS = 2_000;
const SILENT_MS = 2_500; // one answer that did not come
const CLAIM_MS = 200; // so long others may object

export class Leader {
  #channel;
  #tab;
  #term = 0;
  #leader = null;
  #answeredAt = performance.now();
  #claim = null;

  /** Take part: `lead()` when this tab begins to lead, `yieldTo()` when it leads no more, `follow()` when another one leads. */
  constructor(channel, tab, { lead, yieldTo, follow }) {
    this.#channel = channel;
    this.#tab = tab;
    Object.assign(this, { lead, yieldTo, follow });
    channel.addEventListener("message", ({ data }) => data.election && this.#hear(data.election));
    window.addEventListener("pagehide", () => this.#leave());
    this.#send("ask");
    setTimeout(() => this.#leader === null && this.#stand(), CLAIM_MS * (1 + Math.random()));
    setInterval(() => this.#look(), ASK_MS);
  }

  get leads() {
    return this.#leader === this.#tab;
  }

  #send(what, term = this.#term) {
    this.#channel.postMessage({ election: { what, term, tab: this.#tab } });
  }

  #look() {
    if (this.leads) return;
    if (performance.now() - this.#answeredAt > SILENT_MS) this.#stand();
    else this.#send("ask");
  }

  /** Claim the next term, unless somebody objects. */
  #stand() {
    if (this.#claim !== null) return;
    const term = this.#term + 1;
    this.#send("claim", term);
    this.#claim = setTimeout(() => {
      this.#take(term, this.#tab);
      this.#send("leads");
    }, CLAIM_MS);
  }

  #take(term, tab) {
    const before = this.#leader;
    this.#giveWay();
    this.#term = term;
    this.#leader = tab;
    if (before === tab) return;
    if (this.leads) this.lead();
    else if (before === this.#tab) this.yieldTo();
    else this.follow();
  }

  #giveWay() {
    clearTimeout(this.#claim);
    this.#claim = null;
    this.#answeredAt = performance.now();
  }

  #hear({ what, term, tab }) {
    if (what === "ask" && this.leads) {
      this.#send("leads");
    } else if (what === "claim" && this.leads) {
      this.#term = Math.max(this.#term, term); // whoever claims has not heard this tab for a while
      this.#send("leads");
    } else if (what === "claim") {
      if (this.#claim !== null && this.#tab < tab) this.#send("claim", this.#term + 1);
      else this.#giveWay();
    } else if (what === "leads") {
      // Of two leaders the one of the later term goes on, and of one term the one with the lower name.
      if (!this.leads ? term >= this.#term : term > this.#term || (term === this.#term && tab < this.#tab)) this.#take(term, tab);
      else if (this.leads) this.#send("leads");
    } else if (what === "left" && tab === this.#leader) {
      this.#leader = null;
      setTimeout(() => this.#leader === null && this.#stand(), CLAIM_MS * Math.random());
    }
  }

  #leave() {
    if (!this.leads) return;
    this.#send("left");
    this.#leader = null;
    this.#answeredAt = performance.now();
    this.yieldTo(); // a page that comes back from the browser's memory follows whoever leads then
  }
}

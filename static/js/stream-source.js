// One EventSource over a set of lots: opened again with jitter when it breaks, and watched for silence.

const ADDRESS = "/saleroom/live";
const SILENCE_MS = 35_000; // two heartbeats and some patience
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const GATHER_MS = 30; // tabs that open together share one opening

export class Source {
  #lots = "";
  #stream = null;
  #live = false;
  #wait = FIRST_WAIT_MS;
  #opening = null;
  #silence = null;

  /** `onLot(lot)` gets each state; `onState(live)` is told when the states can no longer be trusted to be the newest, or can. */
  constructor({ onLot, onState }) {
    this.onLot = onLot;
    this.onState = onState;
    self.addEventListener?.("online", () => !this.#live && this.#openSoon(0));
  }

  get live() {
    return this.#live;
  }

  /** Watch these lots instead of the former ones. */
  watch(ids) {
    const lots = [...ids].sort((a, b) => a - b).join(",");
    if (lots === this.#lots) return;
    this.#lots = lots;
    this.#openSoon(GATHER_MS);
  }

  #openSoon(wait) {
    clearTimeout(this.#opening);
    this.#opening = setTimeout(() => this.#open(), wait);
  }

  #open() {
    this.#close();
    if (!this.#lots) return;
    const stream = new EventSource(`${ADDRESS}?lots=${this.#lots}`);
    this.#stream = stream;
    stream.addEventListener("lot", (event) => {
      this.#heard();
      this.onLot(JSON.parse(event.data));
    });
    stream.addEventListener("still-here", () => this.#heard());
    stream.addEventListener("error", () => this.#broken());
    this.#listen();
  }

  #close() {
    this.#stream?.close();
    this.#stream = null;
    clearTimeout(this.#silence);
  }

  #heard() {
    this.#wait = FIRST_WAIT_MS;
    this.#listen();
    this.#turn(true);
  }

  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#broken(), SILENCE_MS);
  }

  #broken() {
    this.#close();
    this.#turn(false);
    // Everybody loses the connection at once; nobody should come back at once.
    this.#openSoon(this.#wait * (0.5 + Math.random()));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  #turn(live) {
    if (live === this.#live) return;
    this.#live = live;
    this.onState(live);
  }
}

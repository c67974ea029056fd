// One EventSource over a set of lots: opened again with jitter when it breaks, and watched for silence.

const ADDRESS = "/saleroom/live";
const SILENCE_MS = 35_000; // two heartbeats and some patience
// Near a close a heartbeat comes every five seconds; with the moment that connection.js waits, a page says so within ten.
const NEAR_SILENCE_MS = 7_500;
const LOOK_MS = 250;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const GATHER_MS = 30; // tabs that open together share one opening

export class Source {
  #lots = "";
  #stream = null;
  #live = false;
  #wait = FIRST_WAIT_MS;
  #opening = null;
  #heardAt = 0;
  #nearFrom = new Map();
  #online = () => !this.#live && this.#openSoon(0);

  /** `onLot(lot)` gets each state; `onState(live)` is told when the states can no longer be trusted to be the newest, or can. */
  constructor({ onLot, onState }) {
    this.onLot = onLot;
    this.onState = onState;
    self.addEventListener?.("online", this.#online);
    this.looking = setInterval(() => this.#look(), LOOK_MS);
  }

  get live() {
    return this.#live;
  }

  /** Watch these lots instead of the former ones. */
  watch(ids) {
    const lots = [...ids].sort((a, b) => a - b).join(",");
    if (lots === this.#lots) return;
    this.#lots = lots;
    for (const id of this.#nearFrom.keys()) if (!ids.has(id)) this.#nearFrom.delete(id);
    this.#openSoon(GATHER_MS);
  }

  /** Watch nothing any more. */
  end() {
    self.removeEventListener?.("online", this.#online);
    clearInterval(this.looking);
    clearTimeout(this.#opening);
    this.#lots = "";
    this.#close();
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
    this.#heardAt = performance.now();
    stream.addEventListener("lot", (event) => {
      const lot = JSON.parse(event.data);
      this.#nears(lot);
      this.#heard();
      this.onLot(lot);
    });
    stream.addEventListener("still-here", () => this.#heard());
    stream.addEventListener("error", () => this.#broken());
  }

  #close() {
    this.#stream?.close();
    this.#stream = null;
  }

  /** Note when, by this machine's clock, the lot's last period begins: from then on silence means more. */
  #nears(lot) {
    const left = Date.parse(lot.closes_at) - Date.parse(lot.server_at) - lot.last_period_s * 1_000;
    if (lot.stage === "open") this.#nearFrom.set(lot.lot, performance.now() + left);
    else this.#nearFrom.delete(lot.lot);
  }

  #heard() {
    this.#wait = FIRST_WAIT_MS;
    this.#heardAt = performance.now();
    this.#turn(true);
  }

  #look() {
    if (!this.#stream) return;
    const now = performance.now();
    // The first near heartbeat comes some seconds after the last period begins.
    const since = [...this.#nearFrom.values()].filter((from) => from <= now).map((from) => Math.max(from, this.#heardAt));
    const silent = since.some((from) => now - from > NEAR_SILENCE_MS) || now - this.#heardAt > SILENCE_MS;
    if (silent) this.#broken();
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

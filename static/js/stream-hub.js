// Shares one Source among subscribers (tabs): whoever joins hears the newest states known at once.

import { Source } from "./stream-source.js";

export class Hub {
  #wanted = new Map();
  #states = new Map();
  #source;

  /** `tell(subscriber, message)` reaches one subscriber; `message` is `{ lot }` or `{ live }`. */
  constructor(tell) {
    this.tell = tell;
    this.#source = new Source({ onLot: (lot) => this.#heard(lot), onState: (live) => this.#everybody({ live }) });
  }

  /** The subscriber wants these lots from now on. */
  want(subscriber, ids) {
    this.#wanted.set(subscriber, new Set(ids));
    this.#watch();
    if (!this.#source.live) return;
    const known = ids.map((id) => this.#states.get(id));
    for (const lot of known) if (lot) this.tell(subscriber, { lot });
    if (known.every(Boolean)) this.tell(subscriber, { live: true });
  }

  /** The subscriber has gone. */
  leave(subscriber) {
    this.#wanted.delete(subscriber);
    this.#watch();
  }

  /** Nobody is told anything any more. */
  end() {
    this.#wanted.clear();
    this.#source.end();
  }

  #watch() {
    const all = new Set([...this.#wanted.values()].flatMap((ids) => [...ids]));
    for (const id of this.#states.keys()) if (!all.has(id)) this.#states.delete(id);
    this.#source.watch(all);
  }

  #heard(lot) {
    this.#states.set(lot.lot, lot);
    for (const [subscriber, ids] of this.#wanted) {
      if (!ids.has(lot.lot)) continue;
      this.tell(subscriber, { lot });
      this.tell(subscriber, { live: true });
    }
  }

  #everybody(message) {
    for (const subscriber of this.#wanted.keys()) this.tell(subscriber, message);
  }
}

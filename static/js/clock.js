// The server's clock decides; this module knows how far the browser's is from it, and lets countdowns tick by it.

const ADDRESS = "/saleroom/clock";
const TRIES = 5;
const AGAIN_MS = 60_000;
const TICK_MS = 200;
const SHANGHAI_MS = 8 * 3_600_000; // no summer time since 1991
const SECOND = 1_000;
const LAST_MINUTE_MS = 60_000;

let offset = 0;

const local = () => performance.timeOrigin + performance.now();

/** Return the server's present time, in milliseconds of Unix time. */
export function serverNow() {
  return local() + offset;
}

/** Ask the server's clock several times, and believe the answer that came back soonest. */
async function synchronise() {
  let best = Infinity;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const sent = local();
    const answer = await fetch(ADDRESS, { cache: "no-store" });
    const trip = local() - sent;
    if (!answer.ok) return;
    const { server_at: serverAt } = await answer.json();
    if (trip < best) {
      best = trip;
      offset = Date.parse(serverAt) - (sent + trip / 2);
    }
  }
}

/** Write an instant as Shanghai's clocks show it, to the second or the millisecond. */
export function shanghai(instant, { milliseconds = false } = {}) {
  const shifted = new Date(Date.parse(instant) + SHANGHAI_MS).toISOString();
  return shifted.slice(0, milliseconds ? 23 : 19).replace("T", " ");
}

const two = (number) => String(number).padStart(2, "0");

function remaining(milliseconds, daysText) {
  const seconds = Math.ceil(milliseconds / SECOND);
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3_600) % 24;
  const time = `${two(hours)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days ? daysText.replace("{days}", days).replace("{time}", time) : time;
}

function tick(onLastMinute) {
  const now = serverNow();
  for (const shown of document.querySelectorAll("[data-countdown]")) {
    const lot = shown.closest("[data-lot]");
    const until = lot.dataset.stage === "listed" ? lot.dataset.opensAt : lot.dataset.closesAt;
    const left = Date.parse(until) - now;
    const text = left > 0 ? remaining(left, shown.dataset.days) : shown.dataset.over;
    if (shown.textContent !== text) shown.textContent = text;
    const last = lot.dataset.stage === "open" && left > 0 && left <= LAST_MINUTE_MS;
    if (last && !shown.classList.contains("is-last-minute")) onLastMinute(lot);
    shown.classList.toggle("is-last-minute", last);
  }
}

/** Keep every `[data-countdown]` inside a `[data-lot]` going; `onLastMinute(lot)` is told as the last minute of one begins. */
export function start({ onLastMinute = () => {} } = {}) {
  const step = () => tick(onLastMinute);
  const again = () => synchronise().catch(() => {}); // the stream says when the connection is lost
  again().then(step);
  setInterval(step, TICK_MS);
  setInterval(again, AGAIN_MS);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && again());
}

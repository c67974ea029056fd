// How long the sign-in lasts: kept up while a lot is watched, a warning before it ends, and the way back when it has.

const CHECK_MS = 15_000;
const KEEP_UP_MS = 5 * 60_000;
const WARN_S = 15 * 60;

const place = document.querySelector("[data-sign-in]");
const token = () => document.querySelector('meta[name="csrf-token"]').content;
let endsAt = Date.now() + Number(place?.dataset.endsIn ?? 0) * 1_000;
let keptUpAt = Date.now();
let over = false;

const leftS = () => (endsAt - Date.now()) / 1_000;

/** Whether the page shows a lot that is not over. */
const watches = () => [...document.querySelectorAll("[data-lot]")].some((lot) => lot.dataset.stage !== "ended");

/** Ask how long the sign-in lasts; `stay` makes it last longer, if it may. */
async function ask(stay) {
  try {
    const headers = { Accept: "application/json", ...(stay ? { "X-CSRF-Token": token() } : {}) };
    const answer = await fetch(place.dataset.signIn, { method: stay ? "POST" : "GET", headers, cache: "no-store" });
    const said = answer.status === 401 ? { signed_in: false } : answer.ok ? await answer.json() : null;
    if (said?.signed_in) endsAt = Date.now() + said.ends_in_s * 1_000;
    else if (said) ended();
  } catch {
    // Nothing is known of it while the server cannot be reached.
  }
}

/** Say that the sign-in has ended. */
export function ended() {
  if (!place) return;
  over = true;
  show();
}

function show() {
  const warning = place.querySelector("[data-sign-in-ends]");
  const words = warning.querySelector("[data-say]");
  warning.hidden = over || leftS() > WARN_S;
  words.textContent = words.dataset.say.replace("{it}", String(Math.max(0, Math.floor(leftS() / 60))));
  place.querySelector("[data-sign-in-ended]").hidden = !over;
}

async function check() {
  if (over) return;
  if (watches() && Date.now() - keptUpAt >= KEEP_UP_MS) {
    keptUpAt = Date.now();
    await ask(true);
  } else if (leftS() <= WARN_S) {
    await ask(false); // another page may have kept it up
  }
  show();
}

if (place) {
  const stay = place.querySelector("[data-stay]");
  stay.hidden = false;
  stay.addEventListener("click", async () => {
    await ask(true);
    stay.hidden = leftS() <= WARN_S; // it lasts no longer: only a new one does
    show();
  });
  check();
  setInterval(check, CHECK_MS);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && check());
}

/** Send a form by the sign-in and back to its page: what stands in it is shown there again, and not acted on. */
export function bringBack(form) {
  const mark = document.createElement("input");
  Object.assign(mark, { type: "hidden", name: "_show", value: "yes" });
  form.append(mark);
  form.submit();
}

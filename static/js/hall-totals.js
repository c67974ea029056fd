// The closing wall: its sums are the server's; this fetches them again when a lot has ended, and knows the way back.

import { watch } from "./stream.js";

const MOST_LOTS = 200;
const AFTER_MS = 700;

const ids = document.querySelector("[data-lots]").dataset.lots.split(" ").filter(Boolean).map(Number);
let waiting = null;

async function again() {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-hall-part]")) {
    const newer = page.querySelector(`[data-hall-part="${part.dataset.hallPart}"]`);
    if (newer) part.replaceChildren(...newer.childNodes);
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "t" || event.key === "Escape") document.querySelector("[data-hall-back]").click();
});

if (ids.length) {
  watch(ids.slice(0, MOST_LOTS), () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => again().catch(() => {}), AFTER_MS); // the next change asks again
  });
}

// The desk: ticks all lots that an act could concern, counts the lots by their state as room.js paints them, and keeps facts and requests new.

import { serverNow } from "./clock.js";

const rows = [...document.querySelectorAll("[data-lot]")];
const acts = document.querySelector("[data-acts]");

function ticks() {
  return rows.map((row) => row.querySelector("[data-tick]")).filter((box) => box && !box.disabled);
}

function countTicked() {
  const ticked = ticks().filter((box) => box.checked).length;
  for (const shown of document.querySelectorAll("[data-ticked]")) shown.textContent = String(ticked);
  const all = document.querySelector("[data-tick-all]");
  if (all) {
    all.checked = ticked > 0 && ticked === ticks().length;
    all.indeterminate = ticked > 0 && !all.checked;
  }
}

function countStages() {
  const counts = {};
  for (const row of rows) {
    const stage = row.dataset.stage;
    counts[stage] = (counts[stage] ?? 0) + 1;
    const box = row.querySelector("[data-tick]");
    if (box && stage === "ended") {
      box.disabled = true;
      box.checked = false;
    }
  }
  for (const shown of document.querySelectorAll("[data-count]")) {
    shown.textContent = String(shown.dataset.count.split(" ").reduce((sum, stage) => sum + (counts[stage] ?? 0), 0));
  }
  countTicked();
  // The round has opened by itself: only the server draws what can be done now. A reason that is being written stays.
  if (counts.open && document.querySelector("[data-waits]") && !document.activeElement.matches("input, textarea")) location.reload();
}

if (acts) {
  const all = document.querySelector("[data-tick-all]");
  all?.removeAttribute("hidden");
  all?.addEventListener("change", () => {
    for (const box of ticks()) box.checked = all.checked;
    countTicked();
  });
  for (const box of ticks()) box.addEventListener("change", countTicked);
}
const changed = new MutationObserver(countStages);
for (const row of rows) changed.observe(row, { attributes: true, attributeFilter: ["data-stage"] });
countStages();

// How the sale does, and what waits for a second person.
const FACTS_MS = 2_000;
const vitals = document.querySelector("[data-facts]");
const requests = document.querySelector("[data-requests]");
const news = document.querySelector("[data-requests-news]");

async function showRequests(ids) {
  const known = requests.dataset.ids;
  const now = ids.join(" ");
  if (known === now || requests.contains(document.activeElement)) return;
  const answer = await fetch(requests.dataset.requests, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  requests.replaceChildren(...page.body.childNodes);
  requests.dataset.ids = now;
  if (news && ids.length > known.split(" ").filter(Boolean).length) {
    news.textContent = news.dataset.say.replace("{it}", String(ids.length));
  }
}

async function showFacts() {
  try {
    const answer = await fetch(vitals.dataset.facts, { headers: { Accept: "application/json" } });
    if (answer.ok && !answer.redirected) {
      const facts = await answer.json();
      for (const shown of vitals.querySelectorAll("[data-fact]")) {
        const value = facts[shown.dataset.fact];
        shown.textContent = value === null ? "—" : (shown.dataset.say ?? "{it}").replace("{it}", value);
      }
      if (requests) await showRequests(facts.requests);
    }
    vitals.classList.toggle("is-old", !answer.ok);
  } catch {
    vitals.classList.add("is-old");
  }
  setTimeout(showFacts, FACTS_MS);
}

function countDown() {
  for (const shown of document.querySelectorAll("[data-expires]")) {
    const left = Math.max(0, Math.floor((Date.parse(shown.dataset.expires) - serverNow()) / 1_000));
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    shown.textContent = shown.dataset.say.replace("{it}", time);
  }
}

if (vitals) setTimeout(showFacts, FACTS_MS);
countDown();
setInterval(countDown, 1_000);

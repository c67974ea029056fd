// The desk: ticks all lots that an act could concern, and counts the lots by their state as room.js paints them.

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

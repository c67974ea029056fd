// The clerk's console: after every event of its lot the steps and the last bids are fetched anew, and Enter alone bids the least.

const root = document.querySelector("[data-floor]");
const call = document.querySelector("#call");
const AGAIN_MS = 250;

let fetching = false;
let stale = false;

async function refresh() {
  if (fetching) {
    stale = true;
    return;
  }
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-fresh]")) {
        const fresh = page.querySelector(`[data-fresh="${part.dataset.fresh}"]`);
        if (fresh && !part.contains(document.activeElement)) part.replaceChildren(...fresh.childNodes);
      }
    }
  } catch {
    // The connection's own words are on the page; the next event asks again.
  }
  setTimeout(() => {
    fetching = false;
    if (stale) {
      stale = false;
      refresh();
    }
  }, AGAIN_MS);
}

if (root) new MutationObserver(refresh).observe(root, { attributes: true, attributeFilter: ["data-order"] });

call?.addEventListener("submit", (event) => {
  const amount = call.elements.amount;
  const least = document.querySelector('[data-fresh="steps"] [name="step"]');
  if (!event.submitter?.matches('[name="step"]') && amount && !amount.value.trim() && least) amount.value = least.value;
});

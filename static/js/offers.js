// The offers of a sealed lot, which stand open after its sale: the server draws them, this brings them into a page that was there before.

const places = [...document.querySelectorAll("[data-offers]")];

async function bring(place) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const drawn = page.querySelector(`[data-offers="${place.dataset.offers}"]`);
  if (drawn && !place.children.length) place.replaceChildren(...drawn.childNodes);
}

for (const place of places) {
  const root = document.querySelector(`[data-lot="${place.dataset.offers}"]`);
  const look = () => {
    if (root.dataset.stage === "ended" && !place.children.length) bring(place).catch(() => {}); // the next state asks again
  };
  new MutationObserver(look).observe(root, { attributes: true, attributeFilter: ["data-order"] });
}

// A bidder who looks at the page as it is outbid needs no mail about it: the page says so to the house.

const ASK_MS = [5_000, 25_000]; // the notice is written a few seconds after the bid, and mailed a minute after that

const token = document.querySelector('meta[name="csrf-token"]').content;

function say(root) {
  if (document.hidden || !root.dataset.truth.split(" ").includes("outbid")) return;
  fetch(root.dataset.seen, { method: "POST", headers: { "X-CSRF-Token": token } }).catch(() => {}); // then the mail is sent
}

for (const root of document.querySelectorAll("[data-seen]")) {
  let was = root.dataset.truth.split(" ").includes("outbid");
  const changed = () => {
    const is = root.dataset.truth.split(" ").includes("outbid");
    if (is && !was) for (const wait of ASK_MS) setTimeout(say, wait, root);
    was = is;
  };
  new MutationObserver(changed).observe(root, { attributes: true, attributeFilter: ["data-truth"] });
  if (was) for (const wait of ASK_MS) setTimeout(say, wait, root);
  document.addEventListener("visibilitychange", () => say(root));
}

// A bidder who looks at the page as it is outbid needs no mail about it: the page says so to the house.

const ASK_MS = [5_000, 25_000]; // the notice is written a few seconds after the bid, and mailed a minute after that

const token = document.querySelector('meta[name="csrf-token"]').content;

/** Whoever's instruction is spent is told like one who was outbid, also without a bid. */
function isBehind(root) {
  const truth = root.dataset.truth.split(" ");
  return truth.includes("outbid") || (truth.includes("spent") && truth.includes("not-mine"));
}

function say(root) {
  if (document.hidden || !isBehind(root)) return;
  fetch(root.dataset.seen, { method: "POST", headers: { "X-CSRF-Token": token } }).catch(() => {}); // then the mail is sent
}

for (const root of document.querySelectorAll("[data-seen]")) {
  let was = isBehind(root);
  const changed = () => {
    const is = isBehind(root);
    if (is && !was) for (const wait of ASK_MS) setTimeout(say, wait, root);
    was = is;
  };
  new MutationObserver(changed).observe(root, { attributes: true, attributeFilter: ["data-truth"] });
  if (was) for (const wait of ASK_MS) setTimeout(say, wait, root);
  document.addEventListener("visibilitychange", () => say(root));
}

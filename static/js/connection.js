// What a page says of its connection to the live states.

const LOST_AFTER_MS = 1_500;

let lost = null;

/** Say whether the states are live. A loss is said after a moment: a connection that comes back at once is no news. */
export function connected(live) {
  clearTimeout(lost);
  const say = () => {
    for (const each of document.querySelectorAll("[data-connection]")) each.hidden = live;
    document.body.classList.toggle("is-stale", !live);
  };
  if (live) say();
  else lost = setTimeout(say, LOST_AFTER_MS);
}

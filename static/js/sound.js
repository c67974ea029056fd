// Short tones for what a bidder must not miss. Off until switched on; the switch is remembered by this browser.

const KEPT = "techauction-sound";
const QUIET_MS = 1_500;
const BEAT_S = 0.16;
const LOUD = 0.18;
const TONES = { outbid: [660, 440, 330], lead: [523, 659, 784], minute: [880, 0, 880] };

let context = null;
let latest = -Infinity;

const isOn = () => localStorage.getItem(KEPT) === "on";

/** Browsers let a page sound only after a key or a click on it. */
function wake() {
  if (!isOn()) return;
  context ??= new AudioContext();
  context.resume();
}

function sound(kind) {
  if (context?.state !== "running") return;
  TONES[kind].forEach((hertz, place) => {
    if (!hertz) return;
    const starts = context.currentTime + place * BEAT_S;
    const volume = context.createGain();
    volume.gain.setValueAtTime(LOUD, starts);
    volume.gain.exponentialRampToValueAtTime(0.001, starts + BEAT_S);
    const tone = new OscillatorNode(context, { frequency: hertz, type: "triangle" });
    tone.connect(volume).connect(context.destination);
    tone.start(starts);
    tone.stop(starts + BEAT_S);
  });
}

/** Sound once for all of the browser's tabs, and once for many lots: `outbid`, `lead` or `minute`. */
export function play(kind) {
  if (!isOn() || performance.now() - latest < QUIET_MS) return;
  latest = performance.now();
  if (!navigator.locks) {
    sound(kind);
    return;
  }
  navigator.locks.request(`${KEPT}-${kind}`, { ifAvailable: true }, async (first) => {
    if (!first) return;
    sound(kind);
    await new Promise((done) => setTimeout(done, QUIET_MS));
  });
}

/** Set the page's switch up. */
export function switches() {
  const boxes = [...document.querySelectorAll("[data-sound]")];
  const show = () => boxes.forEach((box) => (box.checked = isOn()));
  for (const box of boxes) {
    box.closest("[data-scripted]").hidden = false;
    box.addEventListener("change", () => {
      localStorage.setItem(KEPT, box.checked ? "on" : "off");
      wake();
      if (box.checked) context.resume().then(() => sound("lead"));
      show();
    });
  }
  window.addEventListener("storage", show);
  for (const gesture of ["pointerdown", "keydown"]) document.addEventListener(gesture, wake, { once: true });
  show();
}

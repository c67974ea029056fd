// Sums are whole fen everywhere; only here are they written for people.

const FEN_PER_YUAN = 100;
const FEN_PER_WAN = 1_000_000;
const language = document.documentElement.lang || "zh-Hans-CN";
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const wan = new Intl.NumberFormat(language, { maximumFractionDigits: 6 });

/** Return a sum in yuan: `¥2,000,000`, with fen only where there are any. */
export function money(fen) {
  return `¥${(fen % FEN_PER_YUAN ? exact : whole).format(fen / FEN_PER_YUAN)}`;
}

/** Return a sum counted in 万, exact: `1,204.58`. */
export function inWan(fen) {
  return wan.format(fen / FEN_PER_WAN);
}

/** Return by how many per cent a price is over its start, half-up at two places: `37.43`. */
export function rate(fen, startFen) {
  if (!startFen) return "0.00";
  const hundredths = Number((BigInt(fen - startFen) * 20_000n + BigInt(startFen)) / (2n * BigInt(startFen)));
  return (hundredths / 100).toFixed(2);
}

/** Return the count as the reader's language writes it. */
export function count(number) {
  return whole.format(number);
}

/* Which part of the data the chart shows. Pure: rows and places along the axis in, ranges out; `step` is from one bar to
   the next. */
const FOLLOWED_BARS = 120;
const FEWEST_BARS = 40;
const FEWEST_KEPT = 20;
const AHEAD_BARS = 5;
const PRICE_PADDING = 0.08;
const OBI_LEAST = 0.2;

const lastOf = (rows) => (rows.length ? rows[rows.length - 1][0] : -Infinity);
const firstOf = (rows) => (rows.length ? rows[0][0] : Infinity);

/* The newest bars, right-aligned; while there are few, as many as there are. Null without any. */
export function follow(ohlc, metrics, step) {
  const last = Math.max(lastOf(ohlc), lastOf(metrics));
  if (!Number.isFinite(last)) return null;
  const first = Math.min(firstOf(ohlc), firstOf(metrics));
  const bars = Math.min(FOLLOWED_BARS, Math.max(FEWEST_BARS, (last - first) / step + 2));
  return [last - (bars - 1) * step, last + AHEAD_BARS * step];
}

/* A span that was in view under another interval, as far as it makes sense for the bars there are now: as many bars as
   can be told apart, and not mostly beyond the first of them. `held` is from the first bar to the end of the last. Null
   where there is nothing to see in it. */
export function kept([from, to], held, step) {
  if (!held || to <= held[0] || from >= held[1]) return null;
  const least = FEWEST_KEPT * step;
  const most = Math.max(least, 1.5 * (held[1] - held[0]));
  const span = Math.min(most, Math.max(least, to - from));
  // Its end stays where it is, unless that lies far beyond the newest bar.
  const end = Math.min(to, held[1] + 0.5 * span);
  return [end - span, end];
}

/* Index of the first row at or after a place. */
export function indexAt(rows, place, of = (row) => row[0]) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (of(rows[middle]) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function visible(rows, range, step) {
  const half = step / 2;
  return rows.slice(indexAt(rows, range[0] - half), indexAt(rows, range[1] + half));
}

/* Lowest of one column and highest of another; null where neither has a number. */
function extent(rows, lowColumn, highColumn) {
  let low = Infinity;
  let high = -Infinity;
  for (const row of rows) {
    if (row[lowColumn] !== null && row[lowColumn] < low) low = row[lowColumn];
    if (row[highColumn] !== null && row[highColumn] > high) high = row[highColumn];
  }
  return low <= high ? [low, high] : null;
}

function padded([low, high], share) {
  const span = high - low;
  const pad = span > 0 ? span * share : Math.max(Math.abs(high) * 0.001, 1e-9);
  return [low - pad, high + pad];
}

/* Ranges of the four panels that fit the visible rows; a panel without any keeps null. */
export function fit(ohlc, metrics, range, step) {
  const bars = visible(ohlc, range, step);
  const rows = visible(metrics, range, step);
  const price = extent(bars, 3, 2);
  const volume = extent(bars, 5, 5);
  const obi = extent(rows, 3, 2);
  const cvd = extent(rows, 7, 6);
  // In steps of a tenth and around zero, so that the scale rests while the book breathes.
  const reach = obi && Math.min(1, Math.max(OBI_LEAST, Math.ceil(10 * Math.max(-obi[0], obi[1])) / 10));
  return {
    yaxis: price && padded(price, PRICE_PADDING),
    yaxis2: volume && [0, (volume[1] || 1) * 1.12],
    yaxis3: obi && [-1.2 * reach, 1.2 * reach],
    yaxis4: cvd && padded(cvd, PRICE_PADDING),
  };
}

/* A range scaled about one of its points. */
export function zoom([low, high], about, factor) {
  return [about - (about - low) * factor, about + (high - about) * factor];
}

/* The depth chart's price range: even around the mid, and calm: it widens at once and narrows late. */
export function around(mid, reach, held) {
  const enough = held !== null && reach <= held && reach >= 0.55 * held;
  return enough ? held : reach * 1.15;
}

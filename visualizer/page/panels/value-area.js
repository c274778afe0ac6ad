/* Point of control, value area and nodes of a volume profile, by the rules of docs/profile.md. Pure. Rows are numbers, ascending;
   sizes are whole lots of any length. Only traded rows are there, and stretches without one are passed over at once. */

const VALUE_AREA_PERCENT = 70n;
const HIGH_NODE_PERCENT = 70n;
const LOW_NODE_PERCENT = 30n;
const PAIR = 2; // rows that the value area grows by
const NODE_REACH = 2; // rows on either side that a node is compared with

/** @typedef {{ row: number, lots: bigint }} Traded */

/** @param {readonly Traded[]} rows */
const total = (rows) => rows.reduce((sum, { lots }) => sum + lots, 0n);

/** Index of the row with the most volume: of several the one nearest to the middle, then the lower.
 * @param {readonly { row: number, lots: number | bigint }[]} rows */
export function mostTraded(rows) {
  const ends = rows[0].row + rows[rows.length - 1].row;
  let best = 0;
  for (const [index, { row, lots }] of rows.entries()) {
    const isNearer = Math.abs(2 * row - ends) < Math.abs(2 * rows[best].row - ends);
    if (lots > rows[best].lots || (lots === rows[best].lots && isNearer)) best = index;
  }
  return best;
}

/** One side of a value area that grows: its edge, and the traded rows beyond it.
 * @param {readonly Traded[]} rows
 * @param {number} poc an index
 * @param {1 | -1} by */
function side(rows, poc, by) {
  const end = rows[by > 0 ? rows.length - 1 : 0].row;
  let edge = rows[poc].row;
  let next = poc + by;
  return {
    edge: () => edge,
    isAtEnd: () => edge === end,
    /* What the next pair holds. */
    pair() {
      let sum = 0n;
      for (let at = next; rows[at] !== undefined && by * (rows[at].row - edge) <= PAIR; at += by) sum += rows[at].lots;
      return sum;
    },
    /* Pairs beyond the edge in which no row is. */
    emptyPairs: () => (rows[next] === undefined ? 0 : Math.floor((by * (rows[next].row - edge) - 1) / PAIR)),
    /** @param {number} pairs */
    grow(pairs) {
      const count = Math.min(PAIR * pairs, by * (end - edge));
      while (rows[next] !== undefined && by * (rows[next].row - edge) <= count) next += by;
      edge += by * count;
    },
  };
}

/** The row of the point of control, and the lowest and the highest row of the value area; null without volume.
 * @param {readonly Traded[]} rows
 * @returns {{ poc: number, low: number, high: number } | null} */
export function valueArea(rows) {
  const all = total(rows);
  if (all === 0n) return null;
  const poc = mostTraded(rows);
  const above = side(rows, poc, 1);
  const below = side(rows, poc, -1);
  let held = rows[poc].lots;
  while (100n * held < VALUE_AREA_PERCENT * all && !(above.isAtEnd() && below.isAtEnd())) {
    const [up, down] = [above.pair(), below.pair()];
    const growsUp = !above.isAtEnd() && (below.isAtEnd() || up >= down);
    const growsDown = !below.isAtEnd() && (above.isAtEnd() || down >= up);
    // Where the next pairs are empty on both sides, all up to the nearer traded row are added one after the other.
    const [emptyUp, emptyDown] = [above.emptyPairs(), below.emptyPairs()];
    const both = growsUp && growsDown ? Math.min(emptyUp, emptyDown) : Math.max(growsUp ? emptyUp : 0, growsDown ? emptyDown : 0);
    const pairs = up === 0n && down === 0n ? Math.max(1, both) : 1;
    if (growsUp) {
      above.grow(pairs);
      held += up;
    }
    if (growsDown) {
      below.grow(pairs);
      held += down;
    }
  }
  return { poc: rows[poc].row, low: below.edge(), high: above.edge() };
}

/** The rows of high and of low volume.
 * @param {readonly Traded[]} rows */
export function nodes(rows) {
  const most = rows.reduce((found, { lots }) => (lots > found ? lots : found), 0n);
  const inner = most === 0n ? [] : rows.slice(NODE_REACH, -NODE_REACH);
  const volumes = new Map(rows.map(({ row, lots }) => [row, lots]));
  /** @param {Traded} traded
   * @param {(own: bigint, other: bigint) => boolean} holds */
  const besides = ({ row, lots }, holds) => [-2, -1, 1, 2].every((by) => holds(lots, volumes.get(row + by) ?? 0n));
  const high = inner.filter((each) => 100n * each.lots >= HIGH_NODE_PERCENT * most && besides(each, (own, other) => own >= other));
  const low = inner.filter((each) => 100n * each.lots <= LOW_NODE_PERCENT * most && besides(each, (own, other) => own <= other));
  return { high: high.map(({ row }) => row), low: low.map(({ row }) => row) };
}

"""What the kernels of measures keep, and where: names of the values, and indices into their arrays.

Numba compiles these constants into the kernels: a change here needs a new cache of all of them (see
`processor.formats.lines.kernels`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.errors import ScaleOverflow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.measures.own import OwnMeasures

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Scale = tuple[float, int, int]
    """10**decimals of prices or of sizes: as a float, 0 where there is none, and as a product of two words."""

OBI_LEVELS: Final = (1, 5, 10, 20)
"""Numbers of the best levels of which there is an imbalance; there is one of the whole book besides."""
BASIS_POINTS: Final = (5, 10, 25, 100)
OFI_LEVELS: Final = 10
TOP: Final = 20
EVERY: Final = (1 << TOP) - 1
"""The bits of all levels of the best ones."""
MEASURES: Final = (
    "spread",
    "mid",
    "weighted_mid",
    *(f"obi_{levels}" for levels in (*OBI_LEVELS, 0)),
    *(f"obi_bp_{points}" for points in BASIS_POINTS),
    *(f"depth_bid_bp_{points}" for points in BASIS_POINTS),
    *(f"depth_ask_bp_{points}" for points in BASIS_POINTS),
)
"""What has a value at each sample, in the order of the columns of a bar."""

VALUES: Final = len(MEASURES)
SPREAD: Final = 0
MID: Final = 1
WEIGHTED_MID: Final = 2
OBI: Final = 3
SUMS: Final = len(OBI_LEVELS)
OBI_BP: Final = OBI + SUMS + 1
POINTS: Final = len(BASIS_POINTS)
DEPTH_BID: Final = OBI_BP + POINTS
DEPTH_ASK: Final = DEPTH_BID + POINTS

PER: Final = 10_000
"""Basis points in the whole."""
NO_EDGE: Final = np.iinfo(np.int64).max
"""Above all keys: nothing is within it."""
NO_KEY: Final = -NO_EDGE
"""Below all keys: that of no level."""

# Indices into a clock, the integers of the sampling state.
TIME: Final = 0
PENDING: Final = 1
BUCKET: Final = 2
BUCKET_END: Final = 3
HAS_BAR: Final = 4
SAMPLES: Final = 5
"""Of the open interval."""
NOW: Final = 6
"""Levels in `top`, of the bids and then of the asks."""
THEN: Final = 8
"""The same at the last sample, as far as they count for the order flow imbalance."""
CHANGED: Final = 10
"""A bit for each level of `top` that may have changed since the last sample, of the bids and then of the asks."""
HAS_EDGES: Final = 12
"""Whether the edges are those of some best prices, which come next: the bid and the ask."""
TOUCH: Final = 13
DIRTY: Final = 15
"""Whether levels have changed that one's own measures look at, of the bids and then of the asks."""
REACH: Final = 17
"""Key of the worst level that they look at, of either side."""
CLOCK_FIELDS: Final = 19

# Rows of `around`, each of the bids and then of the asks, and a column for each of BASIS_POINTS.
EDGES: Final = 0
WITHIN: Final = 2
WITHIN_HIGH: Final = 4
USED: Final = 6
"""The lots at the last sample; below 0 where they are not kept, as the values of depths are then."""
MOST: Final = 8
"""The most of these lots in the open interval, as far as is known: nothing below it is a new high."""
LEAST: Final = 10
AROUND_ROWS: Final = 12

# Rows of the columns of one's own measures, each of a depth or of a size. First what is asked for: levels, 0 where it
# is a size, the whole lots that hold this, and the lots themselves as a quotient.
LEVELS: Final = 0
NEED: Final = 1
LOTS: Final = 2
LOTS_DIVISOR: Final = 3
# Then what was found, of the bids and then of the asks: of a depth the lots in two words, the high one first; of a size
# one of the next three, and how far from the best price it is traded, times lots.
FOUND: Final = 4
AMOUNT: Final = 6
OWN_FIELDS: Final = 8

THIN: Final = 0
"""The side holds less than the size."""
NARROW: Final = 1
WIDE: Final = 2
"""The amount has no room in a word."""

OPEN: Final = 0
HIGH: Final = 1
LOW: Final = 2
CLOSE: Final = 3


def new_state(depths: int = 0, sizes: int = 0) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints, Floats, Floats]:
    """Clock, top, its sums, the top at the last sample, around, order flow, bar and values, before the first event.

    Of `top`, with NO_KEY for no level, and of that at the last sample, a side has two rows: keys and lots. `flow` has
    two words for each level, the high one in units of 2**HALF. A bar has a row each for open, high, low and close and a
    column for each of MEASURES, as the last values have, NaN where there is none yet; the imbalance of an empty book is
    0. Columns of one's own imbalances, and two of the costs of each of one's own sizes, come after these.
    """
    clock = np.zeros(CLOCK_FIELDS, np.int64)
    clock[TIME] = np.iinfo(np.int64).min
    around = np.zeros((AROUND_ROWS, POINTS), np.int64)
    around[EDGES : EDGES + 2] = NO_EDGE
    around[USED : USED + 2] = -1
    around[MOST : MOST + 2] = -1
    around[LEAST : LEAST + 2] = NO_EDGE
    clock[[REACH, REACH + 1]] = -NO_EDGE if depths or sizes else NO_EDGE
    values = VALUES + depths + 2 * sizes
    now = np.full(values, np.nan)
    now[OBI : OBI + SUMS + 1] = now[VALUES : VALUES + depths] = 0
    top = np.zeros((4, TOP), np.int64)
    top[::2] = NO_KEY
    return (
        clock,
        top,
        np.zeros((2, SUMS), np.int64),
        np.zeros((4, OFI_LEVELS), np.int64),
        around,
        np.zeros((OFI_LEVELS, 2), np.int64),
        np.full((4, values), np.nan),
        now,
    )


def own_columns(own: OwnMeasures, size_decimals: int) -> Ints:
    """The columns of one's own measures, with lots of so many decimals.

    Raises:
        ScaleOverflow: a size has no room in 64 bits as a number of lots.
    """
    depths = len(own.depths)
    columns = np.zeros((OWN_FIELDS, depths + len(own.sizes)), np.int64)
    columns[LEVELS, :depths] = own.depths
    for column, size in enumerate(own.sizes, depths):
        lots, divisor = (Fraction(size) * 10**size_decimals).as_integer_ratio()
        if max(lots, divisor) > NO_EDGE:
            msg = f"the cost of trading {size:f}, in lots of 1e-{size_decimals}, has no room in 64 bits"
            raise ScaleOverflow(msg)
        columns[[NEED, LOTS, LOTS_DIVISOR], column] = -(-lots // divisor), lots, divisor
    return columns

"""Price levels as exchanges send them in JSON, `[["61737.63","0.5"], ...]`, to integers, many lists at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from processor.events import ASK, BID, CLEAR, BookEvents, concatenated
from processor.formats.kernels import PRICE_SLOT, SIZE_SLOT, parse_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import msgspec
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of all lists, one list after the other: list k's are from `bounds[k]` to before `bounds[k + 1]`.

    `reasons[k]` says what is wrong with list k (text.PHRASES), 0 for nothing; a list with a fault has no levels.
    """

    price_ticks: NDArray[np.int64]
    size_lots: NDArray[np.int64]
    bounds: NDArray[np.int64]
    reasons: NDArray[np.int64]
    price_decimals: int
    size_decimals: int


def read_levels(lists: Sequence[bytes | msgspec.Raw], price_decimals: int, size_decimals: int) -> Levels:
    """Read lists of `["price","size"]`, each valid JSON, on a scale at least as fine as given."""
    text = b"\n".join([*lists, b"       \n"])  # the kernel wants eight bytes
    starts = np.cumsum([0] + [len(one) + 1 for one in lists[:-1]]) if lists else np.empty(0, np.int64)
    room = text.count(b"[")
    price_ticks, size_lots = np.empty(room, np.int64), np.empty(room, np.int64)
    counts, reasons = np.empty(len(lists), np.int64), np.empty(len(lists), np.int64)
    scales = np.array([price_decimals, size_decimals], np.int64)
    while True:
        needed = scales.copy()
        levels = parse_levels(
            np.frombuffer(text, np.uint8), starts, scales, price_ticks, size_lots, counts, reasons, needed
        )
        if (needed == scales).all():
            break
        scales = needed
    return Levels(
        price_ticks=price_ticks[:levels],
        size_lots=size_lots[:levels],
        bounds=np.concatenate(([0], np.cumsum(counts))),
        reasons=reasons,
        price_decimals=int(scales[PRICE_SLOT]),
        size_decimals=int(scales[SIZE_SLOT]),
    )


def book_events(levels: Levels, times: NDArray[np.int64]) -> BookEvents:
    """Levels of which list 2k holds the bids and list 2k + 1 the asks of the message at `times[k]`."""
    counts = np.diff(levels.bounds)
    return BookEvents(
        time_ns=np.repeat(times, counts.reshape(-1, 2).sum(axis=1)),
        price_ticks=levels.price_ticks,
        size_lots=levels.size_lots,
        price_decimals=levels.price_decimals,
        size_decimals=levels.size_decimals,
        side=np.repeat(np.tile(np.array([BID, ASK], np.int8), len(times)), counts),
    )


def as_snapshot(time_ns: int, events: BookEvents) -> BookEvents:
    """A CLEAR at this time and then the events."""
    cleared = BookEvents(
        time_ns=np.array([time_ns]),
        price_ticks=np.zeros(1, np.int64),
        size_lots=np.zeros(1, np.int64),
        price_decimals=events.price_decimals,
        size_decimals=events.size_decimals,
        side=np.array([CLEAR], np.int8),
    )
    return concatenated([cleared, events])

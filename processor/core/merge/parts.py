"""The pieces that a dataset is merged from: parts, which are read batch by batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from processor.core.events import BookEvents, Trades
    from processor.core.report import Report


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of one part, in the order of the file: trades, book events, or both.

    `consumed_bytes` of the part's `size_bytes` have been read by now. Of the trades, `lines` are the 1-based lines (or
    records) in the file, int64, and `ids` the vendor's ids, int64 (`hashed_ids` makes them of texts), where they are
    known: they tell which trades of two files are the same one.
    """

    trades: Trades | None
    book: BookEvents | None
    consumed_bytes: int
    lines: NDArray[np.int64] | None = None
    ids: NDArray[np.int64] | None = None


def batch(
    trades: Trades | None,
    book: BookEvents | None,
    consumed_bytes: int,
    *,
    lines: NDArray[np.int64] | None = None,
    ids: NDArray[np.int64] | None = None,
) -> Batch:
    """A batch in which columns without a row are none at all."""
    return Batch(trades or None, book or None, consumed_bytes, lines if trades else None, ids if trades else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file of a dataset, or several that continue each other, read from its begin to its end in file order.

    Parts that overlap in time are merged, so whatever can be read apart is a part of its own; what needs the state that
    the file before left (a book that goes on) is one part with it. `read` may be called again, and gives the same.

    `first_ns` is the time of the first event where the head shows it, None where it does not. `trades` and `book`
    say what the part may hold. With `has_snapshots`, book updates before the dataset's first snapshot are dropped.
    Events of equal times are in the order of `rank`, then of the parts. Where several sources tell the trades of one
    time, those of the lowest `trades_rank` are taken. `increasing_ids`: the ids of trades go up, but for some that are
    late, and `consecutive_ids`: one by one.
    """

    name: str
    size_bytes: int
    read: Callable[[Report], Iterator[Batch]]
    first_ns: int | None = None
    trades: bool = True
    book: bool = True
    has_snapshots: bool = False
    rank: int = 0
    trades_rank: int = 0
    increasing_ids: bool = False
    consecutive_ids: bool = False

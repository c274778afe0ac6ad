"""Parts of a dataset made of batches, for tests of what reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from processor.core.merge.parts import Batch, Part
from tests.core.streams import Trade, Update, columns_of_book, columns_of_trades

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np


def part_of(batches: Callable[[], Iterable[Batch]], **told: Any) -> Part:
    """A part that is read from what `batches` gives each time."""
    named: dict[str, Any] = {"name": "a.csv", "size_bytes": 100, "read": lambda _: iter(batches())}
    return Part(**named | told)


def part(
    trades: Sequence[Trade] = (),
    book: Sequence[Update] = (),
    size: int = 7,
    ids: Sequence[int] | None = None,
    **told: Any,
) -> Part:
    """A part of these rows, `size` of either kind a batch."""

    def batches() -> Iterator[Batch]:
        for at in range(0, max(len(trades), len(book)), size):
            some, updates = trades[at : at + size], book[at : at + size]
            yield Batch(
                columns_of_trades(some) if some else None,
                columns_of_book(updates) if updates else None,
                at,
                lines=np.arange(at + 1, at + 1 + len(some)),
                ids=None if ids is None else np.array(ids[at : at + size], np.int64),
            )

    return part_of(batches, **told)

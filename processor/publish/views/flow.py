"""What the views of the order flow have in common: the heights of their rows, and cells as they are published."""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from processor.core.decimals import decimal_floats
from processor.core.flow.cells import LOTS
from processor.core.flow.frames import lot_floats

if TYPE_CHECKING:
    from collections.abc import Callable

    from processor.core.engine import Engine
    from processor.core.flow.cells import Cells


class EncodedBars:
    """Bars that have closed as they are published, encoded once: of others than before, only those are."""

    def __init__(self) -> None:
        self._made_with: object = None
        self._buckets: list[int] = []
        self._parts: list[bytes] = []

    def with_open(
        self, made_with: object, buckets: list[int], encode_from: Callable[[int], list[bytes]]
    ) -> list[bytes]:
        """The bars `buckets`, the last of which is open; otherwise as `of`."""
        if not buckets:
            return []
        made: list[bytes] = []

        def closed_from(first: int) -> list[bytes]:
            made.extend(encode_from(first))
            return made[:-1]

        closed = self.of(made_with, buckets[:-1], closed_from)
        return [*closed, *(made or encode_from(len(buckets) - 1))[-1:]]

    def of(self, made_with: object, buckets: list[int], encode_from: Callable[[int], list[bytes]]) -> list[bytes]:
        """The bars `buckets`, of which `encode_from` gives those from a number on; all are `made_with` the same."""
        if made_with != self._made_with or not self._buckets or not buckets or buckets[0] > self._buckets[-1]:
            self._made_with, self._buckets, self._parts = made_with, [], []
        gone = bisect_left(self._buckets, buckets[0]) if buckets else 0
        held = len(self._buckets) - gone
        self._parts = [*self._parts[gone:], *(encode_from(held) if held < len(buckets) else ())]
        self._buckets = buckets
        return self._parts


def newest_within(parts: list[bytes], most_bytes: int) -> list[bytes]:
    """The newest of parts, the last ones, that have at most so many bytes, with a comma for each."""
    lengths = np.fromiter(map(len, reversed(parts)), np.int64, len(parts)) + 1
    fit = int(np.searchsorted(np.cumsum(lengths), most_bytes, side="right"))
    return parts[len(parts) - fit :]


def price_step(engine: Engine) -> Fraction:
    """The price step so far; 1 where there is no price but 0."""
    return engine.price_step.height or Fraction(1)


def encodable(cells: Cells) -> list[tuple[float, float, float, float, int]]:
    """Each cell as `shared.views.footprint.FootprintCell` has it."""
    columns = (
        decimal_floats(cells.price_ticks, cells.price_decimals).tolist(),
        *(lot_floats(getattr(cells, name), cells.size_decimals).tolist() for name in LOTS),
        cells.trades.tolist(),
    )
    return list(zip(*columns, strict=True))

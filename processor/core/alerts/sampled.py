"""The measures of a book at each of its samples, instead of a bar's four values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.measures.layout import CLOSE, MEASURES
from processor.core.measures.sampled import MeasuredBook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from processor.core.events import BookEvents
    from processor.core.measures.layout import Floats, Ints
    from processor.core.measures.sampled import MeasureBars

EACH_NS: Final = 1
"""The length of bars of which none has two samples."""
_PIECE: Final = 8192
"""Events at once: a bar takes a kilobyte, and what stays in the processor's cache is several times as fast."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples in order: their times, and per name of a measure its values, NaN where there is none yet."""

    time_ns: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    values: dict[str, Floats] = field(default_factory=dict)


class SampledBook:
    """A book whose samples come one by one, whatever batches its events come in."""

    def __init__(self, names: Iterable[str], book: MeasuredBook | None = None, since_ns: int | None = None) -> None:
        """Start before the first event, or go on with a `book` of bars of EACH_NS.

        Of that book the samples before `since_ns` have been told.
        """
        self._book = MeasuredBook(interval_ns=EACH_NS) if book is None else book
        self._columns = {name: MEASURES.index(name) for name in sorted(names)}
        self._since_ns = np.iinfo(np.int64).min if since_ns is None else since_ns

    def advance(self, parts: Sequence[BookEvents], until_ns: int) -> Samples:
        """Take in events, and tell the samples before `until_ns`, which no later event is before.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        closed = [
            self._rows(self._book.advance(part.rows(slice(at, at + _PIECE))))
            for part in parts
            for at in range(0, len(part), _PIECE)
        ]
        found = self._since([*closed, self._rows(self._book.open_bars())], until_ns)
        self._since_ns = max(self._since_ns, until_ns)
        return found

    def pending(self, until_ns: int) -> Samples:
        """The samples that follow before `until_ns` if no more events of their times come."""
        return self._since([self._rows(self._book.open_bars())], until_ns)

    def _rows(self, bars: MeasureBars) -> tuple[Ints, Floats]:
        return bars.bucket, bars.values[:, CLOSE, list(self._columns.values())]

    def _since(self, rows: list[tuple[Ints, Floats]], until_ns: int) -> Samples:
        times = np.concatenate([times for times, _ in rows])
        first, end = np.searchsorted(times, [self._since_ns, until_ns])
        values: NDArray[np.float64] = np.concatenate([values for _, values in rows])[first:end]
        return Samples(times[first:end], {name: values[:, at] for at, name in enumerate(self._columns)})

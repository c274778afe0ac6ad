"""Price levels in JSON, `[["61737.63","0.5"], ...]`, as integers; many lists at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import ASK, BID, CLEAR, BookEvents, concatenated
from processor.formats.lines.kernels import parse_levels
from processor.formats.lines.specs import MAX_DECIMALS, PRICE_SLOT, ROUNDED_FIELDS, SIZE_SLOT
from processor.formats.lines.text import DESCRIBED, read_as
from processor.formats.lines.tolerant_levels import read_lists

if TYPE_CHECKING:
    from collections.abc import Sequence

    import msgspec
    from numpy.typing import NDArray

    from processor.core.report import Report


_NAMES: Final = ("price", "size")


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of all lists in order: those of list k are from `bounds[k]` up to `bounds[k + 1]`, exclusive.

    `reasons[k]` is the fault of list k (text.PHRASES), 0 for none; a list with a fault has no levels.
    `rounded[k]` is how many of its numbers differ from the written ones; `roundings` describes the first of all lists,
    each as list and phrase.
    """

    price_ticks: NDArray[np.int64]
    size_lots: NDArray[np.int64]
    bounds: NDArray[np.int64]
    reasons: NDArray[np.int64]
    rounded: NDArray[np.int64]
    roundings: tuple[tuple[int, str], ...]
    price_decimals: int
    size_decimals: int

    def numbers(self, where: NDArray[np.int64]) -> list[tuple[int, int]]:
        """Prices and sizes of the levels at these places, in units of 10**-MAX_DECIMALS."""
        price_unit, size_unit = (10 ** (MAX_DECIMALS - each) for each in (self.price_decimals, self.size_decimals))
        both = zip(self.price_ticks[where].tolist(), self.size_lots[where].tolist(), strict=True)
        return [(price * price_unit, size * size_unit) for price, size in both]

    def report_rounded(self, report: Report, name: str, lines: Sequence[int]) -> None:
        """Report the rounded numbers; `lines` of the file `name` hold all lists, the same number each."""
        each = len(self.rounded) // max(len(lines), 1)
        found = ((lines[number // each], None, reason) for number, reason in self.roundings)
        report.add_all("rounded", name, found, int(self.rounded.sum()))


def read_levels(
    lists: Sequence[bytes | msgspec.Raw],
    price_decimals: int,
    size_decimals: int,
    *,
    rounded_to: tuple[int | None, int | None] = (None, None),
) -> Levels:
    """Read lists of `["price","size", ...]`, quoted or not, each valid JSON, on a scale at least as fine as given.

    `rounded_to` is the number of decimals that prices and sizes are rounded to.
    """
    text = b"\n".join([*lists, b"       \n"])  # the kernel needs at least eight bytes
    buffer = np.frombuffer(text, np.uint8)
    starts = np.cumsum([0] + [len(one) + 1 for one in lists[:-1]]) if lists else np.empty(0, np.int64)
    room = text.count(b"[")
    prices, sizes = np.empty(room, np.int64), np.empty(room, np.int64)
    counts, reasons, roundings = np.zeros((3, len(lists)), np.int64)
    rounded = np.empty((DESCRIBED, ROUNDED_FIELDS), np.int64)
    rounded_count = 0
    scales = np.array([price_decimals, size_decimals], np.int64)
    most_decimals = np.array([MAX_DECIMALS if decimals is None else decimals for decimals in rounded_to], np.int64)
    is_rounded = np.array([decimals is not None for decimals in rounded_to], np.int64)
    while True:
        needed = scales.copy()
        levels, all_read = parse_levels(buffer, starts, scales, most_decimals, prices, sizes, counts, needed)
        if not all_read:
            needed = scales.copy()
            limits = (scales, most_decimals, is_rounded)
            levels, rounded_count = read_lists(
                buffer, starts, *limits, prices, sizes, counts, reasons, roundings, rounded, needed
            )
        if (needed == scales).all():
            break
        scales = needed
    return Levels(
        price_ticks=prices[:levels],
        size_lots=sizes[:levels],
        bounds=np.concatenate(([0], np.cumsum(counts))),
        reasons=reasons,
        rounded=roundings,
        roundings=tuple(_rounding(text, value) for value in rounded[:rounded_count].tolist()),
        price_decimals=int(scales[PRICE_SLOT]),
        size_decimals=int(scales[SIZE_SLOT]),
    )


def _rounding(text: bytes, value: list[int]) -> tuple[int, str]:
    number, slot, start, stop, read, decimals = value
    return number, read_as(_NAMES[slot], text[start:stop], read, decimals)


def book_events(levels: Levels, times: NDArray[np.int64]) -> BookEvents:
    """Levels as events: list 2k has the bids and list 2k + 1 the asks of the message at `times[k]`."""
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
    """A CLEAR at `time_ns`, followed by the events."""
    cleared = BookEvents(
        time_ns=np.array([time_ns]),
        price_ticks=np.zeros(1, np.int64),
        size_lots=np.zeros(1, np.int64),
        price_decimals=events.price_decimals,
        size_decimals=events.size_decimals,
        side=np.array([CLEAR], np.int8),
    )
    return concatenated([cleared, events])

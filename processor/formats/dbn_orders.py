"""Price levels from Databento's records of orders (MBO)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import ASK, BID
from processor.formats.books import orders
from processor.formats.books.snapshots import SnapshotRuns
from processor.formats.recordings.sequencing import EffectiveTimes, Received

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.events import BookEvents
    from processor.core.report import Report

    Records = NDArray[np.void]
    Ints = NDArray[np.int64]

SNAPSHOT: Final = 32
TOP_OF_BOOK: Final = 64
_LAST: Final = 128
NONE: Final = -1
_CLEAR: Final = ord("R")
_DAMAGED: Final = "--clock local orders records by their times of receipt"


def by_byte(meaning: dict[bytes, int]) -> NDArray[np.int8]:
    """A lookup table from each letter's byte to its meaning, NONE for others."""
    table = np.full(256, NONE, np.int8)
    for letter, value in meaning.items():
        table[letter[0]] = value
    return table


ACTION_OF: Final = by_byte({b"A": orders.ADD, b"C": orders.CANCEL, b"M": orders.MODIFY, b"R": orders.RESET})
SIDE_OF: Final = by_byte({b"A": ASK, b"B": BID})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecords(Received):
    """Records in the order of receipt, with their times in the chosen clock, and which of them another file also has.

    Prices and sizes are those of the records.
    """

    record: Records
    happened_ns: Ints
    again: NDArray[np.bool_]


def begin_of_book(records: Records) -> int:
    """The index of the first record at which all resting orders are known; the number of records if there is none."""
    begins = (records["action"] == _CLEAR) | ((records["flags"] & (SNAPSHOT | TOP_OF_BOOK)) != 0)
    return int(np.argmax(begins)) if begins.any() else len(records)


class OrderLevels:
    """Follows the orders of an instrument, by its records in the order of receipt."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._orders = orders.OrderBook()
        self._runs = SnapshotRuns()
        self._effective_times = EffectiveTimes(report, _DAMAGED)

    @property
    def has_begun(self) -> bool:
        """Whether all resting orders are known."""
        return self._orders.has_begun

    def rescale(self, factor: int) -> None:
        """Multiply the prices of all resting orders.

        Raises:
            ScaleOverflow: one of them does not fit into 64 bits then.
        """
        self._orders.rescale(factor)

    def events(
        self, name: str, records: Records, lines: Ints, times: Ints, prices: Ints, price_decimals: int
    ) -> BookEvents:
        """The events of the next records, which all act on the book; faults are reported.

        Raises:
            DatasetError: the time of a record is damaged.
        """
        in_snapshot = (records["flags"] & SNAPSHOT) != 0
        starts = self._snapshot_starts(in_snapshot, records)
        if len(starts):
            rows = np.insert(np.arange(len(records)), starts, starts)
            records, lines, times, prices = records[rows], lines[rows], times[rows], prices[rows]
        actions = ACTION_OF[records["action"]]
        top = (records["flags"] & TOP_OF_BOOK) != 0
        actions = np.where(top & (actions == orders.ADD), np.int8(orders.REPLACE_SIDE), actions)
        actions[starts + np.arange(len(starts))] = orders.RESET
        ids = np.ascontiguousarray(records["order_id"])
        events, faults = self._orders.apply(
            np.arange(len(records)), actions, ids, SIDE_OF[records["side"]], prices, records["size"].astype(np.int64)
        )
        for fault, kind, detail in (
            (orders.UNSEEDED, "before_snapshot", "an order before the first clear or snapshot of the book"),
            (orders.UNKNOWN_ORDER, "gaps", "an order that was never added"),
            (orders.TOO_MUCH, "gaps", "more of an order is cancelled than is resting"),
            (orders.KNOWN_ORDER, "gaps", "an order is added that is already resting: the new one replaces it"),
        ):
            at = np.flatnonzero(faults == fault)
            self._report.add_all(kind, name, ((int(lines[row]), int(times[row]), detail) for row in at), len(at))
        return replace(self._effective_times.of_events(name, times, lines, events), price_decimals=price_decimals)

    def _snapshot_starts(self, in_snapshot: NDArray[np.bool_], records: Records) -> NDArray[np.intp]:
        """Which orders start a snapshot without a clear before them; otherwise the clear starts it."""
        clears: NDArray[np.bool_] = records["action"] == _CLEAR
        lasts = clears | ((records["flags"] & _LAST) != 0)
        starts = self._runs.starts(clears | in_snapshot, records["ts_recv"], lasts)
        return starts[~clears[starts]]

"""Trades of recordings that have no ids: known by their content, where recordings overlap in time."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processor.errors import DatasetError
from processor.formats.recordings.moments import Moments
from processor.formats.recordings.told import key_of
from processor.units import NS_PER_MS

if TYPE_CHECKING:
    from processor.core.report import Report

_CONTENTS_KEPT: Final = 4096
_TURNS: Final = 4
"""So often two recordings may miss trades in turns though they agree in none: each was away once or twice."""


class RecordedTrade(NamedTuple):
    """A trade and where it stands: its time by the exchange, price and size in units of 10**-MAX_DECIMALS.

    `time_ns` is its time in the chosen clock, `received_ns` that of its receipt. Without ids, `trade_id` is None.
    `previous_id` is the id before it, where the vendor counts them.
    """

    trade_id: int | str | None
    sent_ns: int
    price: int
    size: int
    aggressor: int
    file: str
    line: int
    time_ns: int
    received_ns: int
    previous_id: int | None = None

    @property
    def place(self) -> tuple[str, int]:
        """Its file and line."""
        return self.file, self.line

    @property
    def content(self) -> tuple[int, int, int, int]:
        """What trades of one id must agree in: a venue may send ms on one stream and finer times on another."""
        return self.sent_ns // NS_PER_MS, self.price, self.size, self.aggressor

    @property
    def known_ns(self) -> int:
        """The later of the two clocks."""
        return max(self.received_ns, self.sent_ns)


class TradesAlike:
    """Of trades that are alike, the k-th of a file is the k-th of an earlier one, where the files overlap.

    Trades of one file that are alike are real. Beside what `Moments` keeps, it is 8 bytes for each trade that the
    earlier files lack.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._counts: dict[tuple[int, ...], int] = {}
        """How many trades of a content this file has told: of the last contents."""
        self._moments = Moments("the trades at one time")
        self._overlaps = False
        self._name = ""
        self._lacked = array("q")
        """Times of the trades of this file that earlier ones lack."""
        self._span: tuple[int, int] | None = None
        """The first and the last time of this file so far, where it overlaps earlier ones."""

    def next_file(self, name: str, next_ns: int | None, *, overlaps: bool) -> None:
        """Another file begins; the one after it begins at `next_ns` by either clock (None: there is none).

        `overlaps`: it begins before the end of the files before.

        Raises:
            DatasetError: as `end` does.
        """
        self.end()
        self._moments.next_file(name, next_ns)
        self._counts.clear()
        self._overlaps, self._name = overlaps, name

    def is_new(self, trade: RecordedTrade) -> bool:
        """Whether no earlier file that this one overlaps has the trade.

        Raises:
            DatasetError: of an earlier moment, each has a trade that the other has not.
        """
        if not self._moments.concerns(trade.known_ns):
            return True
        content = trade.sent_ns, trade.price, trade.size, trade.aggressor
        key = key_of(repr((*content, self._count(content))).encode())
        if self._overlaps and self._is_told(trade, key):
            self._report.add("duplicates", trade.file, trade.line, trade.time_ns, "another file has the same trade")
            return False
        self._moments.keep(trade.known_ns, key, trade.sent_ns, trade.line)
        return True

    def end(self) -> None:
        """The file has been read.

        Raises:
            DatasetError: it and an earlier one contradict each other, or agree in less than they miss in turns.
        """
        self._moments.end()
        if self._span is not None:
            self._compare(*self._span)
        self._lacked = array("q")
        self._span = None

    def _count(self, content: tuple[int, ...]) -> int:
        """How many trades alike this file has told before."""
        number = self._counts.pop(content, 0)
        self._counts[content] = number + 1
        if len(self._counts) > _CONTENTS_KEPT:
            del self._counts[next(iter(self._counts))]
        return number

    def _is_told(self, trade: RecordedTrade, key: int) -> bool:
        first_ns, last_ns = self._span or (trade.sent_ns, trade.sent_ns)
        self._span = min(first_ns, trade.sent_ns), max(last_ns, trade.sent_ns)
        is_told = self._moments.is_told(key, trade.sent_ns, trade.place)
        if not is_told and self._moments.is_within(trade.sent_ns):
            self._lacked.append(trade.sent_ns)
        return is_told

    def _compare(self, first_ns: int, last_ns: int) -> None:
        """Refuse recordings that agree in less than they miss in turns; tell what either lacks."""
        agreed, missed = self._moments.compared(first_ns, last_ns)
        lacked = np.sort(np.array(self._lacked, np.int64))
        if not len(missed) and not len(lacked):
            return
        is_mine = np.repeat([False, True], [len(missed), len(lacked)])
        is_mine = is_mine[np.argsort(np.concatenate((missed, lacked)), kind="stable")]
        turns = int(np.count_nonzero(is_mine[1:] != is_mine[:-1]))
        before = self._moments.first_file()
        found = f"{agreed} trades are in both, {len(missed)} only in {before}, {len(lacked)} only in {self._name}"
        if turns > max(agreed, _TURNS):
            msg = (
                f"{before} and {self._name} cover the same time, but differ: {found}, in turns, and nothing "
                f"shows which are right: keep one of the files"
            )
            raise DatasetError(msg)
        detail = f"in the time that both cover, {found}: read as trades that a recorder missed"
        self._report.add("assumptions", self._name, None, first_ns, detail)

"""Trades without ids in recordings that overlap in time, recognised by their content."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processor.errors import DatasetError
from processor.formats.recordings.content_overlap import ContentOverlap
from processor.formats.recordings.seen_messages import key_of
from processor.units import NS_PER_MS

if TYPE_CHECKING:
    from processor.core.report import Report

_CONTENTS_KEPT: Final = 4096
_TURNS: Final = 4
"""How often two recordings that share no trade may alternate in missing trades: each was disconnected once or twice."""


class RecordedTrade(NamedTuple):
    """A trade and its place: its exchange time, price and size in units of 10**-MAX_DECIMALS.

    `time_ns` is its time in the chosen clock, `received_ns` its time of receipt. Without ids, `trade_id` is None.
    `previous_id` is the id before it, if the vendor counts trades.
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
        """The fields that must agree for one id: a venue may send ms on one stream and finer times on another."""
        return self.sent_ns // NS_PER_MS, self.price, self.size, self.aggressor

    @property
    def known_ns(self) -> int:
        """The later of the two clocks."""
        return max(self.received_ns, self.sent_ns)


class TradesWithoutIds:
    """Matches equal trades by number: where files overlap, the k-th in a file is the k-th in an earlier one.

    Equal trades within one file are real. Beside `ContentOverlap`, it keeps 8 bytes for each trade that the
    earlier files lack.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._counts: dict[tuple[int, ...], int] = {}
        """How many trades of each of the last contents this file has had."""
        self._overlap = ContentOverlap("the trades at one time")
        self._overlaps = False
        self._name = ""
        self._lacked = array("q")
        """Times of the trades of this file that earlier files lack."""
        self._span: tuple[int, int] | None = None
        """The first and the last time of this file so far, where it overlaps earlier files."""

    def next_file(self, name: str, next_ns: int | None, *, overlaps: bool) -> None:
        """Start another file; the one after it starts at `next_ns` by either clock (None: there is none).

        `overlaps`: the file starts before the end of the files before it.

        Raises:
            DatasetError: as for `end`.
        """
        self.end()
        self._overlap.next_file(name, next_ns)
        self._counts.clear()
        self._overlaps, self._name = overlaps, name

    def is_new(self, trade: RecordedTrade) -> bool:
        """Whether no earlier, overlapping file has the trade.

        Raises:
            DatasetError: at an earlier time, each file has a trade that the other lacks.
        """
        if not self._overlap.may_overlap(trade.known_ns):
            return True
        content = trade.sent_ns, trade.price, trade.size, trade.aggressor
        key = key_of(repr((*content, self._count(content))).encode())
        if self._overlaps and self._is_repeated(trade, key):
            self._report.add("duplicates", trade.file, trade.line, trade.time_ns, "another file has the same trade")
            return False
        self._overlap.keep(trade.known_ns, key, trade.sent_ns, trade.line)
        return True

    def end(self) -> None:
        """Finish the file.

        Raises:
            DatasetError: it contradicts an earlier file, or they share fewer trades than they alternate in missing.
        """
        self._overlap.end()
        if self._span is not None:
            self._compare(*self._span)
        self._lacked = array("q")
        self._span = None

    def _count(self, content: tuple[int, ...]) -> int:
        """How many equal trades this file has had before."""
        number = self._counts.pop(content, 0)
        self._counts[content] = number + 1
        if len(self._counts) > _CONTENTS_KEPT:
            del self._counts[next(iter(self._counts))]
        return number

    def _is_repeated(self, trade: RecordedTrade, key: int) -> bool:
        first_ns, last_ns = self._span or (trade.sent_ns, trade.sent_ns)
        self._span = min(first_ns, trade.sent_ns), max(last_ns, trade.sent_ns)
        is_repeated = self._overlap.is_repeated(key, trade.sent_ns, trade.place)
        if not is_repeated and self._overlap.is_within(trade.sent_ns):
            self._lacked.append(trade.sent_ns)
        return is_repeated

    def _compare(self, first_ns: int, last_ns: int) -> None:
        """Refuse recordings that alternate in missing trades more often than they agree; report what either lacks."""
        agreed, missed = self._overlap.compared(first_ns, last_ns)
        lacked = np.sort(np.array(self._lacked, np.int64))
        if not len(missed) and not len(lacked):
            return
        is_mine = np.repeat([False, True], [len(missed), len(lacked)])
        is_mine = is_mine[np.argsort(np.concatenate((missed, lacked)), kind="stable")]
        turns = int(np.count_nonzero(is_mine[1:] != is_mine[:-1]))
        before = self._overlap.first_file()
        found = f"{agreed} trades are in both, {len(missed)} only in {before}, {len(lacked)} only in {self._name}"
        if turns > max(agreed, _TURNS):
            msg = (
                f"{before} and {self._name} cover the same time, but differ: {found}, in turns, and nothing "
                f"shows which are right: keep one of the files"
            )
            raise DatasetError(msg)
        detail = f"in the time that both cover, {found}: read as trades that a recorder missed"
        self._report.add("assumptions", self._name, None, first_ns, detail)

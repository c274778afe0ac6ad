"""Tells which trades were recorded before, by the vendor's ids or else by their content, and where some are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.formats.line_prefix import printable
from processor.formats.told import Told, key_of

if TYPE_CHECKING:
    from processor.report import Report

_IDS_KEPT: Final = 4096
"""Of a file whatever others there are: a venue sends trades again after a reconnect."""


class TradeIds:
    """Reports trades that come again, and ids that are not followed by the one that should."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._recent: dict[int | str, None] = {}
        self._last: int | str | None = None
        self._highest = 0
        self._told = Told()
        self._alike: dict[str, int] = {}
        """How many trades of a content this file has told, where there are no ids: of the last contents."""
        self._overlaps = False

    def next_file(self, next_ns: int | None, *, overlaps: bool) -> None:
        """Another file begins; the one after it is received from `next_ns` on (None: there is none).

        `overlaps`: it begins before the end of the files before.
        """
        self._told.next_file(next_ns)
        self._alike.clear()
        self._overlaps = overlaps

    def is_new(
        self,
        trade_id: int | str | None,
        name: str,
        line: int,
        time_ns: int,
        *,
        received_ns: int,
        content: str = "",
        previous_id: int | None = None,
    ) -> bool:
        """Whether the trade was not there before.

        `previous_id` is the id before it, where the vendor counts them. Without ids, the k-th trade of a `content` is
        the k-th of an earlier file, where the files overlap: trades of one file that are alike are real.
        """
        is_told = False
        if self._told.concerns(received_ns):
            key = self._key(trade_id, content)
            is_told = (trade_id is not None or self._overlaps) and key in self._told
            if not is_told:
                self._told.keep(received_ns, key)
        if is_told or trade_id in self._recent:
            what = "this trade" if trade_id is None else f"trade {printable(trade_id)}"
            self._report.add("duplicates", name, line, time_ns, f"{what} comes again")
            return False
        if trade_id is not None:
            self._check_order(trade_id, name, line, time_ns, previous_id)
        return True

    def _check_order(self, trade_id: int | str, name: str, line: int, time_ns: int, previous_id: int | None) -> None:
        # What another file was missing is lower than what came before.
        fills_a_gap = isinstance(trade_id, int) and trade_id <= self._highest
        if previous_id is not None and self._last is not None and previous_id != self._last and not fills_a_gap:
            detail = f"trade {printable(trade_id)} follows trade {printable(self._last)}"
            self._report.add("gaps", name, line, time_ns, detail)
        if not fills_a_gap:
            self._last = trade_id
        if isinstance(trade_id, int):
            self._highest = max(self._highest, trade_id)
        self._recent[trade_id] = None
        if len(self._recent) > _IDS_KEPT:
            del self._recent[next(iter(self._recent))]

    def _key(self, trade_id: int | str | None, content: str) -> int:
        """A number for the trade; for those alike, one for each."""
        if trade_id is not None:
            return key_of(trade_id if isinstance(trade_id, int) else trade_id.encode())
        number = self._alike.pop(content, 0)
        self._alike[content] = number + 1
        if len(self._alike) > _IDS_KEPT:
            del self._alike[next(iter(self._alike))]
        return key_of(f"{content} {number}".encode())

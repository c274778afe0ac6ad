"""Tells which trades of recordings were there before, by the vendor's ids, and where some are missing."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from processor.formats.lines.line_prefix import printable
from processor.formats.recordings.going_back import GoingBack
from processor.formats.recordings.told import Told, key_of, refuse
from processor.formats.recordings.trades_alike import TradesAlike

if TYPE_CHECKING:
    from processor.core.report import Report
    from processor.formats.recordings.trades_alike import RecordedTrade

_IDS_KEPT: Final = 4096
"""Of a file whatever others there are: a venue sends trades again after a reconnect."""


class TradeIds:
    """Reports trades that come again, and ids that are not followed by the one that should.

    What an id stands for is kept for the last 4,096 trades, and as far as the next file may tell it. A file that goes
    back in time further than that is refused where it comes to a time of which it has told before.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._recent: OrderedDict[int | str, RecordedTrade] = OrderedDict()
        self._last: int | str | None = None
        self._highest = 0
        self._told = Told()
        self._going_back = GoingBack()
        self._alike = TradesAlike(report)

    def next_file(self, name: str, next_ns: int | None, *, overlaps: bool) -> None:
        """Another file begins; the one after it begins at `next_ns` by either clock (None: there is none).

        `overlaps`: it begins before the end of the files before.

        Raises:
            DatasetError: as `end` does.
        """
        self._told.next_file(name, next_ns)
        self._going_back = GoingBack()
        self._alike.next_file(name, next_ns, overlaps=overlaps)

    def is_new(self, trade: RecordedTrade) -> bool:
        """Whether the trade was not there before.

        Raises:
            DatasetError: it was, with another time, price, size or side; or that is not known; or, without ids, as
                `TradesAlike.is_new` does.
        """
        if trade.trade_id is None:
            return self._alike.is_new(trade)
        if self._was_told(trade, trade.trade_id):
            detail = f"trade {printable(trade.trade_id)} is repeated"
            self._report.add("duplicates", trade.file, trade.line, trade.time_ns, detail)
            return False
        self._going_back.add(trade)
        self._check_order(trade, trade.trade_id)
        return True

    def end(self) -> None:
        """The last file has been read.

        Raises:
            DatasetError: it contradicts an earlier one.
        """
        self._alike.end()

    def _was_told(self, trade: RecordedTrade, trade_id: int | str) -> bool:
        recent = self._recent.get(trade_id)
        if recent is not None and recent.content != trade.content:
            refuse(f"trade {printable(trade_id)}", recent.place, trade.place)
        known_ns = trade.known_ns
        if not self._told.concerns(known_ns):
            return recent is not None
        key = key_of(trade_id if isinstance(trade_id, int) else trade_id.encode())
        content = key_of(repr(trade.content).encode())
        found = self._told.find(key)
        for at in found:
            if self._told.contents[at] != content:
                refuse(f"trade {printable(trade_id)}", self._told.place(at), trade.place)
        if not found:
            self._told.keep(known_ns, key, content, trade.line)
        return bool(found) or recent is not None

    def _check_order(self, trade: RecordedTrade, trade_id: int | str) -> None:
        # What another file was missing is lower than what came before.
        fills_a_gap = isinstance(trade_id, int) and trade_id <= self._highest
        previous_id = trade.previous_id
        if previous_id is not None and self._last is not None and previous_id != self._last and not fills_a_gap:
            detail = f"trade {printable(trade_id)} follows trade {printable(self._last)}"
            self._report.add("gaps", trade.file, trade.line, trade.time_ns, detail)
        if not fills_a_gap:
            self._last = trade_id
        if isinstance(trade_id, int):
            self._highest = max(self._highest, trade_id)
        self._recent[trade_id] = trade
        if len(self._recent) > _IDS_KEPT:
            self._going_back.forget(self._recent.popitem(last=False)[1])

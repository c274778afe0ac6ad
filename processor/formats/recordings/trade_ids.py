"""Finds repeated and missing trades of recordings, by the vendor's ids."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from processor.formats.lines.line_prefix import printable
from processor.formats.recordings.rewinds import RewindCheck
from processor.formats.recordings.seen_messages import SeenMessages, key_of, refuse_contradiction
from processor.formats.recordings.trades_without_ids import TradesWithoutIds

if TYPE_CHECKING:
    from processor.core.report import Report
    from processor.formats.recordings.trades_without_ids import RecordedTrade

_IDS_KEPT: Final = 4096
"""How many ids of a file are kept in any case: a venue sends trades again after a reconnect."""


class TradeIds:
    """Reports repeated trades, and ids that are not followed by the expected next id.

    The content of an id is kept for the last 4,096 trades, and as far as the next file may repeat it. A file that goes
    back further than that is refused when it reaches a time that it covered before.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._recent: OrderedDict[int | str, RecordedTrade] = OrderedDict()
        self._last: int | str | None = None
        self._highest = 0
        self._seen = SeenMessages()
        self._rewinds = RewindCheck()
        self._without_ids = TradesWithoutIds(report)

    def next_file(self, name: str, next_ns: int | None, *, overlaps: bool) -> None:
        """Start another file; the one after it starts at `next_ns` by either clock (None: there is none).

        `overlaps`: the file starts before the end of the files before it.

        Raises:
            DatasetError: as for `end`.
        """
        self._seen.next_file(name, next_ns)
        self._rewinds = RewindCheck()
        self._without_ids.next_file(name, next_ns, overlaps=overlaps)

    def is_new(self, trade: RecordedTrade) -> bool:
        """Whether the trade is not a repetition.

        Raises:
            DatasetError: it repeats an id with another time, price, size or side; or that cannot be known; or,
                without ids, as for `TradesWithoutIds.is_new`.
        """
        if trade.trade_id is None:
            return self._without_ids.is_new(trade)
        if self._is_repeated(trade, trade.trade_id):
            detail = f"trade {printable(trade.trade_id)} is repeated"
            self._report.add("duplicates", trade.file, trade.line, trade.time_ns, detail)
            return False
        self._rewinds.add(trade)
        self._check_order(trade, trade.trade_id)
        return True

    def end(self) -> None:
        """Finish the last file.

        Raises:
            DatasetError: the file contradicts an earlier one.
        """
        self._without_ids.end()

    def _is_repeated(self, trade: RecordedTrade, trade_id: int | str) -> bool:
        recent = self._recent.get(trade_id)
        if recent is not None and recent.content != trade.content:
            refuse_contradiction(f"trade {printable(trade_id)}", recent.place, trade.place)
        known_ns = trade.known_ns
        if not self._seen.may_overlap(known_ns):
            return recent is not None
        key = key_of(trade_id if isinstance(trade_id, int) else trade_id.encode())
        content = key_of(repr(trade.content).encode())
        found = self._seen.find(key)
        for at in found:
            if self._seen.contents[at] != content:
                refuse_contradiction(f"trade {printable(trade_id)}", self._seen.place(at), trade.place)
        if not found:
            self._seen.keep(known_ns, key, content, trade.line)
        return bool(found) or recent is not None

    def _check_order(self, trade: RecordedTrade, trade_id: int | str) -> None:
        # A trade that another file lacked has a lower id than the last one.
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
            self._rewinds.forget(self._recent.popitem(last=False)[1])

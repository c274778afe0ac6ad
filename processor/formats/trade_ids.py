"""Tells from the vendor's ids which trades were recorded before, and where some are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.formats.line_prefix import printable

if TYPE_CHECKING:
    from processor.report import Report

_IDS_KEPT: Final = 4096


class TradeIds:
    """Reports trades that come again, and ids that are not followed by the one that should."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._recent: dict[int | str, None] = {}
        self._last: int | str | None = None

    def is_new(
        self, trade_id: int | str | None, name: str, line: int, time_ns: int, *, previous_id: int | None = None
    ) -> bool:
        """Whether the trade was not there before; `previous_id` is the id before it, where the vendor counts them."""
        if trade_id is None:
            return True
        if trade_id in self._recent:
            self._report.add("duplicates", name, line, time_ns, f"trade {printable(trade_id)} comes again")
            return False
        if previous_id is not None and self._last is not None and previous_id != self._last:
            self._report.add(
                "gaps", name, line, time_ns, f"trade {printable(trade_id)} follows trade {printable(self._last)}"
            )
        self._last = trade_id
        self._recent[trade_id] = None
        if len(self._recent) > _IDS_KEPT:
            del self._recent[next(iter(self._recent))]
        return True

"""Checks whether a recording jumps back to a time that it covered before and whose ids are no longer kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processor.errors import DatasetError

if TYPE_CHECKING:
    from processor.formats.recordings.trades_without_ids import RecordedTrade


class _Latest:
    """The latest time that two trades in a row reach: the time of a single trade may be wrong."""

    def __init__(self, before_ns: int = 0) -> None:
        self.time_ns = self._before_ns = before_ns

    def add(self, time_ns: int) -> None:
        reached_ns = min(self._before_ns, time_ns)
        self._before_ns = time_ns
        self.time_ns = max(self.time_ns, reached_ns)


class RewindCheck:
    """Follows the trades of a file and the forgotten ids; a trade before the forgotten ones starts a new run."""

    def __init__(self) -> None:
        self._runs: list[tuple[int, int]] = []
        """First and last times of the earlier runs."""
        self._first: RecordedTrade | None = None
        """First time of this run."""
        self._latest = _Latest()
        self._forgotten = _Latest()

    def add(self, trade: RecordedTrade) -> None:
        """Add the next trade that is not among the kept ones.

        Raises:
            DatasetError: its time is within an earlier run.
        """
        if self._first is None or trade.sent_ns < self._forgotten.time_ns:
            if self._first is not None:
                self._runs.append((self._first.sent_ns, self._latest.time_ns))
            self._first, self._latest, self._forgotten = trade, _Latest(trade.sent_ns), _Latest()
        self._latest.add(trade.sent_ns)
        if self._runs and any(first_ns <= trade.sent_ns <= last_ns for first_ns, last_ns in self._runs):
            msg = (
                f"{trade.file}: line {trade.line} goes back to a time that lines far above it cover, so repeated "
                f"trades cannot be recognised: put each recording into its own file"
            )
            raise DatasetError(msg)

    def forget(self, trade: RecordedTrade) -> None:
        """Note that the id of a trade, maybe of an earlier file or run, is no longer kept."""
        if self._first is not None and trade.file == self._first.file and trade.line >= self._first.line:
            self._forgotten.add(trade.sent_ns)

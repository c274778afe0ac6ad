"""Whether a recording goes back to a time of which it has told before, and of which its ids are no longer kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processor.errors import DatasetError

if TYPE_CHECKING:
    from processor.formats.recordings.trades_alike import RecordedTrade


class _Latest:
    """The latest time that two trades in a row reach: one alone may be wrong."""

    def __init__(self, before_ns: int = 0) -> None:
        self.time_ns = self._before_ns = before_ns

    def add(self, time_ns: int) -> None:
        reached_ns = min(self._before_ns, time_ns)
        self._before_ns = time_ns
        self.time_ns = max(self.time_ns, reached_ns)


class GoingBack:
    """Follows the trades of a file, and those whose ids are forgotten; one that goes back behind these begins a run."""

    def __init__(self) -> None:
        self._runs: list[tuple[int, int]] = []
        """First and last times of the runs before."""
        self._first: RecordedTrade | None = None
        """Of this run."""
        self._latest = _Latest()
        self._forgotten = _Latest()

    def add(self, trade: RecordedTrade) -> None:
        """The next trade that is not among those kept.

        Raises:
            DatasetError: it is of the time of a run before.
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
        """The id of a trade, maybe of a file or a run before, is no longer kept."""
        if self._first is not None and trade.file == self._first.file and trade.line >= self._first.line:
            self._forgotten.add(trade.sent_ns)

"""How the writing of one file goes."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from typing import Final

from shared.contract import WriteStats

_RATE_WINDOW_NS: Final = 10_000_000_000
_LATENCIES_KEPT: Final = 512


class Meter:
    """Counts writes and their latencies, and says what came of them."""

    def __init__(self) -> None:
        self._writes = 0
        self._bytes = 0
        self._max_ns = 0
        self._latencies_ns: deque[int] = deque()
        self._ordered_ns: list[int] = []
        """The same latencies, the shortest first."""
        self._times_ns: deque[int] = deque(maxlen=_LATENCIES_KEPT)

    def add(self, at_ns: int, latency_ns: int, size: int) -> None:
        """Count a write of `size` bytes that ended at `at_ns` and took `latency_ns`."""
        self._writes += 1
        self._bytes = size
        self._max_ns = max(self._max_ns, latency_ns)
        self._latencies_ns.append(latency_ns)
        insort(self._ordered_ns, latency_ns)
        if len(self._latencies_ns) > _LATENCIES_KEPT:
            del self._ordered_ns[bisect_left(self._ordered_ns, self._latencies_ns.popleft())]
        self._times_ns.append(at_ns)

    def stats(self, now_ns: int) -> WriteStats:
        """What has been counted, with the rate of the last 10 s."""
        ordered = self._ordered_ns
        while self._times_ns and now_ns - self._times_ns[0] > _RATE_WINDOW_NS:
            self._times_ns.popleft()
        return WriteStats(
            writes=self._writes,
            rate_hz=round(len(self._times_ns) * 1e9 / _RATE_WINDOW_NS, 2),
            last_ms=round(self._latencies_ns[-1] / 1e6, 3),
            p50_ms=round(ordered[len(ordered) // 2] / 1e6, 3),
            p99_ms=round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] / 1e6, 3),
            max_ms=round(self._max_ns / 1e6, 3),
            bytes=self._bytes,
        )

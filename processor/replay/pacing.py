"""The pace of a replay: event time from wall time, how long work may take, and waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.clock import EventClock
from processor.units import NS_PER_MS, NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from processor.clock import WallClock

_BUDGET_NS: Final = 50 * NS_PER_MS
"""Wall time that events may take until the replay checks again whether a publication is due."""


class Pacing:
    """Drives an event clock by the wall's."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._event_clock: EventClock | None = None
        self._deadline_ns = 0

    @property
    def is_timed(self) -> bool:
        """Whether the event clock has a speed; otherwise it goes as fast as the machine can."""
        return self._event_clock is not None

    def anchor(self, event_ns: int, speed: float | None) -> None:
        """Let the event clock go on from `event_ns` (since the Unix epoch), at `speed` times real time."""
        self._event_clock = None if speed is None else EventClock(event_ns, self._clock.monotonic_ns(), speed)

    def target_ns(self, stop_ns: int) -> int:
        """Where the event clock is now, at most at `stop_ns`; without a speed, `stop_ns`."""
        if self._event_clock is None:
            return stop_ns
        return min(self._event_clock.at(self._clock.monotonic_ns()), stop_ns)

    def start_work(self) -> None:
        """Start the time that a piece of work may take."""
        self._deadline_ns = self._clock.monotonic_ns() + _BUDGET_NS

    def has_expired(self) -> bool:
        """Whether that time is over."""
        return self._clock.monotonic_ns() >= self._deadline_ns

    def sleep(self, length_ns: int, slice_ns: int, is_interrupted: Callable[[], bool]) -> None:
        """Sleep for `length_ns`, or less where `is_interrupted` says so; it is asked after every `slice_ns`."""
        until_ns = self._clock.monotonic_ns() + length_ns
        while (left_ns := until_ns - self._clock.monotonic_ns()) > 0:
            self._clock.sleep(min(left_ns, slice_ns) / NS_PER_SECOND)
            if is_interrupted():
                return

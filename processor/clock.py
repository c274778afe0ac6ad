"""Time behind a seam: the wall's clock, and the event clock it drives."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shared import machine_time

if TYPE_CHECKING:
    from shared import MachineTime


class WallClock(Protocol):
    """Where the replay takes its time from."""

    def monotonic_ns(self) -> int:
        """Nanoseconds of a clock that never steps."""

    def epoch_ms(self) -> int:
        """Wall-clock milliseconds since the Unix epoch."""

    def machine_time(self) -> MachineTime | None:
        """The monotonic clock that all processes of the machine share; None where it cannot be told which that is."""

    def sleep(self, seconds: float) -> None:
        """Wait, or less if the replay is asked to stop."""


class SystemClock:
    """The machine's clock; `wake` ends a sleep early."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def monotonic_ns(self) -> int:
        """Nanoseconds of a clock that never steps."""
        return time.monotonic_ns()

    def epoch_ms(self) -> int:
        """Wall-clock milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000

    def machine_time(self) -> MachineTime | None:
        """The machine's monotonic clock, for other processes on it."""
        return machine_time()

    def sleep(self, seconds: float) -> None:
        """Wait, or less after `wake`."""
        self._woken.wait(seconds)

    def wake(self) -> None:
        """End the current sleep and every later one."""
        self._woken.set()


@dataclass(frozen=True, slots=True)
class EventClock:
    """Event time as a line through (`wall_ns`, `event_ns`) of slope `speed`."""

    event_ns: int
    wall_ns: int
    speed: float

    def at(self, wall_ns: int) -> int:
        """Event time at a moment of the wall's monotonic clock."""
        return self.event_ns + int((wall_ns - self.wall_ns) * self.speed)

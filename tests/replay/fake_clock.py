"""A clock that moves only when it is slept on, or by as much as every look at it is to cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared import MachineTime


class FakeClock:
    def __init__(self, look_ns: int = 0) -> None:
        self.now_ns = 1_000_000_000
        self.look_ns = look_ns
        self.sleeps: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None

    def monotonic_ns(self) -> int:
        self.now_ns += self.look_ns
        return self.now_ns

    def epoch_ms(self) -> int:
        return 1_800_000_000_000 + self.now_ns // 1_000_000

    def machine_time(self) -> MachineTime | None:
        return None

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now_ns += int(seconds * 1e9)
        self.on_sleep()

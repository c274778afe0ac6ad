"""The command line with a clock that runs eight times as fast: everything that is due at a time comes as much sooner.

What the wall's clock says of the day stays true.
"""

from __future__ import annotations

from typing import Final
from unittest import mock

from processor.cli import replay
from processor.cli.main import main
from processor.clock import SystemClock

TIMES: Final = 8


class HurriedClock(SystemClock):
    def monotonic_ns(self) -> int:
        return super().monotonic_ns() * TIMES

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / TIMES)


if __name__ == "__main__":
    with mock.patch.object(replay, "SystemClock", HurriedClock):
        main()

"""Whether somebody publishes into a directory right now, whatever the clocks of two machines say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.units import NS_PER_MS
from shared import HEARTBEAT_MS, STALE_AFTER_MS, heartbeat_age_ms, shares_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from processor.clock import WallClock
    from shared import Status

_LOOK_EVERY_S: Final = 0.1
_WATCHED_MS: Final = 3 * HEARTBEAT_MS


def age_ms(status: Status, read_again: Callable[[], Status], clock: WallClock) -> int:
    """Time since the last heartbeat.

    Where only the wall clock tells it and says that nobody is there, the heartbeat is watched: one that changes is a
    live one, and either clock was wrong.
    """
    here = clock.machine_time()
    now_ms = clock.epoch_ms()
    found = heartbeat_age_ms(status, now_ms, here)
    if shares_clock(status, here) or abs(now_ms - status.heartbeat_ms) <= STALE_AFTER_MS:
        return found
    until_ns = clock.monotonic_ns() + _WATCHED_MS * NS_PER_MS
    while clock.monotonic_ns() < until_ns:
        clock.sleep(_LOOK_EVERY_S)
        if read_again().heartbeat_ms != status.heartbeat_ms:
            return 0
    return abs(now_ms - status.heartbeat_ms)

"""How old a heartbeat is, by a clock that does not jump where writer and reader have the same one.

The wall clock may be set while a replay runs, and that of another machine may be wrong. The monotonic clock does
neither, and all processes of a running system share it; which system that is, its boot id tells.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from shared.contract import Status

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class MachineTime(NamedTuple):
    """A moment by the monotonic clock of a running system, in ms since any start, and the system's id."""

    boot_id: str
    monotonic_ms: int


def machine_time() -> MachineTime | None:
    """Now; None where the system has no id."""
    boot_id = _boot_id()
    return None if boot_id is None else MachineTime(boot_id, time.monotonic_ns() // 1_000_000)


@cache
def _boot_id() -> str | None:
    try:
        return _BOOT_ID.read_text().strip() or None
    except OSError:
        return None


def shares_clock(status: Status, here: MachineTime | None) -> bool:
    """Whether the age of a status can be told by the monotonic clock of the system that is `here`."""
    return (
        here is not None
        and status.boot_id == here.boot_id
        and status.heartbeat_monotonic_ms is not None
        and status.heartbeat_monotonic_ms <= here.monotonic_ms
    )


def heartbeat_age_ms(status: Status, epoch_ms: int, here: MachineTime | None) -> int:
    """Time since the heartbeat, at most as wrong as the wall clocks of two machines differ; not negative."""
    if shares_clock(status, here) and here is not None and status.heartbeat_monotonic_ms is not None:
        return here.monotonic_ms - status.heartbeat_monotonic_ms
    return max(0, epoch_ms - status.heartbeat_ms)

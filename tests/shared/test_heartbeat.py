from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from processor.cli.liveness import age_ms
from shared import MachineTime, heartbeat_age_ms, machine_time
from tests.cli.running import run_here
from tests.replay.fake_clock import FakeClock
from tests.visualizer.pictures import status

if TYPE_CHECKING:
    from pathlib import Path

    from shared import Status

HERE = MachineTime("this boot", 5_000_000)


def beating(epoch_ms: int, monotonic_ms: int | None, boot_id: str | None = "this boot") -> Status:
    return status(heartbeat_ms=epoch_ms, heartbeat_monotonic_ms=monotonic_ms, boot_id=boot_id)


@given(jump_ms=st.integers(-(10**12), 10**12), age=st.integers(0, 5_000_000))
def test_on_one_machine_no_jump_of_the_wall_clock_changes_an_age(jump_ms: int, age: int) -> None:
    beat = beating(1_800_000_000_000, HERE.monotonic_ms - age)

    assert heartbeat_age_ms(beat, 1_800_000_000_000 + jump_ms, HERE) == age


def test_of_another_machine_or_boot_the_wall_clock_tells_the_age_and_none_is_negative() -> None:
    for beat in (
        beating(1_000, 4_000_000, boot_id="another"),
        beating(1_000, None),
        beating(1_000, 4_000_000, boot_id=None),
        beating(1_000, 6_000_000),
    ):
        assert heartbeat_age_ms(beat, 3_500, HERE) == 2_500
        assert heartbeat_age_ms(beat, 500, HERE) == 0
    assert heartbeat_age_ms(beating(1_000, 4_000_000), 3_500, None) == 2_500


def test_processes_of_this_machine_share_its_monotonic_clock() -> None:
    here = machine_time()
    if here is not None:
        assert abs(here.monotonic_ms - time.monotonic_ns() // 1_000_000) < 60_000
        assert here.boot_id
        later = machine_time()
        assert later is not None
        assert later.boot_id == here.boot_id


def test_a_heartbeat_that_moves_is_a_live_one_whatever_the_clock_of_the_other_machine_says() -> None:
    for ahead_ms in (-3_600_000, 3_600_000):
        clock = FakeClock()

        def read() -> Status:
            return beating(clock.epoch_ms() // 1000 * 1000 + ahead_ms, None)  # noqa: B023 - called at once

        assert age_ms(read(), read, clock) == 0
        assert sum(clock.sleeps) <= 1.2

        clock = FakeClock()
        still = read()
        assert age_ms(still, lambda: still, clock) >= 3_599_000  # noqa: B023


def test_a_heartbeat_that_is_fresh_by_the_wall_clock_is_not_watched() -> None:
    clock = FakeClock()
    beat = beating(clock.epoch_ms() - 4_000, None)

    assert age_ms(beat, lambda: beat, clock) == 4_000
    assert clock.sleeps == []


def test_health_is_not_fooled_by_a_wall_clock_that_was_set_back(tmp_path: Path) -> None:
    here = machine_time()
    beat = msgspec.structs.replace(status(), heartbeat_ms=time.time_ns() // 1_000_000 + 3_600_000, files={})
    if here is not None:
        beat = msgspec.structs.replace(beat, boot_id=here.boot_id, heartbeat_monotonic_ms=here.monotonic_ms)
        (tmp_path / "status.json").write_bytes(msgspec.json.encode(beat))
        assert run_here("health", tmp_path).returncode == 0
        long_ago = msgspec.structs.replace(beat, heartbeat_monotonic_ms=max(0, here.monotonic_ms - 9_000))
        (tmp_path / "status.json").write_bytes(msgspec.json.encode(long_ago))
        assert "heartbeat is" in run_here("health", tmp_path).stderr

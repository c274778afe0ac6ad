"""The pace of a replay: where the event clock is, when work has taken too long, and what ends a sleep."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.replay.pacing import Pacing
from tests.replay.fake_clock import FakeClock

EVENT_NS: Final = 1_723_161_660_000_000_000
NEVER_NS: Final = 2**62


@given(
    speed=st.sampled_from([0.25, 0.5, 1.0, 64.0, 4096.0]),
    waits_ms=st.lists(st.integers(0, 10_000), max_size=5),
)
def test_the_event_clock_goes_as_many_times_as_fast_as_the_wall_as_the_speed_says(
    speed: float, waits_ms: list[int]
) -> None:
    clock = FakeClock()
    pacing = Pacing(clock)
    pacing.anchor(EVENT_NS, speed)
    clock.now_ns += sum(waits_ms) * 1_000_000

    assert pacing.target_ns(NEVER_NS) == EVENT_NS + Fraction(speed) * sum(waits_ms) * 1_000_000


def test_the_event_clock_does_not_pass_the_stop() -> None:
    clock = FakeClock()
    pacing = Pacing(clock)
    pacing.anchor(EVENT_NS, 10.0)
    clock.now_ns += 1_000_000_000

    assert pacing.target_ns(EVENT_NS + 5) == EVENT_NS + 5


def test_without_a_speed_the_event_clock_is_at_the_stop_at_once() -> None:
    pacing = Pacing(FakeClock())
    pacing.anchor(EVENT_NS, None)

    assert not pacing.is_timed
    assert pacing.target_ns(NEVER_NS) == NEVER_NS


def test_work_has_50_ms_each_time_that_it_starts() -> None:
    clock = FakeClock()
    pacing = Pacing(clock)
    for _ in range(2):
        pacing.start_work()
        clock.now_ns += 49_999_999
        assert not pacing.has_expired()
        clock.now_ns += 1
        assert pacing.has_expired()


@pytest.mark.parametrize(("interrupted_after", "slept_s"), [(1, 0.03), (2, 0.06), (9, 0.1)])
def test_a_sleep_is_looked_up_from_in_slices_and_ends_when_it_is_interrupted(
    interrupted_after: int, slept_s: float
) -> None:
    clock = FakeClock()
    Pacing(clock).sleep(100_000_000, 30_000_000, lambda: len(clock.sleeps) >= interrupted_after)

    assert sum(clock.sleeps) == pytest.approx(slept_s)


def test_a_sleep_of_no_length_does_not_sleep() -> None:
    clock = FakeClock()
    Pacing(clock).sleep(-1, 30_000_000, lambda: False)

    assert clock.sleeps == []

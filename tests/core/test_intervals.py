"""Intervals of a fixed length: numbers and starts."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.intervals import labels_ms, number_of, start_of
from processor.settings import Settings

DAY_NS = 86_400 * 10**9
LENGTHS = st.sampled_from([10**6, 10**9, 60 * 10**9, DAY_NS, 3 * DAY_NS, 7 * DAY_NS])
SECONDS_OF_A_CENTURY = st.integers(-10 * 365 * 86_400, 90 * 365 * 86_400)


@given(st.integers(-(10**18), 4 * 10**18), LENGTHS)
def test_an_interval_holds_its_times_and_the_next_one_starts_where_it_ends(time_ns: int, length_ns: int) -> None:
    start_ns = start_of(number_of(time_ns, length_ns), length_ns)
    assert start_ns <= time_ns < start_ns + length_ns
    assert number_of(start_ns + length_ns, length_ns) == number_of(start_ns, length_ns) + 1


@given(SECONDS_OF_A_CENTURY, st.sampled_from(["1w", "7d"]))
def test_a_week_begins_on_monday(second: int, interval: str) -> None:
    interval_ns = Settings(interval=interval).aggregation.interval_ns
    label_ms = labels_ms(np.array([number_of(second * 10**9, interval_ns)]), interval_ns)[0]
    start = datetime.fromtimestamp(int(label_ms) // 1000, UTC)
    assert (start.weekday(), start.hour, start.minute, start.second) == (0, 0, 0, 0)


@pytest.mark.parametrize("length_ns", [10**9, DAY_NS, 3 * DAY_NS])
def test_other_intervals_count_from_the_epoch(length_ns: int) -> None:
    assert start_of(0, length_ns) == 0
    assert number_of(20 * length_ns + 5, length_ns) == 20


def test_bars_by_activity_are_named_by_their_start() -> None:
    names = np.array([5, 1_700_000_000_000])
    assert labels_ms(names, 0).tolist() == names.tolist()

"""Large orders beside their definition, one order after the other."""

from __future__ import annotations

from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processor.core.aggregates import large_orders
from processor.core.aggregates.large_orders import LEAST_ORDERS, WINDOW_NS, Hour

MINUTE_NS = 60 * 10**9
VOLUMES = st.one_of(*(st.integers(0, most) for most in (9, 2**33, 2**40, 2**58, 2**66)), st.just(10**9))
ORDERS = st.lists(st.tuples(st.sampled_from([0, 0, 1, 20, 59, 60]), VOLUMES), max_size=40)


def slowly(times: list[int], volumes: list[int], least: int) -> list[bool]:
    found = []
    for time_ns, volume in zip(times, volumes, strict=True):
        window = [v for t, v in zip(times, volumes, strict=True) if time_ns - 60 * MINUTE_NS <= t < time_ns]
        n, s1, s2 = len(window), sum(window), sum(v * v for v in window)
        spread = n * s2 - s1 * s1
        found.append(n >= least and volume * n > s1 and (volume * n - s1) ** 2 >= 9 * spread > 0)
    return found


def are_large(time_ns: np.ndarray, lots: np.ndarray, first: int = 0) -> np.ndarray:
    return Hour(time_ns[:first], lots[:first]).are_large(time_ns[first:], lots[first:])


def columns(times: list[int], volumes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(times, np.int64), np.array(volumes, object if max(volumes, default=0) >= 2**62 else np.int64)


@given(orders=ORDERS, least=st.integers(1, 5), first=st.integers(0, 40), cuts=st.lists(st.integers(0, 40), max_size=3))
def test_large_orders_are_those_of_the_definition_wherever_their_times_are_cut(
    orders: list[tuple[int, int]], least: int, first: int, cuts: list[int]
) -> None:
    times = [int(time_ns) for time_ns in np.cumsum([minutes * MINUTE_NS for minutes, _ in orders])]
    volumes = [volume for _, volume in orders]
    with mock.patch.object(large_orders, "LEAST_ORDERS", least):
        wanted = slowly(times, volumes, least)
        if first < len(times):
            assert are_large(*columns(times, volumes), first).tolist() == wanted[first:]
        hour = Hour()
        ends = sorted({min(cut, len(times)) for cut in cuts} | {len(times)})
        found = []
        for start, end in zip([0, *ends], ends, strict=False):
            some, hour = hour.judged(*columns(times[start:end], volumes[start:end]))
            found += some.tolist()
        assert found == wanted


def test_an_order_is_judged_by_a_hundred_orders_at_least_and_none_is_large_where_all_are_equal() -> None:
    volumes = [1, 3] * (LEAST_ORDERS // 2) + [5, 4]
    times = list(range(len(volumes)))
    assert np.flatnonzero(are_large(*columns(times, volumes))).tolist() == [LEAST_ORDERS]
    assert not are_large(*columns(times[1:], volumes[1:])).any()
    assert not are_large(*columns(times, [2] * LEAST_ORDERS + [900, 3])).tolist()[LEAST_ORDERS]


def test_the_hour_before_has_its_first_moment_and_not_the_orders_own() -> None:
    volumes = [1, 3] * 50 + [5]
    times = [0] * 100 + [WINDOW_NS]
    assert are_large(*columns(times, volumes)).tolist()[-1]
    assert not are_large(*columns([0] * 100 + [WINDOW_NS + 1], volumes)).any()
    assert not are_large(*columns([0] * 101, volumes)).any()


def test_sizes_that_get_more_decimals_are_judged_on_one_scale() -> None:
    _, hour = Hour().judged(np.arange(100), np.array([1, 3] * 50))
    assert hour.finer(1).are_large(np.array([100, 101]), np.array([50, 49])).tolist() == [True, False]

"""CVD by order size beside a slow reference, and what is known of it when."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from math import ceil
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processor.core.flow import sizes
from processor.core.flow.sizes import BUCKETS, EDGES, OrderSizes, SizesBefore, Sums, held_orders
from processor.core.lots import NARROW_LOTS
from tests.core.streams import EDGE_SIZES, SESSIONS_NS, TRADE_SIZES, Trade, columns_of_trades, trade_streams

if TYPE_CHECKING:
    from processor.settings import CvdReset

DAY_NS = 86_400 * 10**9
STREAMS = st.sampled_from([TRADE_SIZES, EDGE_SIZES, st.just(0)]).flatmap(lambda sizes: trade_streams(sizes=sizes))


def wanted(
    trades: list[Trade], interval_ns: int, sample: int, reset: CvdReset, session_ns: int
) -> list[tuple[float | None, ...]]:
    """The rows of the definition, one order after the other; none where there are not more orders than the sample."""
    runs = [list(run) for _, run in groupby(trades, key=lambda each: (each.time_ns, each.aggressor))]
    orders = [(run[0].time_ns, run[0].aggressor, Fraction(sum(t.size_lots for t in run), 100)) for run in runs]
    if len(orders) <= sample:
        return []
    ranked = sorted(volume for *_, volume in orders[:sample])
    edges = sorted({ranked[ceil(Fraction(percent, 100) * sample) - 1] for percent in (50, 90, 99)})
    cvd = [Fraction(0)] * (len(edges) + 1)
    day: int | None = None
    rows: dict[int, list[float | None]] = {}
    padding = [None] * (3 - len(edges))
    for time_ns, side, volume in orders:
        if reset == "day" and (time_ns - session_ns) // DAY_NS != day:
            cvd = [Fraction(0)] * len(cvd)
        day = (time_ns - session_ns) // DAY_NS
        cvd[sum(edge <= volume for edge in edges)] += side * volume
        rows[time_ns // interval_ns] = [*map(float, cvd), *padding, *map(float, edges), *padding]
    return [(bar, *values) for bar, values in rows.items()]


@given(
    trades=STREAMS,
    interval_ns=st.sampled_from([10**9, 60 * 10**9, 3 * DAY_NS]),
    sample=st.integers(1, 12),
    reset=st.sampled_from(["none", "day"]),
    session_ns=SESSIONS_NS,
    cuts=st.lists(st.integers(0, 40), max_size=4),
    keep=st.sampled_from([None, 1, 3]),
)
def test_rows_are_those_of_the_definition_wherever_the_trades_are_cut(
    trades: list[Trade],
    interval_ns: int,
    sample: int,
    reset: CvdReset,
    session_ns: int,
    cuts: list[int],
    keep: int | None,
) -> None:
    expected = wanted(trades, interval_ns, sample, reset, session_ns)
    with mock.patch.object(sizes, "SAMPLE_ORDERS", sample):
        for may_be_narrow in (False, True):
            found = OrderSizes(keep, reset=reset, session_ns=session_ns)
            ends = sorted({min(cut, len(trades)) for cut in cuts} | {len(trades)})
            for start, end in zip([0, *ends], ends, strict=False):
                part = columns_of_trades(trades[start:end], 1, 2)
                is_narrow = may_be_narrow and sum(trade.size_lots for trade in trades[:end]) < NARROW_LOTS
                found.take(part, part.time_ns // interval_ns, is_narrow=is_narrow)
            assert found.frame().rows() == (expected if keep is None else expected[-keep:])


def orders(volumes: list[int], decimals: int = 0) -> OrderSizes:
    """Bought orders of these volumes, a second each, in bars of a second."""
    found = OrderSizes(None)
    part = columns_of_trades([Trade(n * 10**9, 5, volume, 1) for n, volume in enumerate(volumes)], 0, decimals)
    found.take(part, part.time_ns // 10**9, is_narrow=True)
    return found


def test_edges_are_percentiles_by_the_nearest_rank_of_the_first_ten_thousand_orders() -> None:
    volumes = [*range(10_000, 0, -1), 10**6]
    assert orders(volumes[:-1]).frame().is_empty()
    frame = orders(volumes).frame()
    assert frame.select(EDGES).row(0) == (5000, 9000, 9900)
    assert len(frame) == 10_001, "the series counts from the first order"
    assert frame.select(BUCKETS).row(-1)[-1] == sum(range(9900, 10_001)) + 10**6


def test_a_dataset_of_fewer_orders_takes_all_of_them_at_its_end_and_equal_edges_are_one() -> None:
    found = orders([1, 1, 1, 7])
    assert found.frame().is_empty()
    assert found.frame(at_end=True).rows()[-1] == (3, 0, 3, 7, None, 1, 7, None)
    assert OrderSizes(None).frame(at_end=True).is_empty()


def test_edges_and_sums_grow_with_the_decimals_of_later_sizes() -> None:
    with mock.patch.object(sizes, "SAMPLE_ORDERS", 2):
        found = orders([1, 2, 3])
        later = columns_of_trades([Trade(5 * 10**9, 5, 25, -1)], 0, 1)
        found.take(later, later.time_ns // 10**9, is_narrow=True)
        assert found.frame().rows()[-1] == (5, 0, 1, 2.5, None, 1, 2, None)


def test_an_order_that_is_cut_where_its_volume_leaves_64_bits_is_one() -> None:
    found = OrderSizes(None)
    for volume, is_narrow in ((1, True), (2**63 - 1, False), (2**63 - 1, False)):
        part = columns_of_trades([Trade(0, 5, volume, 1)], 0, 0)
        found.take(part, part.time_ns, is_narrow=is_narrow)
    assert found.frame(at_end=True).rows() == [(0, 0, float(2**64 - 1), None, None, float(2**64 - 1), None, None)]


def test_sums_that_leave_64_bits_go_on_after_an_order_that_does_not() -> None:
    far = 2**64
    for sums in ((far, 5, -far), (2**63 - 1, 0, 1 - 2**63)):
        held = held_orders(np.array([1]), np.array([1], np.int8), np.array([20]))
        found = OrderSizes(None, SizesBefore(0, (3, 10), Sums(sums, sums, 0), held))
        assert found.rows() == ([], (3, 10))
        later = columns_of_trades([Trade(2, 5, 7, 1), Trade(3, 5, 2, -1)], 0, 0)
        found.take(later, np.array([4, 4]), is_narrow=False)
        assert found.rows() == ([(4, (sums[0] - 2, sums[1] + 7, sums[2] + 20))], (3, 10))

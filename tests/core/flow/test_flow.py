"""Order flow from trades: footprints, profiles, statistics and what a replay shows of them, beside a slow reference."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.aggregates.base import Batch
from processor.core.engine import Engine
from processor.core.flow import kept
from processor.core.flow.cells import Cells, cells_of, concatenated
from processor.core.flow.checks import flow_checks
from processor.core.flow.frames import footprint_frame, statistics_frame
from processor.core.flow.imbalance import ImbalanceRule, imbalances
from processor.core.flow.kept import Flow
from processor.core.flow.profile import nodes, value_areas
from processor.core.flow.rows import least_height
from processor.core.flow.shown import FlowShown
from processor.core.flow.statistics import nothing_before, statistics
from processor.settings import Aggregation
from tests.core.flow import flow_reference as reference
from tests.core.streams import EDGE_SIZES, SESSIONS_NS, TRADE_SIZES, Trade, columns_of_trades, trade_streams

if TYPE_CHECKING:
    from processor.core.events import Trades

MINUTE_NS: Final = 60 * 10**9
DAY_NS: Final = 86_400 * 10**9
PRICE_DECIMALS, SIZE_DECIMALS = 1, 2

STREAMS: Final = st.sampled_from([TRADE_SIZES, EDGE_SIZES, st.just(0)]).flatmap(
    lambda sizes: trade_streams(sizes=sizes)
)
INTERVALS_NS: Final = st.sampled_from([10**9, MINUTE_NS, 7 * MINUTE_NS, DAY_NS, 3 * DAY_NS])
HEIGHTS: Final = st.sampled_from([1, 2, 3, 7, 1000])


def plain(trades: list[Trade]) -> list[reference.Trade]:
    return [
        reference.Trade(
            each.time_ns,
            Fraction(each.price_ticks, 10**PRICE_DECIMALS),
            Fraction(each.size_lots, 10**SIZE_DECIMALS),
            each.aggressor,
        )
        for each in trades
    ]


def columns(trades: list[Trade]) -> Trades:
    return columns_of_trades(trades, PRICE_DECIMALS, SIZE_DECIMALS)


def cells(trades: list[Trade], interval_ns: int, cuts: list[int], *, is_narrow: bool, session_ns: int = 0) -> Cells:
    """The cells of trades in parts that are cut at `cuts`."""
    ends = sorted({min(cut, len(trades)) for cut in cuts} | {len(trades)})
    parts = [columns(trades[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
    return concatenated(
        [
            cells_of(part, part.time_ns // interval_ns, is_narrow=is_narrow, session_ns=session_ns)
            for part in parts
            if len(part)
        ]
    )


def bars_of(trades: list[reference.Trade], interval_ns: int) -> dict[int, list[reference.Trade]]:
    bars: dict[int, list[reference.Trade]] = {}
    for trade in trades:
        bars.setdefault(trade.time_ns // interval_ns, []).append(trade)
    return bars


def fits(trades: list[Trade]) -> bool:
    return sum(trade.size_lots for trade in trades) < 2**62


@given(trades=STREAMS, interval_ns=INTERVALS_NS, height=HEIGHTS, cuts=st.lists(st.integers(0, 40), max_size=3))
def test_footprints_are_those_of_the_definitions(
    trades: list[Trade], interval_ns: int, height: int, cuts: list[int]
) -> None:
    if not trades:
        return
    price = Fraction(height, 10**PRICE_DECIMALS)
    wanted = [
        (
            bucket,
            float(number * price),
            *(float(each) for each in (row.buy, row.sell, row.unknown)),
            row.trades,
            *reference.imbalance(rows, Fraction(3))[number],
        )
        for bucket, of_bar in bars_of(plain(trades), interval_ns).items()
        for rows in [reference.rows_of(of_bar, price)]
        for number, row in rows.items()
    ]
    for is_narrow in {False, fits(trades)}:
        found = cells(trades, interval_ns, cuts, is_narrow=is_narrow).of_bars().in_rows(height)
        assert footprint_frame(found, height).rows() == wanted


@given(
    trades=STREAMS,
    interval_ns=INTERVALS_NS,
    height=HEIGHTS,
    cuts=st.lists(st.integers(0, 40), max_size=3),
    session_ns=SESSIONS_NS,
)
def test_statistics_are_those_of_the_definitions(
    trades: list[Trade], interval_ns: int, height: int, cuts: list[int], session_ns: int
) -> None:
    if not trades:
        return
    price = Fraction(height, 10**PRICE_DECIMALS)
    every = plain(trades)
    for is_narrow in {False, fits(trades)}:
        of_bars = cells(trades, interval_ns, cuts, is_narrow=is_narrow, session_ns=session_ns)
        found, _ = statistics(of_bars, height, nothing_before())
        rows = statistics_frame(found).rows(named=True)
        assert [row["bucket"] for row in rows] == list(bars_of(every, interval_ns))
        for row, of_bar in zip(rows, bars_of(every, interval_ns).values(), strict=True):
            high, low = reference.extremes(of_bar)
            assert (row["delta_max"], row["delta_min"]) == (float(high), float(low))
            assert row["duration_ms"] == (of_bar[-1].time_ns - of_bar[0].time_ns) // 10**6
            last = of_bar[-1]
            before = [each for each in every if each.time_ns // interval_ns <= row["bucket"]]
            session = [each for each in before if day_of(each, session_ns) == day_of(last, session_ns)]
            for prefix, some in (("", of_bar), ("session_", session), ("dataset_", before)):
                check_averages(row, prefix, some)
            for prefix, some in (("", of_bar), ("session_", session)):
                area = reference.value_area(reference.rows_of(some, price))
                expected = None if area is None else (area[0] * price, (area[2] + 1) * price, area[1] * price)
                got = row[f"{prefix}poc"], row[f"{prefix}vah"], row[f"{prefix}val"]
                assert got == ((None,) * 3 if expected is None else tuple(map(float, expected)))
            ends = reference.rows_of(of_bar, price)
            for name, number in (("unfinished_high", max(ends)), ("unfinished_low", min(ends))):
                assert row[name] == (ends[number].buy > 0 and ends[number].sell > 0)


def day_of(trade: reference.Trade, session_ns: int) -> int:
    return (trade.time_ns - session_ns) // DAY_NS


def check_averages(row: dict[str, float], prefix: str, trades: list[reference.Trade]) -> None:
    averages = reference.moments(trades)
    if averages is None:
        assert row[f"{prefix}vwap"] is None
        assert row[f"{prefix}sigma"] is None
    else:
        assert row[f"{prefix}vwap"] == pytest.approx(float(averages[0]), rel=1e-12, abs=0)
        assert row[f"{prefix}sigma"] == pytest.approx(sqrt(averages[1]), rel=1e-12, abs=0)


@given(
    rows=st.dictionaries(
        st.one_of(st.integers(-8, 8), st.sampled_from([-(10**15), 10**15])), st.integers(0, 4), min_size=1, max_size=12
    )
)
def test_a_value_area_is_found_across_rows_without_a_trade_however_many(rows: dict[int, int]) -> None:
    near = {number: lots for number, lots in rows.items() if abs(number) < 10**9}
    for some in (near, rows):
        if not some:
            continue
        found = value_areas(profile(some), 1)
        if not sum(some.values()):
            assert not found.known[0]
        elif some is near:
            wanted = reference.value_area({number: row_of(lots) for number, lots in some.items()})
            assert wanted == (found.poc_ticks[0], found.val_ticks[0], found.vah_ticks[0] - 1)
        else:
            low, high = int(found.val_ticks[0]), int(found.vah_ticks[0]) - 1
            assert 100 * sum(lots for number, lots in some.items() if low <= number <= high) >= 70 * sum(some.values())


def row_of(lots: int) -> reference.Row:
    return reference.Row(buy=Fraction(lots), trades=1)


def profile(rows: dict[int, int]) -> Cells:
    trades = [Trade(0, number, lots, 1) for number, lots in sorted(rows.items())]
    return cells_of(columns(trades), np.zeros(len(trades), np.int64), is_narrow=True)


def test_nodes_are_told_from_the_two_rows_on_either_side() -> None:
    lots = [1, 5, 9, 10, 9, 5, 1, 0, 1, 4, 1, 1]
    high, low = nodes(np.arange(len(lots)), np.array(lots))
    assert np.flatnonzero(high).tolist() == [3]
    assert np.flatnonzero(low).tolist() == [7]


def test_a_ratio_is_compared_in_whole_numbers_and_must_be_exceeded() -> None:
    # 0.3 is not more than 3 times 0.1, though floats say so.
    trades = [Trade(0, 10, 1, -1), Trade(0, 11, 3, 1), Trade(0, 12, 4, 1), Trade(0, 11, 1, -1)]
    bar = cells_of(columns(trades), np.zeros(4, np.int64), is_narrow=True)
    assert imbalances(bar, 1)[0].tolist() == [False, False, True]
    assert imbalances(bar, 1, ImbalanceRule(Fraction(5, 2)))[0].tolist() == [False, True, True]
    assert imbalances(bar, 1, ImbalanceRule(least_lots=5))[0].tolist() == [False, False, False]


def test_an_empty_opposite_is_compared_unless_it_is_to_be_ignored() -> None:
    trades = [Trade(0, 10, 1, 1), Trade(0, 12, 2, 1)]
    bar = cells_of(columns(trades), np.zeros(2, np.int64), is_narrow=True)
    assert imbalances(bar, 1)[0].tolist() == [False, True]
    assert imbalances(bar, 1, ImbalanceRule(ignore_zero=True))[0].tolist() == [False, False]


@given(trades=STREAMS, data=st.data(), keep=st.sampled_from([1, 3, 1000]), interval_ns=INTERVALS_NS)
def test_what_is_shown_does_not_depend_on_when_it_was_shown_before(
    trades: list[Trade], data: st.DataObject, keep: int, interval_ns: int
) -> None:
    height = Fraction(data.draw(HEIGHTS), 10**PRICE_DECIMALS)
    often, once = Flow(keep), Flow(keep)
    shown = FlowShown(often)
    rest = trades
    while rest:
        some, rest = rest[: (cut := data.draw(st.integers(1, len(rest))))], rest[cut:]
        part = columns(some)
        for flow in (often, once):
            flow.advance(Batch([part], [part.time_ns // interval_ns], []))
        if data.draw(st.booleans()):
            look(shown, height)
    assert look(shown, height) == look(FlowShown(once), height)


def look(shown: FlowShown, height: Fraction) -> object:
    made = [shown.footprint(each, height, most_rows=20, bars=5, rows_a_bar=4) for each in (height, None)]
    closed = [each.closed.cells.pieces(slice(each.first, None)) for each in made if each.closed is not None]
    frames = [footprint_frame(each, 1).rows() for each in (*closed, *(each.open for each in made)) if len(each)]
    of_closed, last = shown.statistics(height)
    rows = () if of_closed is None else of_closed.rows
    session, of_session = shown.session(None, height, 7)
    earlier = [(each.day, each.areas.poc_ticks.tolist(), each.is_naked) for each in shown.earlier_sessions(of_session)]
    heights = [each.height for each in made]
    return frames, heights, rows, last, session.price_ticks.tolist(), of_session, earlier


def test_of_too_many_trades_only_the_newest_bars_are_kept_and_the_last_one_always(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept, "MOST_TRADES", 5)
    flow = Flow(1000)
    for bucket, count in enumerate((3, 2, 3, 9, 1)):
        part = columns([Trade(bucket * MINUTE_NS + i, 10, 1, 1) for i in range(count)])
        flow.advance(Batch([part], [part.time_ns // MINUTE_NS], []))
        wanted = {0: [0], 1: [0, 1], 2: [1, 2], 3: [3], 4: [4]}[bucket]
        assert flow.cells.bucket.tolist() == wanted
    # What went before counts in the averages all the same.
    (last,) = FlowShown(flow).statistics(Fraction(1))[1]
    assert last[-2:] == (1.0, 0.0)


def test_a_naked_poc_is_no_longer_one_once_a_later_trade_meets_its_row() -> None:
    flow = Flow(1000)
    for day, price in enumerate((10, 20, 10, 30)):
        part = columns([Trade(day * DAY_NS, price, 1, 1)])
        flow.advance(Batch([part], [part.time_ns // MINUTE_NS], []))
    found = FlowShown(flow).earlier_sessions(Fraction(1, 10))
    assert [(each.day, int(each.areas.poc_ticks[0]), each.is_naked) for each in found] == [
        (0, 10, False),
        (1, 20, True),
        (2, 10, True),
    ]


def test_rows_are_as_high_as_the_ladder_needs() -> None:
    found = profile(dict.fromkeys(range(100), 1))
    assert [least_height(found, 1, most) for most in (1000, 100, 99, 50, 20, 10, 1)] == [1, 1, 2, 2, 5, 10, 100]
    assert least_height(found, 5, 20) == 5


def test_no_trade_gives_empty_views() -> None:
    shown = FlowShown(Flow(10))
    assert shown.statistics(Fraction(1)) == (None, [])
    assert len(shown.footprint(None, Fraction(1), most_rows=5, bars=5, rows_a_bar=5).open) == 0
    assert pl.DataFrame(shown.earlier_sessions(Fraction(1))).is_empty()


def test_a_footprint_that_is_not_its_bar_fails_its_check() -> None:
    engine = Engine(Aggregation(interval_ns=MINUTE_NS, extras=frozenset({"flow"})), keep=10)
    engine.advance([columns([Trade(0, 10, 5, 1), Trade(1, 12, 3, -1), Trade(MINUTE_NS, 10, 2, 0)])], [])
    assert engine.flow is not None
    assert set(flow_checks(engine.flow, engine.rows(), engine.trade_bars).values()) == {True}
    engine.flow.cells.unknown_lots[-1] += 1  # of the open bar: what has closed and was right is not looked at again
    assert flow_checks(engine.flow, engine.rows(), engine.trade_bars)["footprint_is_bar"] is False
    other = Engine(Aggregation(interval_ns=MINUTE_NS), keep=10)
    other.advance([columns([Trade(0, 10, 6, 1)])], [])
    assert flow_checks(engine.flow, engine.rows(), other.trade_bars)["sessions_are_all_trades"] is False
    assert set(flow_checks(None, engine.rows(), engine.trade_bars).values()) == {None}

"""Sums of sizes beyond 64 bits, against Python's integers and fractions.

A coin of which a unit costs a hundredth of a cent is traded by the thousand million, with eight decimals: some days of
it have no room in 64 bits, and neither has a book of it.
"""

from __future__ import annotations

import json
import pickle
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from processor.aggregate.partitions import computed, partitions
from processor.aggregate.table import aggregate_all
from processor.cli.inspection import inspect
from processor.core import kernel
from processor.core import levels as levels_module
from processor.core.aggregates import bars
from processor.core.aggregates.bars import Traded, trade_bars, traded
from processor.core.book import Book
from processor.core.engine import Engine, checks
from processor.core.events import ASK, BID, BUY, CLEAR, SELL, BookEvents, scaled_up
from processor.core.kernel import WIDTH
from processor.errors import ScaleOverflow
from processor.formats import open_dataset
from processor.formats.books.occupied_prices import OccupiedPrices
from processor.formats.books.orders import ADD, RESET, OrderBook
from processor.publish.views.metrics import metrics_payload
from processor.publish.views.ohlc import ohlc_payload
from processor.publish.views.overview import overview_payload
from processor.settings import Aggregation, CvdReset, Settings
from processor.sources.opening import open_source
from processor.store.cache import Cache
from processor.store.volumes import volumes_of
from processor.units import NS_PER_DAY, NS_PER_SECOND
from tests.core.streams import (
    EDGE_SIZES,
    Trade,
    Update,
    book_streams,
    columns_of_book,
    columns_of_trades,
    trade_streams,
)
from tests.store.test_store import chunk_of, written

MOST = 2**63 - 1
US_PER_DAY = NS_PER_DAY // 1000
FIRST_US = 1_754_006_400_000_000
LOW = 2**32 - 1


def obi(bids: int, asks: int) -> float:
    return float(Fraction(bids - asks, bids + asks)) if bids + asks else 0.0


# Quotients


def near(value: int) -> st.SearchStrategy[int]:
    return st.sampled_from([max(0, value - 1), value, value + 1])


@st.composite
def shares(draw: st.DrawFn, bits: int) -> tuple[int, int]:
    """A part and its whole below 2**bits; many are half-way between two floats, or next to that."""
    whole = draw(st.integers(1, 2**bits - 1) | st.integers(0, bits - 1).map(lambda power: 2**power))
    mantissa = draw(st.integers(2**53, 2**54 - 1).map(lambda odd: odd | 1))
    half_way = draw(near((mantissa * whole) >> draw(st.integers(54, 80))))
    part = draw(st.integers(0, whole) | st.just(half_way) | st.integers(0, 9) | near(whole))
    return min(part, whole), whole


@given(shares(58))
def test_a_quotient_is_the_nearest_float(share: tuple[int, int]) -> None:
    part, whole = share
    assert kernel.quotient(part, whole) == float(Fraction(part, whole))


@given(shares(94).filter(lambda share: share[0] > 0))
def test_so_is_a_quotient_of_wide_numbers(share: tuple[int, int]) -> None:
    part, whole = share
    assert kernel._quotient_wide(part >> 32, part & LOW, whole >> 32, whole & LOW) == float(Fraction(part, whole))


# The book


def a_deep_book(seed: int, largest: list[int]) -> BookEvents:
    """2000 events for each of `largest` sizes, one an ns, half of them far from the best price, in two books."""
    chance = np.random.default_rng(seed)
    rows = 2000 * len(largest)
    side = chance.integers(0, 2, rows)
    away = chance.integers(1, 700, rows) + np.where(chance.random(rows) < 0.5, WIDTH, 0)
    sizes = np.concatenate([chance.integers(1, size, 2000, endpoint=True) for size in largest])
    return BookEvents(
        time_ns=np.arange(rows),
        side=np.where(np.isin(np.arange(rows) % 2000, (1299, 1999)), CLEAR, side).astype(np.int8),
        price_ticks=np.where(side == BID, 10**6 - away, 10**6 + away),
        size_lots=np.where(chance.random(rows) < 0.3, 0, sizes),
        price_decimals=1,
        size_decimals=8,
    )


def weighed(events: BookEvents, levels: int, every: int) -> dict[int, float]:
    """OBI after each `every`th event, by its number."""
    sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
    found = {}
    columns = (events.side.tolist(), events.price_ticks.tolist(), events.size_lots.tolist())
    for at, (of, price, size) in enumerate(zip(*columns, strict=True)):
        if of == CLEAR:
            for side in sides:
                side.clear()
        else:
            sides[of][price] = size
        if at % every == 0:
            bids, asks = (
                sorted(((sign * price, size) for price, size in side.items() if size))[: levels or None]
                for sign, side in zip((-1, 1), sides, strict=True)
            )
            found[at] = obi(sum(size for _, size in bids), sum(size for _, size in asks))
    return found


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    levels=st.sampled_from([0, 0, 0, 1, 10, 300, 10**6]),
    largest=st.lists(st.sampled_from([1000, 2**45, 2**57, MOST]), min_size=2, max_size=3),
    cuts=st.lists(st.integers(1, 999), max_size=4),
    resumes=st.booleans(),
)
def test_thousands_of_levels_weigh_what_pythons_integers_say_in_whatever_batches(
    seed: int, levels: int, largest: list[int], cuts: list[int], *, resumes: bool
) -> None:
    events = a_deep_book(seed, largest)
    book = Book(interval_ns=1, obi_levels=levels)
    found: dict[int, float] = {}
    # Cut in the middle of each size, and where the next one begins.
    places = {0, len(events), *(2000 * n + cut for cut in (0, *cuts) for n in range(len(largest)))}
    for begin, end in pairwise(sorted(places)):
        for each in (book.advance(events.rows(slice(begin, end))), book.open_bars()):
            found |= zip(each.bucket.tolist(), each.close.tolist(), strict=True)
        assert found[end - 1] == book.imbalance()
        if resumes:
            book = Book.resumed(book.state(), interval_ns=1, obi_levels=levels)
    wanted = weighed(events, levels, every=53)
    assert {at: found[at] for at in wanted} == wanted


@given(book_streams(sizes=st.one_of(st.just(0), EDGE_SIZES, st.integers(0, 9))), st.sampled_from([0, 1, 3]))
def test_whether_sums_are_wide_shows_in_no_number(updates: list[Update], levels: int) -> None:
    small = [update._replace(size_lots=update.size_lots % 2**50) for update in updates]
    found = []
    for limit in (levels_module._NARROW, 0):
        with mock.patch.object(levels_module, "_NARROW", limit):
            book = Book(interval_ns=NS_PER_SECOND, obi_levels=levels)
            closed = book.advance(columns_of_book(small))
            found.append([column.tolist() for each in (closed, book.open_bars()) for column in (each.high, each.close)])
    assert found[0] == found[1]


def weight_of(*updates: Update, book: Book, size_decimals: int = 2) -> float:
    book.advance(columns_of_book(updates, size_decimals=size_decimals))
    assert book.open_bars().close[-1] == book.imbalance()
    return book.imbalance()


def two_sides(bid_lots: int, ask_lots: int) -> list[Update]:
    """Fifty levels of either."""
    return [Update(0, BID, 100 - n, bid_lots) for n in range(50)] + [
        Update(0, ASK, 101 + n, ask_lots) for n in range(50)
    ]


@pytest.mark.parametrize("levels", [0, 50])
def test_a_book_of_large_sizes_is_weighed_rightly_by_whatever_comes_next(levels: int) -> None:
    small = Update(1, BID, 51, 1)

    grown = Book(interval_ns=1, obi_levels=levels)
    assert weight_of(*two_sides(2**55, 2**54), book=grown) == 1 / 3
    assert weight_of(small, book=grown, size_decimals=3) == obi(49 * 2**55 * 10 + 1, 50 * 2**54 * 10)

    book = Book(interval_ns=1, obi_levels=levels)
    assert weight_of(*two_sides(2**60, 2**59), book=book) == 1 / 3
    resumed = Book.resumed(book.state(), interval_ns=1, obi_levels=levels)
    assert weight_of(small, book=resumed) == weight_of(small, book=book) == obi(49 * 2**60 + 1, 50 * 2**59)


def test_sums_are_right_again_however_long_they_were_not_looked_at() -> None:
    book = Book(interval_ns=1, obi_levels=0)
    for n in range(100):
        assert weight_of(Update(n, BID, 100, 2**59), Update(n, BID, 100, 1), Update(n, BID, 100, 0), book=book) == 0
    assert weight_of(*(Update(100, BID, n, MOST) for n in range(4)), Update(100, ASK, 9, 1), book=book) == obi(
        4 * MOST, 1
    )
    assert weight_of(Update(101, ASK, 9, MOST), book=book) == 0.6
    for n in range(4):
        weight_of(Update(102, BID, n, 0), book=book)
    assert weight_of(Update(103, BID, 0, 1), Update(103, ASK, 9, 3), book=book) == -0.5


@pytest.mark.parametrize("price", [kernel._REACH, -kernel._REACH, MOST, -(2**63)])
@pytest.mark.parametrize("side", [BID, ASK])
def test_a_price_from_which_distances_have_no_room_is_refused_with_its_value(price: int, side: int) -> None:
    book = Book(interval_ns=NS_PER_SECOND, obi_levels=1)
    farthest = [(kernel._REACH - 1, 1), (1 - kernel._REACH, 2)]
    book.advance(columns_of_book([Update(0, side, *level) for level in farthest]))
    levels = zip(*(column.tolist() for column in book.levels(9)[side]), strict=True)
    assert list(levels) == sorted(farthest, reverse=side == BID)
    with pytest.raises(ScaleOverflow, match=f"a price of {Decimal(price).scaleb(-1)}, in ticks of 1e-1, has no room"):
        book.advance(columns_of_book([Update(1, side, price, 1)]))


# Bars


@given(trade_streams(sizes=EDGE_SIZES))
def test_what_is_traded_is_counted_by_side(trades: list[Trade]) -> None:
    found = traded(columns_of_trades(trades))
    assert found == Traded(*(sum(t.size_lots for t in trades if t.aggressor == side) for side in (BUY, SELL, 0)))
    assert found.volume == sum(t.size_lots for t in trades)


@given(trade_streams(), st.integers(-(10**9), 10**9), st.sampled_from(["none", "day"]))
def test_bars_of_wide_sums_are_those_of_narrow_ones(trades: list[Trade], cvd_lots: int, reset: CvdReset) -> None:
    columns = columns_of_trades(trades)
    narrow, wide = (
        trade_bars(columns, columns.time_ns // NS_PER_SECOND, volume=volume, cvd_lots=cvd_lots, cvd_day=0, reset=reset)
        for volume in (0, 2**62)
    )
    assert narrow.equals(wide)
    assert narrow.schema == wide.schema == bars.SCHEMA


@example(trades=[Trade(0, 1, MOST, 1), Trade(1, 1, MOST, 1), Trade(2, 1, 7, -1)], growth=17)
@given(trade_streams(sizes=EDGE_SIZES), st.integers(1, 17))
def test_what_has_been_traded_needs_no_room_for_the_decimals_of_a_later_trade(trades: list[Trade], growth: int) -> None:
    engine = Engine(Aggregation(interval_ns=NS_PER_SECOND))
    engine.advance([columns_of_trades(trades)], [])
    last_ns = trades[-1].time_ns if trades else 0
    engine.advance([columns_of_trades([Trade(last_ns, 1, 3, 1)], size_decimals=2 + growth)], [])
    rows = engine.rows()
    delta = sum(trade.size_lots * trade.aggressor for trade in trades) * 10**growth + 3
    assert sum(rows["volume"].to_list()) == sum(trade.size_lots for trade in trades) * 10**growth + 3
    assert rows["cvd_close"][-1] == delta
    assert False not in checks(rows, engine).values()


def test_more_than_128_bits_hold_is_refused_with_its_value() -> None:
    engine = Engine(Aggregation())
    engine.advance([columns_of_trades([Trade(0, 1, MOST, 1)], size_decimals=0)], [])
    with pytest.raises(ScaleOverflow, match=f"{MOST} lots have no room in 128 bits with 30 more decimals"):
        engine.advance([columns_of_trades([Trade(1, 1, 1, 1)], size_decimals=30)], [])
    with pytest.raises(ScaleOverflow, match=f"{2**126} lots, which were traded in all, have no room in 128 bits"):
        Traded(2**125, 2**125)


# The checks


@pytest.mark.parametrize("lots", [MOST, 2**62, 2**61 + 1])
@pytest.mark.parametrize("reset", ["none", "day"])
def test_sums_that_wrapped_around_fail_their_checks(lots: int, reset: CvdReset) -> None:
    trades = columns_of_trades([Trade(n, 1, lots, 1) for n in range(16)])
    book = columns_of_book([Update(0, n % 2, 100 - n if n % 2 == 0 else 100 + n, lots - n) for n in range(9)])
    aggregation = Aggregation(cvd_reset=reset)
    sound, wrapped = Engine(aggregation), Engine(aggregation)
    sound.advance([trades], [book])
    assert False not in checks(sound.rows(), sound).values()
    with mock.patch.object(bars, "_NARROW", 2**200), mock.patch.object(levels_module, "_NARROW", 2**200):
        wrapped.advance([trades], [book])
        found = checks(wrapped.rows(), wrapped)
    assert found["volume_is_buy_sell_unknown"] is found["cvd_step_is_buy_minus_sell"] is False
    assert found["obi_within_one"] is False


@pytest.mark.parametrize("name", [*bars.LOTS, "trades"])
def test_a_row_that_is_missing_fails_a_check(name: str) -> None:
    engine = Engine(Aggregation(interval_ns=1), keep=3)
    engine.advance([columns_of_trades([Trade(n, 1, n + 1, n % 3 - 1) for n in range(9)])], [])
    engine.advance([columns_of_trades([Trade(n, 1, n + 1, n % 3 - 1) for n in range(9, 18)])], [])
    rows = engine.rows()
    assert False not in checks(rows, engine).values()
    assert checks(rows[:1].vstack(rows[2:]), engine)["volume_is_buy_sell_unknown"] is False


# Whole datasets


def csv(folder: Path, days: int = 2) -> tuple[Path, list[tuple[int, int, str]], int, int]:
    """Trades and a book of a coin with eight decimals; its trades (time in us, lots, side) and the lots of the book."""
    folder.mkdir()
    trades = []
    rows = ["exchange,symbol,timestamp,local_timestamp,id,side,price,amount"]
    for n in range(30 * days):
        time_us = FIRST_US + n // 30 * US_PER_DAY + n % 30 * 1_000_000
        lots, side = 5 * 10**17 + 123_456_789 * n, ("sell", "buy", "buy")[n % 3]
        trades.append((time_us, lots, side))
        rows.append(f"x,X,{time_us},{time_us},{n},{side},0.000011{n % 7},{lots // 10**8}.{lots % 10**8:08d}")
    (folder / "x_trades_2025-08-01_X.csv").write_text("\n".join([*rows, ""]))
    rows = ["exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount"]
    bids = asks = 0
    for n in range(20):
        bid_lots, ask_lots = 9 * 10**18 + n, 10**18 + 7 * n
        bids, asks = bids + bid_lots, asks + ask_lots
        for side, price, lots in (("bid", 1000 - n, bid_lots), ("ask", 1001 + n, ask_lots)):
            amount = f"{lots // 10**8}.{lots % 10**8:08d}"
            rows.append(f"x,X,{FIRST_US},{FIRST_US},true,{side},0.0000{price},{amount}")
    (folder / "x_incremental_book_L2_2025-08-01_X.csv").write_text("\n".join([*rows, ""]))
    return folder, trades, bids, asks


def floats(lots: int) -> float:
    return float(Fraction(lots, 10**8))


@pytest.mark.parametrize("levels", [0, 10, 3])
def test_a_dataset_of_such_a_coin_comes_out_exact_however_it_is_read(tmp_path: Path, levels: int) -> None:
    folder, trades, bids, asks = csv(tmp_path / "d")
    wanted = Settings(interval="1d", obi_levels=levels)
    cache = Cache(tmp_path / "cache", 10**9)
    dataset = open_dataset(folder)
    found = [
        aggregate_all(dataset, dataset.instruments, wanted, kept, workers=workers, from_bars=from_bars)[0].rows
        for kept, workers, from_bars in (
            (None, 1, True),
            (cache, 1, True),
            (cache, 1, True),
            (cache, 1, False),
            *([(cache, 2, False)] if levels == 0 else []),
        )
    ]
    assert all(rows.equals(found[0]) for rows in found)
    if not levels:
        assert found[0]["obi_close"].to_list() == [obi(bids, asks)] * 2
    cvd = 0
    for day, row in enumerate(found[0].iter_rows(named=True)):
        of_day = [(lots, side) for time_us, lots, side in trades if (time_us - FIRST_US) // US_PER_DAY == day]
        bought, sold = (sum(lots for lots, side in of_day if side == wanted) for wanted in ("buy", "sell"))
        assert (row["volume"], row["buy_volume"], row["sell_volume"]) == tuple(
            map(floats, (bought + sold, bought, sold))
        )
        assert row["cvd_open"] == floats(cvd)
        cvd += bought - sold
        assert row["cvd_close"] == floats(cvd)


def test_what_is_published_of_it_is_finite_and_the_nearest_to_what_is_right(tmp_path: Path) -> None:
    folder, trades, bids, asks = csv(tmp_path / "d")
    dataset, cache = open_dataset(folder), Cache(tmp_path / "cache", 10**9)
    aggregation = Settings(interval="7d", obi_levels=0).aggregation
    aggregate_all(dataset, dataset.instruments, Settings(), cache)
    source = open_source(dataset, None, "exchange", cache)
    last_ns = trades[-1][0] * 1000
    for keep in (1, 1000):
        state, chunks = source.start(aggregation, last_ns, keep=keep)
        engine = Engine(aggregation, keep=keep, state=state)
        for chunk in chunks:
            engine.advance(chunk.trades, chunk.book)
        volume = sum(lots for _, lots, _ in trades)
        cvd = sum(lots if side == "buy" else -lots for _, lots, side in trades)
        assert json.loads(ohlc_payload(engine))[-1][5] == floats(volume)
        row = json.loads(metrics_payload(engine, engine.rows()))[-1]
        assert (row[4], row[8]) == (obi(bids, asks), floats(cvd))
        assert set(checks(engine.rows(), engine).values()) <= {True, None}
    volumes = source.volumes()
    assert volumes is not None
    assert sum(volumes.lots.to_list()) == volume
    pieces = json.loads(overview_payload(volumes, last_ns + NS_PER_DAY))["volumes"]
    assert sorted(pieces)[-2:] == sorted(
        floats(sum(lots for _, lots, _ in trades[begin : begin + 30])) for begin in (0, 30)
    )
    source.close()


def test_it_can_be_inspected(tmp_path: Path) -> None:
    found = inspect(csv(tmp_path / "d")[0], None, "exchange")
    assert (found.trades, found.book_samples, found.size_lot) == (60, 1, "0.00000001")


def test_a_part_of_it_is_the_same_from_another_process(tmp_path: Path) -> None:
    trades = [Trade(n * NS_PER_SECOND, 1000, MOST - n, 1 - n % 2 * 2) for n in range(9)]
    manifest = written(tmp_path, [chunk_of(trades, [], -1, 10 * NS_PER_SECOND, (1, 2))])
    part = computed(partitions(tmp_path, manifest, Aggregation(), 1)[0])
    trade_bars, _ = part.trade_bars
    assert pickle.loads(pickle.dumps(part)).trade_bars[0].equals(trade_bars)  # noqa: S301 - its own
    assert sum(trade_bars["volume"].to_list()) == sum(trade.size_lots for trade in trades)


@given(trade_streams(sizes=EDGE_SIZES))
def test_volumes_of_a_whole_range_are_exact(trades: list[Trade]) -> None:
    with TemporaryDirectory() as name, mock.patch("os.fsync"):
        manifest = written(Path(name), [chunk_of(trades, [], -1, 2**62, (1, 2))], segment_events=7)
        found = volumes_of(Path(name), manifest)
    lots = [] if found is None else found.lots.to_list()
    assert sum(lots) == sum(trade.size_lots for trade in trades)


# What multiplies


@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.integers(0, 30))
def test_numbers_on_a_finer_scale_are_exact_or_refused(values: list[int], decimals: int) -> None:
    wanted = [value * 10**decimals for value in values]
    column = np.array(values, np.int64)
    if any(abs(value) > MOST for value in wanted) and decimals:
        with pytest.raises(ScaleOverflow, match="no room in 64 bits"):
            scaled_up(column, decimals)
    else:
        assert scaled_up(column, decimals).tolist() == wanted


def test_more_decimals_than_there_is_room_for_are_refused() -> None:
    with pytest.raises(ScaleOverflow, match="2 decimals more than there is room for"):
        scaled_up(np.array([1]), -2)


def orders(*sizes: int, price: int = 100) -> tuple[np.ndarray, ...]:
    rows = len(sizes) + 1
    return (
        np.arange(rows),
        np.array([RESET, *[ADD] * len(sizes)], np.int8),
        np.arange(rows),
        np.zeros(rows, np.int8),
        np.full(rows, price),
        np.array([0, *sizes]),
    )


def test_orders_of_more_than_fits_at_a_price_are_refused_with_their_sum() -> None:
    events, _ = OrderBook().apply(*orders(MOST - 5, 5))
    assert events.size_lots[-1] == MOST
    with pytest.raises(ScaleOverflow, match=rf"price of 100 ticks add up to {MOST + 1} lots, more than 64"):
        OrderBook().apply(*orders(MOST - 5, 5, 1, 8))


@pytest.mark.parametrize("price", [10**17, -(10**17)])
def test_orders_and_levels_have_room_for_more_decimals_or_are_refused(price: int) -> None:
    book, resting = OrderBook(), OccupiedPrices()
    book.apply(*orders(1, price=price))
    resting.update(np.array([price]), np.array([1]))
    for each in (book, resting):
        each.rescale(10)
        with pytest.raises(ScaleOverflow, match="no room in 64 bits"):
            each.rescale(10)
    assert resting.take(None, None).tolist() == [price * 10]

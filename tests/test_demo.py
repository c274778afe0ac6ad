"""The demo market is checked for what a trader would look for, on one hour of it, with wide bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from processor.core.events import ASK, BID, CLEAR, BookEvents, Trades, concatenated
from processor.core.report import Report
from processor.demo import INSTRUMENT, START_NS, generate
from processor.errors import SettingError
from processor.formats.disk.files import SourceFile
from processor.formats.own import FORMAT, time_range

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HOURS = 1.0
EVENTS = 250_000


@dataclass(frozen=True)
class Market:
    trades: Trades
    book: BookEvents


@dataclass(frozen=True)
class Quotes:
    """The book after each distinct time."""

    time_ns: NDArray[np.int64]
    bid: NDArray[np.int64]
    ask: NDArray[np.int64]
    bid_lots: NDArray[np.int64]
    ask_lots: NDArray[np.int64]
    depth: NDArray[np.float64]
    """Mean lots by ticks from the touch, both sides together."""
    levels: int
    """Fewest levels of a side at any time looked at."""

    @property
    def mid(self) -> NDArray[np.float64]:
        return (self.bid + self.ask) / 2

    @property
    def imbalance(self) -> NDArray[np.float64]:
        return (self.bid_lots - self.ask_lots) / (self.bid_lots + self.ask_lots)


def files_of(folder: Path) -> list[SourceFile]:
    return [SourceFile(path) for path in sorted(folder.rglob("*.parquet"))]


def read(folder: Path, clock: str = "exchange") -> Market:
    book, trades = FORMAT.parts(files_of(folder), INSTRUMENT, clock, Report())
    return Market(
        trades=concatenated([batch.trades for batch in trades.read(Report()) if batch.trades is not None]),
        book=concatenated([batch.book for batch in book.read(Report()) if batch.book is not None]),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    generate(out, hours=HOURS, seed=1, events=EVENTS)
    return out


@pytest.fixture(scope="module")
def market(folder: Path) -> Market:
    return read(folder)


@pytest.fixture(scope="module")
def quotes(market: Market) -> Quotes:
    sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
    book = market.book
    rows: list[tuple[int, int, int, int, int]] = []
    depth = np.zeros(60)
    levels = 1000
    times = book.time_ns.tolist()
    ends = np.flatnonzero(np.diff(book.time_ns, append=0))
    begin = 0
    best = [0, 0]
    for number, end in enumerate(ends.tolist()):
        for i in range(begin, end + 1):
            side, price, lots = int(book.side[i]), int(book.price_ticks[i]), int(book.size_lots[i])
            if side == CLEAR:
                sides[BID].clear()
                sides[ASK].clear()
            elif lots:
                sides[side][price] = lots
            else:
                del sides[side][price]
        begin = end + 1
        near = [price for price in range(best[BID] - 40, best[ASK] + 40) if best[BID]]
        best[BID] = max((p for p in near if p in sides[BID]), default=0) or max(sides[BID])
        best[ASK] = min((p for p in near if p in sides[ASK]), default=0) or min(sides[ASK])
        rows.append((times[end], best[BID], best[ASK], sides[BID][best[BID]], sides[ASK][best[ASK]]))
        if number % 50 == 0:
            levels = min(levels, len(sides[BID]), len(sides[ASK]))
            for k in range(len(depth)):
                depth[k] += sides[BID].get(best[BID] - k, 0) + sides[ASK].get(best[ASK] + k, 0)
    time_ns, bid, ask, bid_lots, ask_lots = np.array(rows, dtype=np.int64).T
    return Quotes(time_ns, bid, ask, bid_lots, ask_lots, depth / len(ends), levels)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_market(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        generate(tmp_path / name, hours=0.05, seed=seed, events=None)
    a, b, c = ([file.path.read_bytes() for file in files_of(tmp_path / name)] for name in "abc")
    assert a == b
    assert a != c


def test_the_number_of_events_is_about_the_one_asked_for_and_the_whole_time_is_filled(
    folder: Path, market: Market
) -> None:
    assert len(market.trades) + len(market.book) == pytest.approx(EVENTS, rel=0.1)
    first_ns, last_ns = time_range(files_of(folder)) or (0, 0)
    assert first_ns == START_NS
    assert last_ns - first_ns == pytest.approx(HOURS * 3600e9, rel=0.005)


def test_more_events_make_a_denser_market_over_the_same_time(tmp_path: Path) -> None:
    written = generate(tmp_path, hours=0.1, seed=1, events=400_000)
    assert written == pytest.approx(400_000, rel=0.1)
    first_ns, last_ns = time_range(files_of(tmp_path)) or (0, 0)
    assert last_ns - first_ns == pytest.approx(0.1 * 3600e9, rel=0.01)


def test_progress_is_reported_up_to_the_events_written(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    written = generate(
        tmp_path, hours=0.1, seed=1, events=400_000, on_progress=lambda done, total: seen.append((done, total))
    )
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert seen[-1] == (written, 400_000)


@pytest.mark.parametrize(
    ("hours", "seed", "events", "option"),
    [(0.0, 1, None, "hours"), (float("nan"), 1, None, "hours"), (1.0, -1, None, "seed"), (1.0, 1, 10, "events")],
)
def test_an_argument_out_of_range_is_refused_by_name(
    tmp_path: Path, hours: float, seed: int, events: int | None, option: str
) -> None:
    with pytest.raises(SettingError, match=option):
        generate(tmp_path, hours=hours, seed=seed, events=events)
    assert not list(tmp_path.iterdir())


def test_times_are_whole_milliseconds_in_order_and_receipt_is_later(folder: Path, market: Market) -> None:
    received = read(folder, clock="local")
    for sent, local in ((market.trades, received.trades), (market.book, received.book)):
        assert not np.any(sent.time_ns % 1_000_000)
        assert np.all(np.diff(sent.time_ns) >= 0)
        assert np.all(np.diff(local.time_ns) >= 0)
        assert np.all(local.time_ns > sent.time_ns)


def test_it_opens_with_a_snapshot_of_over_a_hundred_levels_a_side_and_keeps_them(
    market: Market, quotes: Quotes
) -> None:
    assert market.book.side[0] == CLEAR
    opening = market.book.time_ns == START_NS
    assert min(np.sum(market.book.side[opening] == BID), np.sum(market.book.side[opening] == ASK)) > 100
    assert quotes.levels > 100


def test_the_book_is_never_crossed_or_locked(quotes: Quotes) -> None:
    assert np.all(quotes.ask > quotes.bid)


def test_trades_take_what_rests_at_the_touch_or_just_behind_it(market: Market, quotes: Quotes) -> None:
    before = np.searchsorted(quotes.time_ns, market.trades.time_ns) - 1
    buys = market.trades.aggressor > 0
    prices = market.trades.price_ticks
    beyond = np.where(buys, prices - quotes.ask[before], quotes.bid[before] - prices)
    assert np.mean(beyond == 0) > 0.8
    # Before the touch only where it has moved within the trade's own millisecond.
    assert np.mean(beyond < 0) < 0.02
    assert np.abs(beyond).max() < 25


def test_a_trade_leaves_the_book_smaller_by_its_size(market: Market) -> None:
    volume = market.trades.size_lots.sum()
    sizes: dict[tuple[int, int], int] = {}
    removed = 0
    trade_times = set(market.trades.time_ns.tolist())
    columns = (market.book.time_ns, market.book.side, market.book.price_ticks, market.book.size_lots)
    for time_ns, side, price, lots in zip(*(column.tolist() for column in columns), strict=True):
        standing = sizes.get((side, price), 0)
        if time_ns in trade_times:
            removed += max(0, standing - lots)
        sizes[side, price] = lots
    assert removed >= volume


def test_the_spread_is_mostly_one_tick(quotes: Quotes) -> None:
    assert np.mean(quotes.ask - quotes.bid == 1) > 0.8


def test_queue_imbalance_leads_the_mid(quotes: Quotes) -> None:
    moves = np.diff(quotes.mid)
    where = np.flatnonzero(moves)
    next_move = np.searchsorted(where, np.arange(where[-1]))
    direction = np.sign(moves[where[next_move]])
    assert np.corrcoef(quotes.imbalance[: where[-1]], direction)[0, 1] > 0.15


def test_aggressive_flow_goes_with_the_price(market: Market, quotes: Quotes) -> None:
    minutes = START_NS + np.arange(int(HOURS * 60) + 1) * 60 * 10**9
    cvd = np.concatenate([[0], np.cumsum(market.trades.size_lots * market.trades.aggressor)])
    flow = np.diff(cvd[np.searchsorted(market.trades.time_ns, minutes)])
    returns = np.diff(quotes.mid[np.searchsorted(quotes.time_ns, minutes[1:-1]) - 1])
    assert 0.15 < np.corrcoef(flow[1:-1], returns)[0, 1] < 0.95


def test_signs_of_aggressors_are_autocorrelated(market: Market) -> None:
    trades = market.trades
    begins = np.flatnonzero((np.diff(trades.time_ns, prepend=0) != 0) | (np.diff(trades.aggressor, prepend=0) != 0))
    signs = trades.aggressor[begins].astype(float)
    assert np.corrcoef(signs[1:], signs[:-1])[0, 1] > 0.05
    assert 0.4 < np.mean(signs > 0) < 0.6


def test_volatility_and_arrivals_cluster(market: Market, quotes: Quotes) -> None:
    seconds = START_NS + np.arange(int(HOURS * 3600)) * 10**9
    moves = np.abs(np.diff(quotes.mid[np.searchsorted(quotes.time_ns, seconds[1:]) - 1]))
    assert np.corrcoef(moves[1:], moves[:-1])[0, 1] > 0.05
    arrivals = np.diff(np.searchsorted(market.trades.time_ns, seconds))
    assert np.corrcoef(arrivals[1:], arrivals[:-1])[0, 1] > 0.2
    assert arrivals.var() > 2 * arrivals.mean()


def test_sizes_have_a_heavy_tail_and_round_favourites(market: Market) -> None:
    sizes = market.trades.size_lots.astype(float)
    assert np.mean((sizes - sizes.mean()) ** 4) / sizes.var() ** 2 > 20
    assert np.mean(sizes == 1000) > 3 * np.mean((sizes > 900) & (sizes < 1000)) / 99


def test_depth_has_its_hump_some_ticks_from_the_touch(quotes: Quotes) -> None:
    peak = int(np.argmax(quotes.depth))
    assert 3 <= peak <= 20
    assert quotes.depth[peak] > 1.5 * quotes.depth[0]
    assert quotes.depth[peak] > 2 * quotes.depth[50]


def test_every_minute_is_lively(market: Market, quotes: Quotes) -> None:
    minutes = START_NS + np.arange(int(HOURS * 60) + 1) * 60 * 10**9
    assert np.diff(np.searchsorted(market.trades.time_ns, minutes)).min() > 20
    assert np.diff(np.searchsorted(quotes.time_ns, minutes)).min() > 50
    assert 0.001 < np.ptp(quotes.mid) / quotes.mid[0] < 0.03

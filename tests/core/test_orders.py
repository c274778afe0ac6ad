"""Orders: maximal runs of consecutive trades of equal time and side."""

from __future__ import annotations

import gzip
import json
import random
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from processor.cli.main import app
from processor.core.aggregates.base import Batch
from processor.core.aggregates.large_orders import WINDOW_NS
from processor.core.aggregates.orders import RecentOrders, orders_of, whole_orders
from processor.core.events import Trades

if TYPE_CHECKING:
    from pathlib import Path

Row = tuple[int, int, int, int]
"""Time, price, size and side of a trade."""


def trades_of(rows: list[Row]) -> Trades:
    columns = [np.array(column, np.int64) for column in zip(*rows, strict=True)]
    return Trades(
        time_ns=columns[0],
        price_ticks=columns[1],
        size_lots=columns[2],
        aggressor=columns[3].astype(np.int8),
        price_decimals=2,
        size_decimals=3,
    )


def slowly(rows: list[Row]) -> list[tuple[int, ...]]:
    """The orders of trades, one trade after the other: first row, time, side, volume, trades, prices."""
    found: list[tuple[int, ...]] = []
    for (time_ns, side), run in groupby(enumerate(rows), key=lambda each: (each[1][0], each[1][3])):
        of_run = list(run)
        prices = [row[1] for _, row in of_run]
        volume = sum(row[2] for _, row in of_run)
        found.append(
            (of_run[0][0], time_ns, side, volume, len(of_run), prices[0], prices[-1], len(dict.fromkeys(prices)))
        )
    return found


def some_trades(chance: random.Random, count: int) -> list[Row]:
    """Trades of which many share their time and side."""
    time_ns, rows = 0, []
    for _ in range(count):
        time_ns += chance.choice((0, 0, 0, 1))
        rows.append((time_ns, chance.randrange(3), chance.randrange(1, 9), chance.choice((1, 1, 1, -1, 0))))
    return rows


def divided(chance: random.Random, rows: list[Row]) -> list[list[Row]]:
    parts = []
    while rows:
        size = chance.randrange(1, 9)
        parts.append(rows[:size])
        rows = rows[size:]
    return parts


def test_buy_sell_buy_at_one_time_are_three_orders_and_equal_neighbours_of_another_time_another() -> None:
    rows = [(5, 1, 1, 1), (5, 2, 1, 1), (5, 2, 1, -1), (5, 2, 1, 1), (6, 2, 1, 1), (6, 2, 4, 0)]
    assert orders_of(trades_of(rows)).frame().rows() == [
        (0, 5, 1, 2, 2, 1, 2, 2),
        (2, 5, -1, 1, 1, 2, 2, 1),
        (3, 5, 1, 1, 1, 2, 2, 1),
        (4, 6, 1, 1, 1, 2, 2, 1),
        (5, 6, 0, 4, 1, 2, 2, 1),
    ]


def test_the_volume_of_an_order_has_room_beyond_64_bits() -> None:
    largest = 2**63 - 1
    rows = [(1, 1, largest, 1)] * 3
    assert orders_of(trades_of(rows)).frame()["volume"].to_list() == [3 * largest]


@pytest.mark.parametrize("seed", range(8))
def test_orders_are_the_same_however_their_trades_are_divided(seed: int) -> None:
    chance = random.Random(seed)
    rows = some_trades(chance, 200)
    parts = [trades_of(part) for part in divided(chance, rows)]
    found = [order[1:] for _, orders in whole_orders(parts) for order in orders.frame().rows()]
    assert found == [order[1:] for order in slowly(rows)]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("keep", [1, 7, 1000])
def test_the_newest_orders_are_those_of_all_trades_wherever_one_begins(seed: int, keep: int) -> None:
    chance = random.Random(seed)
    rows = some_trades(chance, 150)
    parts = divided(chance, rows)
    begin = chance.randrange(len(parts) + 1)
    recent = RecentOrders(keep)
    recent.put_before(trades_of(part) for part in reversed(parts[:begin]))
    taken = sum(map(len, parts[:begin]))
    for part in parts[begin:]:
        recent.advance(Batch([trades_of(part)], [], []))
        taken += len(part)
        if chance.random() < 0.5:
            assert newest_of(recent, taken) == slowly(rows[:taken])[-keep:]
    assert newest_of(recent, len(rows)) == slowly(rows)[-keep:]


def newest_of(recent: RecentOrders, taken: int) -> list[tuple[int, ...]]:
    """The newest orders, their first trades counted from the first of all that were `taken` in."""
    found = recent.newest()
    if found is None:
        return []
    trades, orders, is_large = found
    assert len(is_large) == len(orders.first)
    return [(first + taken - len(trades), *others) for first, *others in orders.frame().rows()]


def test_no_more_of_the_time_before_is_read_than_the_newest_orders_and_the_hour_before_them() -> None:
    read = []

    def before() -> Any:
        for number in range(100, 0, -1):
            read.append(number)
            yield trades_of([(number * WINDOW_NS, 1, 1, 1)])

    RecentOrders(5).put_before(before())
    assert read == [100, 99, 98, 97, 96, 95, 94]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("lobster", "lobster-amzn_60s"),
        ("binance-raw/btcusdt", "binance-btcusdt_60s"),
        ("binance-raw/nexousdt", "binance-nexousdt_60s"),
    ],
)
def test_a_recording_gives_the_expected_tape(shared_data: Path, tmp_path: Path, folder: str, name: str) -> None:
    with gzip.open(shared_data / f"expected/views_{name}.json.gz") as file:
        wanted: dict[str, list[Any]] = json.load(file)["tape"]
    out = tmp_path / "tape.parquet"
    cache = str(tmp_path / "cache")
    for _ in ("read from the files", "read from the cache"):
        done = CliRunner().invoke(
            app, ["aggregate", str(shared_data / folder), "--view", "tape", "--out", str(out), "--cache", cache]
        )
        assert done.exit_code == 0, done.output
        assert pl.read_parquet(out).select(list(wanted)).to_dict(as_series=False) == wanted

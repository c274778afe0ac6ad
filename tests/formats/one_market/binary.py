"""Files of rows and records."""

from __future__ import annotations

import json
import random
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from processor.core.events import ASK, BID, CLEAR, UNKNOWN, BookEvents, Trades
from processor.formats.own import DatasetWriter
from tests.formats import test_dbn, test_hftbacktest, test_sqlite_tables
from tests.formats.one_market.model import (
    DAY_MS,
    PRICE_DECIMALS,
    SIZE_DECIMALS,
    Deal,
    Market,
    aggressor_of,
    events_of,
    iso,
    padded,
    scaled,
)
from tests.formats.one_market.tables import MAPPING, tables_of
from tests.formats.samples import lines, write

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.formats.one_market.model import Levels


def own(folder: Path, told: Market, *, book: bool = True, sided: bool = True) -> Path:
    """The project's own layout; without `book`, the trades alone; without `sided`, trades of unknown aggressors."""

    def columns(rows: Sequence[tuple[int, str, str]]) -> dict[str, Any]:
        return {
            "time_ns": np.array([(DAY_MS + at_ms) * 10**6 for at_ms, _, _ in rows]),
            "price_ticks": np.array([scaled(price, PRICE_DECIMALS) for _, price, _ in rows]),
            "size_lots": np.array([scaled(size, SIZE_DECIMALS) for _, _, size in rows]),
            "price_decimals": PRICE_DECIMALS,
            "size_decimals": SIZE_DECIMALS,
        }

    rows = events_of(told)
    with DatasetWriter(folder, "ABC", PRICE_DECIMALS, SIZE_DECIMALS) as writer:
        deals = columns([(deal.at_ms, deal.price, deal.size) for deal in told.deals])
        aggressors = np.array([aggressor_of(deal) if sided else UNKNOWN for deal in told.deals], np.int8)
        writer.write_trades(Trades(**deals, aggressor=aggressors))
        if book:
            sides = np.array([side for _, side, _, _ in rows], np.int8)
            levels = columns([(at_ms, price, size) for at_ms, _, price, size in rows])
            writer.write_book(BookEvents(**levels, side=sides))
    return folder


def own_without_sides(folder: Path, told: Market) -> Path:
    """The project's own layout, with trades of unknown aggressors."""
    return own(folder, told, sided=False)


def own_trades(folder: Path, told: Market) -> Path:
    """The trades alone in the project's own layout."""
    return own(folder, told, book=False)


def sqlite(folder: Path, told: Market) -> Path:
    """Tables of trades and of whole books; each snapshot is the book after an update."""
    trades = [("ABC", float(deal.price), float(deal.size), deal.side, iso(deal.at_ms)) for deal in told.deals]
    book = [("ABC", *(json.dumps(side) for side in update.state), iso(update.at_ms)) for update in told.updates]
    test_sqlite_tables.database(folder / "abc.db", trades, book)
    return folder


def _array(told: Market) -> list[tuple[int, int, float, float]]:
    kinds = {BID: test_hftbacktest.DEPTH | test_hftbacktest.BUYS, ASK: test_hftbacktest.DEPTH | test_hftbacktest.SELLS}
    rows = [
        (kinds[side] if side != CLEAR else test_hftbacktest.CLEARED, at_ms * 1000, float(price), float(size))
        for at_ms, side, price, size in events_of(told)
    ]
    sides = {"buy": test_hftbacktest.BUYS, "sell": test_hftbacktest.SELLS}
    rows += [
        (test_hftbacktest.TRADE | sides[deal.side], deal.at_ms * 1000, float(deal.price), float(deal.size))
        for deal in told.deals
    ]
    return sorted(rows, key=lambda row: row[1])


def hftbacktest(folder: Path, told: Market) -> Path:
    """hftbacktest's arrays of the present generation."""
    return test_hftbacktest.npz(folder, test_hftbacktest.new(_array(told)), "abc_20240808.npz")


def hftbacktest_old(folder: Path, told: Market) -> Path:
    """hftbacktest's arrays of the generation before."""
    return test_hftbacktest.npz(folder, test_hftbacktest.old(_array(told)), "abc_20240808.npz")


def mapped_parquet(folder: Path, told: Market) -> Path:
    """Parquet with floats and a time type, which the same mapping explains."""
    write(folder / "mapping.toml", MAPPING)
    for name, frame in tables_of(told).items():
        typed = frame.with_columns(
            pl.from_epoch("time", time_unit="ms"),
            pl.col("price", "size").cast(pl.Float64),
            pl.col("side").cast(pl.Categorical),
        )
        typed.write_parquet(folder / f"{name}.parquet")
    return folder


def _at_ns(at_ms: int) -> int:
    return (DAY_MS + at_ms) * 10**6 - test_dbn.START_NS


def _dbn(folder: Path, told: Market, schema: str, depth: int) -> Path:
    """Trades and, where `depth` is not 0, the levels after each event."""
    rows = []
    state: tuple[Levels, Levels] = ([], [])

    def levels() -> list[tuple[float, float, int, int]]:
        nan = str(test_dbn.NAN)
        bids, asks = (padded(side, depth, (nan, "0")) for side in state)
        return [(float(b[0]), float(a[0]), int(b[1]), int(a[1])) for b, a in zip(bids, asks, strict=True)]

    for each in told.in_order():
        if isinstance(each, Deal):
            side = "B" if each.side == "buy" else "A"
            what = ("T", side, float(each.price), int(each.size))
        else:
            state = each.state
            what = ("A", "N", test_dbn.NAN, 0)
            if schema in {"trades", "tbbo"}:
                continue
        rows.append(test_dbn.record(schema, _at_ns(each.at_ms), *what, levels=levels()))
    write(folder / f"abc.{schema}.dbn", test_dbn.preamble(schema, {"ABC": 7}) + b"".join(rows))
    return folder


def dbn_mbp10(folder: Path, told: Market) -> Path:
    """MBP-10."""
    return _dbn(folder, told, "mbp-10", 10)


def dbn_mbp1(folder: Path, told: Market) -> Path:
    """MBP-1."""
    return _dbn(folder, told, "mbp-1", 1)


def dbn_bbo(folder: Path, told: Market) -> Path:
    """BBO, as if there were a sample at each update, and the trades beside it."""
    rows = []
    for each in told.updates:
        bid, ask = (padded(side, 1, (str(test_dbn.NAN), "0"))[0] for side in each.state)
        level = (float(bid[0]), float(ask[0]), int(bid[1]), int(ask[1]))
        content = test_dbn.record("bbo-1s", _at_ns(each.at_ms), "\0", "N", test_dbn.NAN, 0, levels=[level])
        sample = np.frombuffer(content, test_dbn.RECORDS["bbo-1s"]).copy()
        sample["ts_recv"], sample["ts_event"] = sample["ts_event"], -1
        rows.append(sample.tobytes())
    write(folder / "abc.bbo-1s.dbn", test_dbn.preamble("bbo-1s", {"ABC": 7}) + b"".join(rows))
    return dbn_trades(folder, told)


def dbn_trades(folder: Path, told: Market) -> Path:
    """Trades."""
    return _dbn(folder, told, "trades", 0)


def orders_of(told: Market) -> list[bytes]:
    """MBO: up to two orders at each price, which come, change and go."""
    chance = random.Random(5)
    resting: dict[tuple[str, str], dict[int, int]] = {}
    made = 0
    rows: list[bytes] = []

    def order(at_ms: int, action: str, side: str, number: int, price: str, size: int, *, last: bool = True) -> None:
        flags = test_dbn.LAST if last else 0
        rows.append(test_dbn.order(_at_ns(at_ms), action, side, number, float(price), size, flags=flags))

    def set_level(at_ms: int, side: str, price: str, size: int) -> None:
        nonlocal made
        held = resting.setdefault((side, price), {})
        for number in list(held)[1:] if size else list(held):
            order(at_ms, "C", side, number, price, held.pop(number))
        if size and held:
            (number,) = held
            held[number] = chance.randint(1, size)
            order(at_ms, "M", side, number, price, held[number])
        if rest := size - sum(held.values()):
            made += 1
            held[made] = rest
            order(at_ms, "A", side, made, price, rest)

    first_ms = told.updates[0].at_ms
    order(first_ms, "R", "N", 0, str(test_dbn.NAN), 0)
    bids, asks = told.snapshot
    changes = [(first_ms, bids, asks), *((update.at_ms, update.bids, update.asks) for update in told.updates)]
    for at_ms, some_bids, some_asks in changes:
        for side, levels in (("B", some_bids), ("A", some_asks)):
            for price, size in levels:
                set_level(at_ms, side, price, int(size))
    trades = [
        test_dbn.record(
            "mbo", _at_ns(deal.at_ms), "T", "B" if deal.side == "buy" else "A", float(deal.price), int(deal.size)
        )
        for deal in told.deals
    ]
    times = [int(np.frombuffer(row, test_dbn.RECORDS["mbo"])["ts_event"][0]) for row in (*rows, *trades)]
    order_of = sorted(range(len(times)), key=times.__getitem__)
    together = [*rows, *trades]
    return [together[at] for at in order_of]


def dbn_mbo(folder: Path, told: Market) -> Path:
    """MBO."""
    content = test_dbn.preamble("mbo", {"ABC": 7}) + b"".join(orders_of(told))
    write(folder / "abc.mbo.dbn.zst", zstd.compress(content))
    return folder


def databento_csv_mbo(folder: Path, told: Market) -> Path:
    """MBO as CSV."""
    rows = []
    for content in orders_of(told):
        row = np.frombuffer(content, test_dbn.RECORDS["mbo"])[0]
        price = "" if row["price"] == test_dbn.UNDEFINED else f"{int(row['price']) / 10**9:.9f}"
        what = f"{chr(row['action'])},{chr(row['side'])},{price},{row['size']}"
        times = f"{row['ts_recv']},{row['ts_event']}"
        rows.append(f"{times},160,2,7,{what},0,{row['order_id']},{row['flags']},0,0,ABC")
    header = "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,price,size,channel_id,order_id,flags"
    write(folder / "abc.mbo.csv", lines(f"{header},ts_in_delta,sequence,symbol", *rows))
    return folder

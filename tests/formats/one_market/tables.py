"""Files of separated values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import polars as pl

from processor.core.events import ASK, BID, CLEAR
from tests.formats import archive_samples, samples
from tests.formats.one_market.model import (
    DAY_MS,
    DEPTH,
    Deal,
    Market,
    events_of,
    iso,
    padded,
    scaled,
)
from tests.formats.samples import lines, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.formats.one_market.model import Levels


def _tardis_trades(folder: Path, told: Market) -> None:
    rows = (samples.tardis_trade(deal.at_ms * 1000, deal.side, deal.price, deal.size) for deal in told.deals)
    write(folder / "binance_trades_2024-08-08_BTCUSDT.csv.gz", lines(samples.TARDIS_TRADES, *rows))


def tardis(folder: Path, told: Market) -> Path:
    """incremental_book_L2 and trades."""
    first_us = told.updates[0].at_ms * 1000
    rows = [
        samples.tardis_update(first_us, side, price, size, snapshot=True)
        for side, levels in zip(("bid", "ask"), told.snapshot, strict=True)
        for price, size in levels
    ]
    rows += [
        samples.tardis_update(update.at_ms * 1000, side, price, size)
        for update in told.updates
        for side, levels in (("bid", update.bids), ("ask", update.asks))
        for price, size in levels
    ]
    write(folder / "binance_incremental_book_L2_2024-08-08_BTCUSDT.csv.gz", lines(samples.TARDIS_BOOK, *rows))
    _tardis_trades(folder, told)
    return folder


def tardis_snapshots(folder: Path, told: Market) -> Path:
    """book_snapshot_8 and trades."""
    names = [f"{side}s[{n}].{what}" for n in range(DEPTH) for side in ("ask", "bid") for what in ("price", "amount")]
    header = ",".join(names)
    rows = []
    for update in told.updates:
        bids, asks = (padded(side, DEPTH) for side in update.state)
        levels = [",".join(level) for pair in zip(asks, bids, strict=True) for level in pair]
        rows.append(samples.tardis_snapshot(update.at_ms * 1000, header, levels))
    text = lines(f"{samples.TARDIS_START},{header}", *rows)
    write(folder / "binance_book_snapshot_8_2024-08-08_BTCUSDT.csv.gz", text)
    _tardis_trades(folder, told)
    return folder


def tardis_quotes(folder: Path, told: Market) -> Path:
    """quotes and trades: one level."""
    rows = []
    for update in told.updates:
        (bid,), (ask,) = (padded(side, 1) for side in update.state)
        fields = [ask[1], ask[0], *bid]
        rows.append(samples.tardis_snapshot(update.at_ms * 1000, samples.TARDIS_QUOTES, fields))
    text = lines(f"{samples.TARDIS_START},{samples.TARDIS_QUOTES}", *rows)
    write(folder / "binance_quotes_2024-08-08_BTCUSDT.csv", text)
    _tardis_trades(folder, told)
    return folder


MAPPING: Final = """
[trades]
files = "fills*"
instrument = "ABC"
time = "time"
time_unit = "ms"
price = "price"
size = "size"
side = "side"

[book]
files = "book*"
instrument = "ABC"
time = "time"
time_unit = "ms"
price = "price"
size = "size"
side = "side"
snapshot = "whole"
snapshot_word = "yes"
update_word = "no"
"""


def tables_of(told: Market) -> dict[str, pl.DataFrame]:
    first, *others = events_of(told)
    assert first[1] == CLEAR
    of_snapshot = sum(map(len, told.snapshot))
    sides = {BID: "bid", ASK: "ask"}
    book = pl.DataFrame(
        [
            (DAY_MS + at_ms, sides[side], price, size, "yes" if number < of_snapshot else "no")
            for number, (at_ms, side, price, size) in enumerate(others)
        ],
        ["time", "side", "price", "size", "whole"],
        orient="row",
    )
    fills = pl.DataFrame(
        [(DAY_MS + deal.at_ms, deal.side, deal.price, deal.size) for deal in told.deals],
        ["time", "side", "price", "size"],
        orient="row",
    )
    return {"fills": fills, "book": book}


def mapped_csv(folder: Path, told: Market) -> Path:
    """CSV that a mapping explains."""
    write(folder / "mapping.toml", MAPPING)
    for name, frame in tables_of(told).items():
        write(folder / f"{name}.csv", frame.write_csv())
    return folder


def mapped_levels(folder: Path, told: Market) -> Path:
    """CSV of whole books, separated by semicolons, with times in ISO."""
    names = [[f"b{level}", f"bs{level}", f"a{level}", f"as{level}"] for level in range(DEPTH)]
    trades, _, _ = MAPPING.replace('time_unit = "ms"', 'time_unit = "iso"\ndelimiter = ";"').partition("[book]")
    book = '[book]\nfiles = "book*"\ninstrument = "ABC"\ntime = "time"\ntime_unit = "iso"\ndelimiter = ";"\n'
    write(folder / "mapping.toml", f"{trades}{book}levels = {json.dumps(names)}\n")
    rows = []
    for update in told.updates:
        bids, asks = (padded(side, DEPTH) for side in update.state)
        fields = [field for pair in zip(bids, asks, strict=True) for level in pair for field in level]
        rows.append(";".join([iso(update.at_ms), *fields]))
    write(folder / "book.csv", lines(";".join(["time", *(name for level in names for name in level)]), *rows))
    fills = (";".join([iso(deal.at_ms), deal.side, deal.price, deal.size]) for deal in told.deals)
    write(folder / "fills.csv.gz", lines("time;side;price;size", *fills))
    return folder


def lobster(folder: Path, told: Market) -> Path:
    """Messages and the book after each; sizes are whole."""
    messages, book = [], []
    state: tuple[Levels, Levels] = ([], [])
    for each in told.in_order():
        at_ms = each.at_ms - 4 * 3_600_000
        time = f"{at_ms // 1000}.{at_ms % 1000:03d}"
        if isinstance(each, Deal):
            direction = "-1" if each.side == "buy" else "1"
            messages.append(f"{time},4,{each.number},{each.size},{scaled(each.price, 4)},{direction}")
        else:
            state = each.state
            messages.append(f"{time},1,1,1,1000000,1")
        bids, asks = (
            padded([(str(scaled(price, 4)), size) for price, size in side], DEPTH, (absent, "0"))
            for side, absent in zip(state, ("-9999999999", "9999999999"), strict=True)
        )
        book.append(",".join(field for pair in zip(asks, bids, strict=True) for level in pair for field in level))
    name = f"ABC_2024-08-08_34200000_57600000_{{}}_{DEPTH}.csv"
    write(folder / name.format("message"), lines(*messages))
    write(folder / name.format("orderbook"), lines(*book))
    return folder


def _databento_csv(folder: Path, told: Market, depth: int) -> Path:
    names = [f"{side}_{what}_{level:02d}" for level in range(depth) for what in ("px", "sz") for side in ("bid", "ask")]
    header = ["ts_recv", "ts_event", "action", "side", "price", "size", *names, "symbol"]
    rows = []
    state: tuple[Levels, Levels] = ([], [])
    for each in told.in_order():
        if isinstance(each, Deal):
            what = ["T", "B" if each.side == "buy" else "A", each.price, each.size]
        else:
            what, state = ["A", "N", "", "0"], each.state
        bids, asks = (padded(side, depth, ("", "0")) for side in state)
        levels = [field for bid, ask in zip(bids, asks, strict=True) for field in (bid[0], ask[0], bid[1], ask[1])]
        time = iso(each.at_ms).replace("Z", "000000Z")
        rows.append(",".join([time, time, *what, *levels, "ABC"]))
    write(folder / "abc_20240808.csv", lines(",".join(header), *rows))
    return folder


def databento_csv(folder: Path, told: Market) -> Path:
    """MBP-10 as CSV."""
    return _databento_csv(folder, told, 10)


def databento_csv_top(folder: Path, told: Market) -> Path:
    """MBP-1 as CSV."""
    return _databento_csv(folder, told, 1)


def databento_csv_trades(folder: Path, told: Market) -> Path:
    """Trades as CSV, in fixed point and integer nanoseconds."""
    rows = []
    for deal in told.deals:
        time = (DAY_MS + deal.at_ms) * 10**6
        side = "B" if deal.side == "buy" else "A"
        rows.append(f"{time},{time},0,2,7,T,{side},0,{scaled(deal.price, 9)},{deal.size},0,0,0,ABC")
    header = "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,sequence"
    write(folder / "abc.trades.csv", lines(f"{header},symbol", *rows))
    return folder


def binance_archive(folder: Path, told: Market) -> Path:
    """Trades and bookTicker of a future: one level."""
    trades = (
        archive_samples.binance_futures_trade(d.number, d.at_ms, d.price, d.size, maker=d.side == "sell")
        for d in told.deals
    )
    write(folder / "ABCUSDT-trades-2024-08-08.csv", lines(archive_samples.BINANCE_TRADES, *trades))
    quotes = []
    for number, update in enumerate(told.updates):
        bid, ask = (",".join(padded(side, 1, ("0", "0"))[0]) for side in update.state)
        quotes.append(archive_samples.binance_best(number, update.at_ms, bid, ask))
    members = {"ABCUSDT-bookTicker-2024-08-08.csv": lines(archive_samples.BINANCE_BOOK_TICKER, *quotes)}
    samples.zipped(folder / "ABCUSDT-bookTicker-2024-08-08.zip", members)
    return folder


def _spot_archive(folder: Path, told: Market, unit_per_ms: int) -> Path:
    rows = (
        archive_samples.binance_spot_trade(
            d.number, (DAY_MS + d.at_ms) * unit_per_ms, d.price, d.size, maker=d.side == "sell"
        )
        for d in told.deals
    )
    folder.mkdir(parents=True, exist_ok=True)
    samples.zipped(folder / "ABCUSDT-trades-2024-08-08.zip", {"ABCUSDT-trades-2024-08-08.csv": lines(*rows)})
    return folder


def binance_archive_ms(folder: Path, told: Market) -> Path:
    """Trades of the spot market until 2024."""
    return _spot_archive(folder, told, 1)


def binance_archive_us(folder: Path, told: Market) -> Path:
    """Trades of the spot market from 2025 on."""
    return _spot_archive(folder, told, 1000)


def binance_archive_aggregated(folder: Path, told: Market) -> Path:
    """aggTrades of a future, each of one trade."""
    rows = (
        archive_samples.binance_agg_trade(d.number, d.at_ms, d.price, d.size, maker=d.side == "sell")
        for d in told.deals
    )
    write(folder / "ABCUSDT-aggTrades-2024-08-08.csv", lines(archive_samples.BINANCE_AGG_TRADES, *rows))
    return folder


def bybit_trades(folder: Path, told: Market) -> Path:
    """Bybit's public trades of a derivative."""
    rows = (
        archive_samples.bybit_row(f"{(DAY_MS + d.at_ms) // 1000}.{d.at_ms % 1000:03d}", d.side.title(), d.size, d.price)
        for d in told.deals
    )
    write(folder / "BTCUSDT2024-08-08.csv.gz", lines(archive_samples.BYBIT, *rows))
    return folder


def bybit_spot_trades(folder: Path, told: Market) -> Path:
    """Bybit's public trades of the spot market."""
    rows = (f"{d.number},{DAY_MS + d.at_ms},{d.price},{d.size},{d.side},0" for d in told.deals)
    write(folder / "BTCUSDT_2024-08-08.csv.gz", lines(archive_samples.BYBIT_SPOT, *rows))
    return folder


def okx_trades(folder: Path, told: Market) -> Path:
    """OKX's public trades."""
    rows = (f"ABC-USDT,{d.number},{d.side},{d.price},{d.size},{DAY_MS + d.at_ms}" for d in told.deals)
    write(folder / "ABC-USDT-trades-2024-08-08.csv", lines(archive_samples.OKX, *rows))
    return folder

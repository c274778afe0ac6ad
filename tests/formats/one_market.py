"""One generated market, written as every vendor would have recorded it.

All of a format's traps are its own test's; here every writer tells the same: a snapshot, what changes after it at times
of whole milliseconds, and trades. No side is ever deeper than eight levels, so formats of ten tell all of it.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import polars as pl

from processor.events import ASK, BID, BUY, CLEAR, SELL, BookEvents, Trades
from processor.formats.own import DatasetWriter
from tests.formats import archive_samples, samples, test_dbn, test_hftbacktest, test_sqlite_tables
from tests.formats.samples import DAY_US, lines, write
from tests.formats.websocket_samples import (
    PlainBook,
    bitstamp_book,
    bitstamp_trade,
    bybit_book,
    coinbase_snapshot,
    kraken_checksum,
    okx_book,
    okx_checksum,
    okx_trade,
)
from tests.formats.websocket_samples import (
    bybit_trades as bybit_message,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    Levels: TypeAlias = Sequence[tuple[str, str]]

START_MS: Final = 46_800_000
"""Milliseconds after midnight of 2024-08-08 UTC: nine o'clock in New York."""

_DAY_MS: Final = DAY_US // 1000
_PRICE_DECIMALS: Final = 2
_SIZE_DECIMALS: Final = 3
_DEPTH: Final = 8


@dataclass(frozen=True)
class Update:
    """What a message of the book sets; a size of zero removes. `bids` and `asks` of `state` are all there is then."""

    at_ms: int
    bids: Levels
    asks: Levels
    state: tuple[Levels, Levels]


@dataclass(frozen=True)
class Deal:
    """A trade."""

    at_ms: int
    number: int
    side: str
    price: str
    size: str


@dataclass(frozen=True)
class Market:
    """A snapshot that bears the time of the first update, the updates, and the trades, each in the order of time."""

    snapshot: tuple[Levels, Levels]
    updates: tuple[Update, ...]
    deals: tuple[Deal, ...]

    def in_order(self) -> Iterator[Update | Deal]:
        """Updates and trades together."""
        together: list[Update | Deal] = [*self.updates, *self.deals]
        yield from sorted(together, key=lambda each: each.at_ms)


def market(events: int = 300, *, whole_sizes: bool = False, seed: int = 1) -> Market:
    """A market of so many updates and of half as many trades, no two of which are alike."""
    chance = random.Random(seed)

    def size(least: int = 1) -> str:
        return str(chance.randint(least, 900)) if whole_sizes else f"{chance.randint(least, 9000) / 1000:.3f}"

    middle = 10_000
    grids = {
        side: [f"{(middle + sign * 25 * step) / 100:.2f}" for step in range(1, _DEPTH + 1)]
        for side, sign in (("bids", -1), ("asks", 1))
    }
    book = PlainBook()
    snapshot = ([(price, size()) for price in grids["bids"][1:6]], [(price, size()) for price in grids["asks"][:5]])
    book.update(*snapshot)
    at_ms = START_MS
    updates: list[Update] = []
    deals: list[Deal] = []
    for number in range(events):
        changed: dict[str, list[tuple[str, str]]] = {"bids": [], "asks": []}
        for side, price in chance.sample([(side, price) for side, grid in grids.items() for price in grid], 2):
            held = book.bids if side == "bids" else book.asks
            gone = price in held and chance.random() < 0.5
            changed[side].append((price, "0" if gone else size()))
        book.update(changed["bids"], changed["asks"])
        updates.append(Update(at_ms, tuple(changed["bids"]), tuple(changed["asks"]), book.best(_DEPTH)))
        at_ms += chance.randint(1, 1500)
        if number % 2:
            side = chance.choice(("buy", "sell"))
            price = chance.choice(grids["asks" if side == "buy" else "bids"])
            deals.append(Deal(at_ms, 1000 + len(deals), side, price, size()))
            at_ms += chance.choice((0, 7))
    return Market(snapshot, tuple(updates), tuple(deals))


def iso(at_ms: int) -> str:
    """As venues write times in UTC."""
    return (
        f"{(datetime(2024, 8, 8, tzinfo=UTC) + timedelta(milliseconds=at_ms)).isoformat(timespec='milliseconds')[:23]}Z"
    )


def _events(told: Market) -> list[tuple[int, int, str, str]]:
    """The book as rows of time, side, price and size; the snapshot follows a CLEAR."""
    bids, asks = told.snapshot
    first_ms = told.updates[0].at_ms
    rows = [(first_ms, CLEAR, "0", "0")]
    for at_ms, some_bids, some_asks in ((first_ms, bids, asks), *((u.at_ms, u.bids, u.asks) for u in told.updates)):
        rows += [(at_ms, BID, *level) for level in some_bids]
        rows += [(at_ms, ASK, *level) for level in some_asks]
    return rows


def _scaled(text: str, decimals: int) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(decimals, "0"))


def own(folder: Path, told: Market, *, book: bool = True) -> Path:
    """The project's own layout; without `book`, the trades alone."""

    def columns(rows: Sequence[tuple[int, str, str]]) -> dict[str, Any]:
        return {
            "time_ns": np.array([(_DAY_MS + at_ms) * 10**6 for at_ms, _, _ in rows]),
            "price_ticks": np.array([_scaled(price, _PRICE_DECIMALS) for _, price, _ in rows]),
            "size_lots": np.array([_scaled(size, _SIZE_DECIMALS) for _, _, size in rows]),
            "price_decimals": _PRICE_DECIMALS,
            "size_decimals": _SIZE_DECIMALS,
        }

    rows = _events(told)
    with DatasetWriter(folder, "ABC", _PRICE_DECIMALS, _SIZE_DECIMALS) as writer:
        deals = columns([(deal.at_ms, deal.price, deal.size) for deal in told.deals])
        aggressors = np.array([_aggressor(deal) for deal in told.deals], np.int8)
        writer.write_trades(Trades(**deals, aggressor=aggressors))
        if book:
            sides = np.array([side for _, side, _, _ in rows], np.int8)
            levels = columns([(at_ms, price, size) for at_ms, _, price, size in rows])
            writer.write_book(BookEvents(**levels, side=sides))
    return folder


def own_trades(folder: Path, told: Market) -> Path:
    """The trades alone in the project's own layout."""
    return own(folder, told, book=False)


def _aggressor(deal: Deal) -> int:
    return BUY if deal.side == "buy" else SELL


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


def _padded(levels: Levels, count: int, absent: tuple[str, str] = ("", "")) -> list[tuple[str, str]]:
    return [*levels[:count], *[absent] * (count - len(levels))]


def tardis_snapshots(folder: Path, told: Market) -> Path:
    """book_snapshot_8 and trades."""
    names = [f"{side}s[{n}].{what}" for n in range(_DEPTH) for side in ("ask", "bid") for what in ("price", "amount")]
    header = ",".join(names)
    rows = []
    for update in told.updates:
        bids, asks = (_padded(side, _DEPTH) for side in update.state)
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
        (bid,), (ask,) = (_padded(side, 1) for side in update.state)
        fields = [ask[1], ask[0], *bid]
        rows.append(samples.tardis_snapshot(update.at_ms * 1000, samples.TARDIS_QUOTES, fields))
    text = lines(f"{samples.TARDIS_START},{samples.TARDIS_QUOTES}", *rows)
    write(folder / "binance_quotes_2024-08-08_BTCUSDT.csv", text)
    _tardis_trades(folder, told)
    return folder


def _recorded_binance(folder: Path, told: Market, *, futures: bool, name: str) -> Path:
    """The REST snapshot comes after some of the diffs, and holds the first of them."""
    rows = []
    last_id = 100
    for each in told.in_order():
        if isinstance(each, Deal):
            more: dict[str, object] = {"X": "MARKET"} if futures else {}
            maker = each.side == "sell"
            rows.append(samples.binance_trade(each.at_ms, each.number, each.price, each.size, maker=maker, **more))
            continue
        previous = last_id if futures else None
        first_id, last_id = last_id + 1, last_id + 3
        levels = each.bids, each.asks
        rows.append(samples.binance_depth(each.at_ms, first_id, last_id, *levels, previous_id=previous))
    before = samples.binance_depth(
        told.updates[0].at_ms - 400, 95, 100, [("1.00", "7")], previous_id=94 if futures else None
    )
    rows = [before, *rows[:5], samples.binance_snapshot(told.updates[0].at_ms, 101, *told.snapshot), *rows[5:]]
    write(folder / name, lines(*rows))
    return folder


def binance_spot(folder: Path, told: Market) -> Path:
    """A recording of Binance's spot market."""
    return _recorded_binance(folder, told, futures=False, name="abcusdt_20240808.gz")


def binance_futures(folder: Path, told: Market) -> Path:
    """A recording of Binance's futures."""
    return _recorded_binance(folder, told, futures=True, name="abcusdt_perp_20240808.txt")


def okx_raw(folder: Path, told: Market) -> Path:
    """A recording of OKX with checksums."""
    book = PlainBook()
    book.update(*told.snapshot)
    ids: dict[str, Any] = {"checksum": okx_checksum(book), "prevSeqId": -1, "seqId": 0}
    rows = [okx_book(told.updates[0].at_ms, "snapshot", *told.snapshot, **ids)]
    number = 0
    for each in told.in_order():
        if isinstance(each, Deal):
            rows.append(okx_trade(each.at_ms, each.number, each.side, each.price, each.size))
            continue
        book.update(each.bids, each.asks)
        ids = {"checksum": okx_checksum(book), "prevSeqId": number, "seqId": number + 1}
        rows.append(okx_book(each.at_ms, "update", each.bids, each.asks, **ids))
        number += 1
    write(folder / "okx_20240808.txt.gz", lines(*rows))
    return folder


def bybit_raw(folder: Path, told: Market) -> Path:
    """A recording of Bybit."""
    number = 7
    rows = [bybit_book(told.updates[0].at_ms, "snapshot", number, *told.snapshot)]
    for each in told.in_order():
        if isinstance(each, Deal):
            rows.append(bybit_message(each.at_ms, (each.side.title(), each.price, each.size), i=f"t{each.number}"))
            continue
        number += 1
        rows.append(bybit_book(each.at_ms, "delta", number, each.bids, each.asks))
    write(folder / "bybit_2024-08-08.txt", lines(*rows))
    return folder


def _after_ns(at_ms: int, message: str) -> str:
    return f"{(_DAY_MS + at_ms) * 10**6} {message}"


def kraken_raw(folder: Path, told: Market) -> Path:
    """A recording of Kraken, version 2, with checksums."""

    def texts(levels: Levels) -> str:
        return ",".join(f'{{"price":{price},"qty":{size}}}' for price, size in levels)

    def book_line(at_ms: int, kind: str, bids: Levels, asks: Levels) -> str:
        book.update(bids, asks)
        time = f',"timestamp":"{iso(at_ms)}"' if kind == "update" else ""
        fields = f'"symbol":"ABC/USD","bids":[{texts(bids)}],"asks":[{texts(asks)}],"checksum":{kraken_checksum(book)}'
        return _after_ns(at_ms, f'{{"channel":"book","type":"{kind}","data":[{{{fields}{time}}}]}}')

    book = PlainBook()
    rows = [book_line(told.updates[0].at_ms, "snapshot", *told.snapshot)]
    for each in told.in_order():
        if isinstance(each, Deal):
            fields = f'"symbol":"ABC/USD","side":"{each.side}","price":{each.price},"qty":{each.size}'
            fields += f',"ord_type":"market","trade_id":{each.number},"timestamp":"{iso(each.at_ms)}"'
            rows.append(_after_ns(each.at_ms, f'{{"channel":"trade","type":"update","data":[{{{fields}}}]}}'))
        else:
            rows.append(book_line(each.at_ms, "update", each.bids, each.asks))
    write(folder / "kraken_20240808.txt.gz", lines(*rows))
    return folder


def kraken_v1(folder: Path, told: Market) -> Path:
    """A recording of Kraken, version 1."""

    def timed(levels: Levels, at_ms: int) -> list[list[str]]:
        return [[*level, f"{(_DAY_MS + at_ms) // 1000}.{at_ms % 1000:03d}000"] for level in levels]

    first_ms = told.updates[0].at_ms
    bids, asks = (timed(levels, first_ms - 5000) for levels in told.snapshot)
    rows = [_after_ns(first_ms, json.dumps([12, {"as": asks, "bs": bids}, "book-10", "ABC/USD"]))]
    for each in told.in_order():
        if isinstance(each, Deal):
            time = timed([("", "")], each.at_ms)[0][-1]
            trade = [each.price, each.size, time, each.side[0], "l", ""]
            rows.append(_after_ns(each.at_ms, json.dumps([13, [trade], "trade", "ABC/USD"])))
            continue
        changes = {key: timed(levels, each.at_ms) for key, levels in (("a", each.asks), ("b", each.bids)) if levels}
        rows.append(_after_ns(each.at_ms, json.dumps([12, changes, "book-10", "ABC/USD"])))
    write(folder / "kraken_20240808.txt", lines(*rows))
    return folder


_MAKER: Final = {"buy": "sell", "sell": "buy"}


def coinbase_raw(folder: Path, told: Market) -> Path:
    """A recording of Coinbase Exchange."""
    rows = [coinbase_snapshot(*told.snapshot)]
    for each in told.in_order():
        if isinstance(each, Deal):
            trade = {"side": _MAKER[each.side], "size": each.size, "price": each.price, "product_id": "ABC-USD"}
            ids = {"type": "match", "trade_id": each.number, "sequence": each.number + 50}
            rows.append(json.dumps(ids | trade | {"time": iso(each.at_ms)}))
            continue
        changes = [("buy", *level) for level in each.bids] + [("sell", *level) for level in each.asks]
        update = {"type": "l2update", "product_id": "ABC-USD", "changes": changes, "time": iso(each.at_ms)}
        rows.append(json.dumps(update))
    write(folder / "coinbase_20240808.txt", lines(*rows))
    return folder


def coinbase_advanced(folder: Path, told: Market) -> Path:
    """A recording of Coinbase's Advanced Trade."""

    def message(at_ms: int, channel: str, event: dict[str, Any]) -> str:
        envelope = {"channel": channel, "client_id": "", "timestamp": iso(at_ms), "sequence_num": 0}
        return json.dumps(envelope | {"events": [event]})

    def book_line(at_ms: int, kind: str, bids: Levels, asks: Levels) -> str:
        updates = [
            {"side": side, "event_time": iso(at_ms), "price_level": price, "new_quantity": size}
            for side, levels in (("bid", bids), ("offer", asks))
            for price, size in levels
        ]
        return message(at_ms, "l2_data", {"type": kind, "product_id": "ABC-USD", "updates": updates})

    rows = [book_line(told.updates[0].at_ms, "snapshot", *told.snapshot)]
    for each in told.in_order():
        if isinstance(each, Deal):
            trade = {"trade_id": str(each.number), "product_id": "ABC-USD", "price": each.price, "size": each.size}
            trade |= {"side": _MAKER[each.side].upper(), "time": iso(each.at_ms)}
            rows.append(message(each.at_ms, "market_trades", {"type": "update", "trades": [trade]}))
        else:
            rows.append(book_line(each.at_ms, "update", each.bids, each.asks))
    write(folder / "advanced_20240808.txt", lines(*rows))
    return folder


def _recorded_bitstamp(folder: Path, told: Market, *, whole: bool) -> Path:
    channel = "order_book" if whole else "diff_order_book"
    rows = []
    if not whole:
        # Older than the first change, as a snapshot that was fetched is; its time is that of the change all the same,
        # for the samples of the other formats.
        first_us = told.updates[0].at_ms * 1000
        rows.append(bitstamp_book(first_us, *told.updates[0].state, channel=channel, event="snapshot"))
    for each in told.in_order():
        if isinstance(each, Deal):
            kind = int(each.side == "sell")
            rows.append(bitstamp_trade(each.at_ms * 1000, each.number, kind, each.price, each.size))
            continue
        levels = each.state if whole else (each.bids, each.asks)
        rows.append(bitstamp_book(each.at_ms * 1000, *levels, channel=channel))
    write(folder / "bitstamp_20240808.txt.gz", lines(*rows))
    return folder


def bitstamp_changes(folder: Path, told: Market) -> Path:
    """A recording of Bitstamp's diff_order_book, with a snapshot that holds the first change."""
    return _recorded_bitstamp(folder, told, whole=False)


def bitstamp_states(folder: Path, told: Market) -> Path:
    """A recording of Bitstamp's order_book."""
    return _recorded_bitstamp(folder, told, whole=True)


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
        for at_ms, side, price, size in _events(told)
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


def _tables(told: Market) -> dict[str, pl.DataFrame]:
    first, *others = _events(told)
    assert first[1] == CLEAR
    of_snapshot = sum(map(len, told.snapshot))
    sides = {BID: "bid", ASK: "ask"}
    book = pl.DataFrame(
        [
            (_DAY_MS + at_ms, sides[side], price, size, "yes" if number < of_snapshot else "no")
            for number, (at_ms, side, price, size) in enumerate(others)
        ],
        ["time", "side", "price", "size", "whole"],
        orient="row",
    )
    fills = pl.DataFrame(
        [(_DAY_MS + deal.at_ms, deal.side, deal.price, deal.size) for deal in told.deals],
        ["time", "side", "price", "size"],
        orient="row",
    )
    return {"fills": fills, "book": book}


def mapped_csv(folder: Path, told: Market) -> Path:
    """CSV that a mapping explains."""
    write(folder / "mapping.toml", MAPPING)
    for name, frame in _tables(told).items():
        write(folder / f"{name}.csv", frame.write_csv())
    return folder


def mapped_parquet(folder: Path, told: Market) -> Path:
    """Parquet with floats and a time type, which the same mapping explains."""
    write(folder / "mapping.toml", MAPPING)
    for name, frame in _tables(told).items():
        typed = frame.with_columns(
            pl.from_epoch("time", time_unit="ms"),
            pl.col("price", "size").cast(pl.Float64),
            pl.col("side").cast(pl.Categorical),
        )
        typed.write_parquet(folder / f"{name}.parquet")
    return folder


def mapped_levels(folder: Path, told: Market) -> Path:
    """CSV of whole books, separated by semicolons, with times in ISO."""
    names = [[f"b{level}", f"bs{level}", f"a{level}", f"as{level}"] for level in range(_DEPTH)]
    trades, _, _ = MAPPING.replace('time_unit = "ms"', 'time_unit = "iso"\ndelimiter = ";"').partition("[book]")
    book = '[book]\nfiles = "book*"\ninstrument = "ABC"\ntime = "time"\ntime_unit = "iso"\ndelimiter = ";"\n'
    write(folder / "mapping.toml", f"{trades}{book}levels = {json.dumps(names)}\n")
    rows = []
    for update in told.updates:
        bids, asks = (_padded(side, _DEPTH) for side in update.state)
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
            messages.append(f"{time},4,{each.number},{each.size},{_scaled(each.price, 4)},{direction}")
        else:
            state = each.state
            messages.append(f"{time},1,1,1,1000000,1")
        bids, asks = (
            _padded([(str(_scaled(price, 4)), size) for price, size in side], _DEPTH, (absent, "0"))
            for side, absent in zip(state, ("-9999999999", "9999999999"), strict=True)
        )
        book.append(",".join(field for pair in zip(asks, bids, strict=True) for level in pair for field in level))
    name = f"ABC_2024-08-08_34200000_57600000_{{}}_{_DEPTH}.csv"
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
        bids, asks = (_padded(side, depth, ("", "0")) for side in state)
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


def _at_ns(at_ms: int) -> int:
    return (_DAY_MS + at_ms) * 10**6 - test_dbn.START_NS


def _dbn(folder: Path, told: Market, schema: str, depth: int) -> Path:
    """Trades and, where `depth` is not 0, the levels after each event."""
    rows = []
    state: tuple[Levels, Levels] = ([], [])

    def levels() -> list[tuple[float, float, int, int]]:
        nan = str(test_dbn.NAN)
        bids, asks = (_padded(side, depth, (nan, "0")) for side in state)
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


def dbn_trades(folder: Path, told: Market) -> Path:
    """Trades."""
    return _dbn(folder, told, "trades", 0)


def databento_csv_trades(folder: Path, told: Market) -> Path:
    """Trades as CSV, in fixed point and integer nanoseconds."""
    rows = []
    for deal in told.deals:
        time = (_DAY_MS + deal.at_ms) * 10**6
        side = "B" if deal.side == "buy" else "A"
        rows.append(f"{time},{time},0,2,7,T,{side},0,{_scaled(deal.price, 9)},{deal.size},0,0,0,ABC")
    header = "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,sequence"
    write(folder / "abc.trades.csv", lines(f"{header},symbol", *rows))
    return folder


def _orders(told: Market) -> list[bytes]:
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
    content = test_dbn.preamble("mbo", {"ABC": 7}) + b"".join(_orders(told))
    write(folder / "abc.mbo.dbn.zst", zstd.compress(content))
    return folder


def databento_csv_mbo(folder: Path, told: Market) -> Path:
    """MBO as CSV."""
    rows = []
    for content in _orders(told):
        row = np.frombuffer(content, test_dbn.RECORDS["mbo"])[0]
        price = "" if row["price"] == test_dbn.UNDEFINED else f"{int(row['price']) / 10**9:.9f}"
        what = f"{chr(row['action'])},{chr(row['side'])},{price},{row['size']}"
        times = f"{row['ts_recv']},{row['ts_event']}"
        rows.append(f"{times},160,2,7,{what},0,{row['order_id']},{row['flags']},0,0,ABC")
    header = "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,price,size,channel_id,order_id,flags"
    write(folder / "abc.mbo.csv", lines(f"{header},ts_in_delta,sequence,symbol", *rows))
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
        bid, ask = (",".join(_padded(side, 1, ("0", "0"))[0]) for side in update.state)
        quotes.append(archive_samples.binance_best(number, update.at_ms, bid, ask))
    members = {"ABCUSDT-bookTicker-2024-08-08.csv": lines(archive_samples.BINANCE_BOOK_TICKER, *quotes)}
    samples.zipped(folder / "ABCUSDT-bookTicker-2024-08-08.zip", members)
    return folder


def _spot_archive(folder: Path, told: Market, unit_per_ms: int) -> Path:
    rows = (
        archive_samples.binance_spot_trade(
            d.number, (_DAY_MS + d.at_ms) * unit_per_ms, d.price, d.size, maker=d.side == "sell"
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
        archive_samples.bybit_row(
            f"{(_DAY_MS + d.at_ms) // 1000}.{d.at_ms % 1000:03d}", d.side.title(), d.size, d.price
        )
        for d in told.deals
    )
    write(folder / "BTCUSDT2024-08-08.csv.gz", lines(archive_samples.BYBIT, *rows))
    return folder


def bybit_spot_trades(folder: Path, told: Market) -> Path:
    """Bybit's public trades of the spot market."""
    rows = (f"{d.number},{_DAY_MS + d.at_ms},{d.price},{d.size},{d.side},0" for d in told.deals)
    write(folder / "BTCUSDT_2024-08-08.csv.gz", lines(archive_samples.BYBIT_SPOT, *rows))
    return folder


def okx_trades(folder: Path, told: Market) -> Path:
    """OKX's public trades."""
    rows = (f"ABC-USDT,{d.number},{d.side},{d.price},{d.size},{_DAY_MS + d.at_ms}" for d in told.deals)
    write(folder / "ABC-USDT-trades-2024-08-08.csv", lines(archive_samples.OKX, *rows))
    return folder


WHOLE_BOOK: Final = (
    own, tardis, tardis_snapshots, binance_spot, binance_futures, okx_raw, bybit_raw, kraken_raw, kraken_v1,
    coinbase_raw, coinbase_advanced, bitstamp_changes, bitstamp_states, sqlite, hftbacktest, hftbacktest_old,
    mapped_csv, mapped_parquet, mapped_levels,
)  # fmt: skip
WHOLE_BOOK_OF_WHOLE_SIZES: Final = (own, lobster, databento_csv, databento_csv_mbo, dbn_mbp10, dbn_mbo)
BEST_LEVELS: Final = (tardis_quotes, binance_archive)
BEST_LEVELS_OF_WHOLE_SIZES: Final = (databento_csv_top, dbn_mbp1)
TRADES_ALONE: Final = (
    own_trades, binance_archive_ms, binance_archive_us, binance_archive_aggregated, bybit_trades, bybit_spot_trades,
    okx_trades,
)  # fmt: skip
TRADES_ALONE_OF_WHOLE_SIZES: Final = (own_trades, dbn_trades, databento_csv_trades)

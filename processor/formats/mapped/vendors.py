"""Vendors' tables that are recognised by their columns, with the mapping of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from processor.errors import DatasetError
from processor.formats.mapped import frames, json_rows
from processor.formats.mapped.clocks import unit_of
from processor.formats.mapped.columns import NO_RULES, Rules
from processor.formats.mapped.mapping_file import BOOK, TRADES, Table
from processor.formats.mapped.names import stem_of
from processor.formats.mapped.separated import fields_of, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from processor.formats.disk.files import SourceFile

Row = tuple[str, ...]

_LOOKED_AT: Final = 20
_HEAD_BYTES: Final = 8192
_BOTH: Final = frozenset((TRADES, BOOK))
_TRADES: Final = frozenset((TRADES,))
_BOOK: Final = frozenset((BOOK,))
_TICKER: Final = re.compile(r"[A-Z0-9]{5,20}")


@dataclass(frozen=True, slots=True)
class TableStart:
    """The start of a table's file: the stem of its name, its columns (empty without a header), and its first rows."""

    stem: str
    names: Row
    rows: tuple[Row, ...]
    delimiter: str = ","

    def has(self, *names: str) -> bool:
        """Whether the table has these columns."""
        return set(names) <= set(self.names)


@dataclass(frozen=True, slots=True)
class KnownTable:
    """The mapping of a recognised file."""

    kinds: frozenset[str]
    table: Table
    rules: Rules = NO_RULES


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor's tables: their title, and a function that gives the mapping of a file if it is one of them."""

    title: str
    table: Callable[[TableStart], KnownTable | None]


def start_of(file: SourceFile, head: bytes) -> TableStart | None:
    """The start of a file; None if it is not a table."""
    stem = stem_of(file)
    if frames.is_frame(head):
        try:
            return TableStart(stem, tuple(frames.schema_of(file, head)), ())
        except DatasetError:
            return None
    if json_rows.is_json(head):
        return _of_json(stem, head)
    return None if b"\0" in head[:_HEAD_BYTES] else _of_text(stem, head)


def _of_json(stem: str, head: bytes) -> TableStart:
    found = json_rows.first_rows(head)
    names = tuple(found[0]) if found else ()
    rows = tuple(tuple(row.values()) for row in found)
    return TableStart(stem, () if all(map(str.isdecimal, names)) else names, rows)


def _of_text(stem: str, head: bytes) -> TableStart | None:
    lines = [line for line in lines_of(head[:_HEAD_BYTES]) if line][: _LOOKED_AT + 1]
    if not lines:
        return None
    delimiter = "\t" if "\t" in lines[0] else ","
    first, *rows = (fields_of(line, delimiter) for line in lines)
    if len(first) == 1 or any(field[:1].isdecimal() for field in first):
        return TableStart(stem, (), (first, *rows[: _LOOKED_AT - 1]), delimiter)
    return TableStart(stem, first, tuple(rows), delimiter)


def _named(start: TableStart, pattern: str, *, upper: bool = False) -> str:
    """The instrument in a file's name: the match of a pattern, otherwise the whole name."""
    found = re.match(pattern, start.stem)
    name = found[1] if found else start.stem
    return name.upper() if upper else name


def _binance_depth(start: TableStart) -> KnownTable | None:
    """T_DEPTH and S_DEPTH: one row per level, snapshots and updates in separate files."""
    if not start.has("symbol", "timestamp", "last_update_id", "side", "update_type", "price", "qty"):
        return None
    table = Table(
        files="*", instrument_column="symbol", time="timestamp", time_unit="ms", price="price", size="qty", side="side",
        bid="b", ask="a", snapshot="update_type", snapshot_word="snap", update_word="set",
    )  # fmt: skip
    return KnownTable(_BOOK, table, Rules(sequence=("last_update_id", "pu")) if start.has("pu") else NO_RULES)


_DEPTH_COLUMNS: Final = 9


def _binance_depth_headless(start: TableStart) -> KnownTable | None:
    """T_DEPTH and S_DEPTH without a header: symbol, time, transaction, first and last id, side, kind, price, size."""
    rows = start.rows
    if start.names or not rows or any(len(row) != _DEPTH_COLUMNS for row in rows):
        return None
    if any(row[5] not in {"a", "b"} or row[6] not in {"snap", "set"} for row in rows):
        return None
    table = Table(
        files="*", header=False, instrument_column=1, time=2, time_unit="ms", price=8, size=9, side=6, bid="b", ask="a",
        snapshot=7, snapshot_word="snap", update_word="set",
    )  # fmt: skip
    return KnownTable(_BOOK, table)


def _is_time_of_bitmex(start: TableStart) -> bool:
    return bool(start.rows) and re.match(r"\d{4}-\d\d-\d\d[DT]", start.rows[0][0]) is not None


def _bitmex_trades(start: TableStart) -> KnownTable | None:
    """Trades of the archive; Bybit has the same columns, with seconds for times."""
    if not start.has("timestamp", "symbol", "side", "size", "price", "tickDirection", "trdMatchID"):
        return None
    if not _is_time_of_bitmex(start):
        return None
    table = Table(
        files="*", instrument_column="symbol", time="timestamp", time_unit="iso", price="price", size="size",
        side="side", buy="Buy", sell="Sell", id="trdMatchID",
    )  # fmt: skip
    return KnownTable(_TRADES, _with_format(table, start))


def _bitmex_quotes(start: TableStart) -> KnownTable | None:
    if not start.has("timestamp", "symbol", "bidSize", "bidPrice", "askPrice", "askSize") or not _is_time_of_bitmex(
        start
    ):
        return None
    table = Table(
        files="*", instrument_column="symbol", time="timestamp", time_unit="iso",
        levels=[["bidPrice", "bidSize", "askPrice", "askSize"]],
    )  # fmt: skip
    return KnownTable(_BOOK, _with_format(table, start))


def _with_format(table: Table, start: TableStart) -> Table:
    """Add the format of BitMEX's times, with a D between date and time, if needed."""
    if "D" not in start.rows[0][0]:
        return table
    return msgspec.structs.replace(table, time_unit=None, format="%Y-%m-%dD%H:%M:%S.%f")


_DUKASCOPY_CLOCKS: Final = {
    "Local time": (None, None),
    "Gmt time": (None, "the clock is GMT"),
    "UTC": (None, None),
    "Time (UTC)": (None, None),
    "Time (EET)": ("EET", "the clock is Eastern European Time, with its summer time"),
}


def _dukascopy(start: TableStart) -> KnownTable | None:
    """JForex's export of ticks: day first, with the offset of the local time."""
    clock = next((name for name in _DUKASCOPY_CLOCKS if start.has(name, "Ask", "Bid")), None)
    if clock is None or not start.rows:
        return None
    zone, assumption = _DUKASCOPY_CLOCKS[clock]
    first = start.rows[0][start.names.index(clock)]
    form = next((form for form, pattern in _DUKASCOPY_FORMS.items() if re.fullmatch(pattern, first)), None)
    table = Table(
        files="*", instrument=_named(start, r"([A-Za-z0-9.]+?)_"), time=clock, format=form, zone=zone,
        levels=[["Bid", "BidVolume", "Ask", "AskVolume"]],
    )  # fmt: skip
    return KnownTable(_BOOK, table, Rules(assumptions=(assumption,) if assumption else ()))


_DUKASCOPY_FORMS: Final = {
    "%d.%m.%Y %H:%M:%S.%f GMT%z": r"\d\d\.\d\d\.\d{4} \S+ GMT\S+",
    "%d.%m.%Y %H:%M:%S.%f": r"\d\d\.\d\d\.\d{4} \S+",
    "%Y.%m.%d %H:%M:%S.%f": r"\d{4}\.\d\d\.\d\d \S+",
}


def _dukascopy_node(start: TableStart) -> KnownTable | None:
    if not start.has("timestamp", "askPrice", "bidPrice"):
        return None
    table = Table(
        files="*", instrument=_named(start, r"(.+?)-tick(?:-|$)", upper=True), time="timestamp",
        levels=[["bidPrice", "bidVolume", "askPrice", "askVolume"]],
    )  # fmt: skip
    return KnownTable(_BOOK, table)


def _metatrader(start: TableStart) -> KnownTable | None:
    """MetaTrader 5's export of ticks: only changes; a row with a last price and a volume is a trade."""
    if not start.has("<DATE>", "<TIME>", "<BID>", "<ASK>"):
        return None
    has_trades = start.has("<LAST>", "<VOLUME>")
    table = Table(
        files="*", instrument=_named(start, r"(.+?)_\d{8}"), delimiter=start.delimiter, time=["<DATE>", "<TIME>"],
        format="%Y.%m.%d %H:%M:%S.%f", levels=[["<BID>", "<ASK>"]],
        price="<LAST>" if has_trades else None, size="<VOLUME>" if has_trades else None,
    )  # fmt: skip
    flags = "<FLAGS>" if has_trades and start.has("<FLAGS>") else None
    assumptions = ("times are those of the broker's server, read as UTC because no zone is given",)
    return KnownTable(
        _BOTH if has_trades else _BOOK, table, Rules(keeps_quotes=True, flags=flags, assumptions=assumptions)
    )


_HISTDATA: Final = (re.compile(r"\d{8} \d{9}"), *[re.compile(r"\d+\.?\d*")] * 2, re.compile(r"\d+"))
_TRUEFX: Final = (re.compile(r"[A-Z]{3}/[A-Z]{3}"), re.compile(r"\d{8} \d\d:\d\d:\d\d\.\d{3}"), *_HISTDATA[1:3])


def _fits(start: TableStart, columns: tuple[re.Pattern[str], ...]) -> bool:
    """Whether there is no header and the first rows have exactly these columns."""
    return (
        not start.names
        and bool(start.rows)
        and all(
            len(row) == len(columns) and all(map(re.Pattern.fullmatch, columns, row)) for row in start.rows
        )
    )  # fmt: skip


def _histdata(start: TableStart) -> KnownTable | None:
    """Ticks of bid and ask; the volume is always 0."""
    if not _fits(start, _HISTDATA):
        return None
    table = Table(
        files="*", header=False, instrument=_named(start, r"DAT_ASCII_([A-Z0-9]+)_T"), time=1, format="%Y%m%d %H%M%S%f",
        zone="-05:00", levels=[[2, 3]],
    )  # fmt: skip
    return KnownTable(
        _BOOK, table, Rules(assumptions=("the clock is Eastern Standard Time all year, 5 hours behind UTC",))
    )


def _truefx(start: TableStart) -> KnownTable | None:
    if not _fits(start, _TRUEFX):
        return None
    table = Table(files="*", header=False, instrument_column=1, time=2, format="%Y%m%d %H:%M:%S.%f", levels=[[3, 4]])
    return KnownTable(_BOOK, table, Rules(assumptions=("the clock is GMT",)))


_FREQTRADE: Final = ("timestamp", "id", "type", "side", "price", "amount", "cost")
_FREQTRADE_NAME: Final = re.compile(r"(?:.*-|[a-z]+_)?([A-Za-z0-9]+)_([A-Z0-9]+)(?:_([A-Z0-9]+(?:-\d+)?))?-trades")


def _freqtrade(start: TableStart) -> KnownTable | None:
    """Rows in Feather, Parquet, or JSON lists (without column names); the pair is in the file name."""
    columns: tuple[str | int, ...] = _FREQTRADE
    if start.names != _FREQTRADE:
        columns = tuple(range(1, len(_FREQTRADE) + 1))
        is_list = not start.names and bool(start.rows) and all(map(_is_freqtrade, start.rows))
        if not is_list:
            return None
    time, trade_id, _, side, price, size, _ = columns
    name = _FREQTRADE_NAME.fullmatch(start.stem)
    pair = f"{name[1]}/{name[2]}" + (f":{name[3]}" if name[3] else "") if name else start.stem
    table = Table(
        files="*", instrument=pair, time=time, time_unit="ms", id=trade_id, price=price, size=size, side=side,
        header=bool(start.names),
    )  # fmt: skip
    return KnownTable(_TRADES, table)


def _is_freqtrade(row: Row) -> bool:
    return len(row) == len(_FREQTRADE) and row[3] in {"buy", "sell"} and unit_of(row[:1]) == "ms"


_KRAKEN_COLUMNS: Final = 3


def _kraken(start: TableStart) -> KnownTable | None:
    """Kraken's time and sales: three columns without names, seconds first; the pair is the file's name."""
    if start.names or not start.rows or any(len(row) != _KRAKEN_COLUMNS for row in start.rows):
        return None
    times = [row[0] for row in start.rows]
    numbers = [field for row in start.rows for field in row[1:]]
    are_seconds = all(re.fullmatch(r"\d{10}", time) for time in times) and unit_of(times) == "s"
    pair = next((word for word in re.split(r"[^A-Za-z0-9.]", start.stem) if _TICKER.fullmatch(word)), None)
    are_decimals = all(re.fullmatch(r"\d+(\.\d+)?", number) for number in numbers) and "." in "".join(numbers)
    if not are_seconds or pair is None or not are_decimals:
        return None
    table = Table(files="*", header=False, instrument=pair, time=1, time_unit="s", price=2, size=3)
    return KnownTable(_TRADES, table, Rules(assumptions=("the aggressor is not in the data",)))


def _cryptofeed_trades(start: TableStart) -> KnownTable | None:
    if not start.has("exchange", "symbol", "side", "amount", "price", "timestamp", "receipt_timestamp"):
        return None
    table = Table(
        files="*", exchange_column="exchange", instrument_column="symbol", time="timestamp",
        local_time="receipt_timestamp", price="price", size="amount", side="side",
        id="id" if start.has("id") else None,
    )  # fmt: skip
    return KnownTable(_TRADES, table)


def _cryptofeed_book(start: TableStart) -> KnownTable | None:
    """Full books with sides as maps or lists; or one level per row, where `delta` is false in snapshots."""
    symbol = next((name for name in ("symbol", "pair") if start.has(name)), None)
    exchange = next((name for name in ("exchange", "feed") if start.has(name)), None)
    if not start.has("timestamp", "receipt_timestamp"):
        return None
    table = Table(
        files="*", time="timestamp", local_time="receipt_timestamp", exchange_column=exchange if symbol else None,
        instrument_column=symbol, instrument=None if symbol else start.stem,
    )  # fmt: skip
    if start.has("bids", "asks") and symbol:
        return KnownTable(_BOOK, msgspec.structs.replace(table, bids="bids", asks="asks"))
    if not start.has("delta", "side", "price", "size"):
        return None
    rows = {"price": "price", "size": "size", "side": "side"}
    words = {"snapshot": "delta", "snapshot_word": "false", "update_word": "true"}
    return KnownTable(_BOOK, msgspec.structs.replace(table, **rows, **words))


def _carbonbot(start: TableStart) -> KnownTable | None:
    """Books as lists of [price, size, ...] in tab-separated columns; `snapshot` false is an update."""
    if not start.has("timestamp", "snapshot", "asks", "bids"):
        return None
    table = Table(
        files="*", instrument=start.stem, delimiter=start.delimiter, time="timestamp", time_unit="ms", bids="bids",
        asks="asks", snapshot="snapshot",
    )  # fmt: skip
    return KnownTable(
        _BOOK, table, Rules(sequence=("seq_id", "prev_seq_id")) if start.has("seq_id", "prev_seq_id") else Rules()
    )


VENDORS: Final = (
    Vendor("Binance (T_DEPTH, S_DEPTH)", _binance_depth),
    Vendor("Binance (T_DEPTH, S_DEPTH)", _binance_depth_headless),
    Vendor("BitMEX (trades, quotes)", _bitmex_trades),
    Vendor("BitMEX (trades, quotes)", _bitmex_quotes),
    Vendor("Dukascopy", _dukascopy),
    Vendor("Dukascopy", _dukascopy_node),
    Vendor("MetaTrader 5 (ticks)", _metatrader),
    Vendor("HistData (ticks)", _histdata),
    Vendor("TrueFX", _truefx),
    Vendor("freqtrade (trades)", _freqtrade),
    Vendor("Kraken (time and sales)", _kraken),
    Vendor("cryptofeed (trades, books)", _cryptofeed_trades),
    Vendor("cryptofeed (trades, books)", _cryptofeed_book),
    Vendor("carbonbot (l2_event)", _carbonbot),
)
"""All vendors, in the order in which they are tried."""

"""Tables that have to be rewritten before they are read: as terminals, collectors and archives write them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from processor.core.events import BID, CLEAR
from tests.formats.one_market.model import DAY_MS, events_of
from tests.formats.samples import lines, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.formats.one_market.model import Levels, Market

_ZONE: Final = ZoneInfo("Europe/Berlin")
_TERMINAL: Final = """
zone = "Europe/Berlin"
time = ["Datum", "Zeit"]
instrument = "ABC"
delimiter = ";"
price = "Kurs"
size = "Menge"
side = "Seite"
"""
_LISTS: Final = """
[trades]
files = "fills*"
instrument = "ABC"
time = "ts"
price = "px"
size = "qty"
side = "side"

[book]
files = "book*"
instrument = "ABC"
time = "ts"
bids = "bids"
asks = "asks"
snapshot = "whole"
"""


def mapped_terminal(folder: Path, told: Market) -> Path:
    """Local times in two columns, day first, and decimal commas."""
    first, *others = events_of(told)
    assert first[1] == CLEAR
    of_snapshot = sum(map(len, told.snapshot))
    trades, book = (
        f'[{kind}]\nfiles = "{files}*"{_TERMINAL}' for kind, files in (("trades", "fills"), ("book", "book"))
    )
    words = 'bid = "Geld"\nask = "Brief"\nsnapshot = "Bild"\nsnapshot_word = "ja"\nupdate_word = "nein"\n'
    write(folder / "mapping.toml", f"{trades}{book}{words}")
    rows = [
        ";".join(
            (
                _local(at_ms),
                ("Brief", "Geld")[side == BID],
                _comma(price),
                _comma(size),
                ("nein", "ja")[at < of_snapshot],
            )
        )
        for at, (at_ms, side, price, size) in enumerate(others)
    ]
    write(folder / "book.csv", lines("Erzeugt von Hand", "Datum;Zeit;Seite;Kurs;Menge;Bild", *rows))
    fills = (f'{_local(deal.at_ms)};{deal.side};"{_comma(deal.price)}";{_comma(deal.size)}' for deal in told.deals)
    write(folder / "fills.csv.gz", lines("Datum;Zeit;Seite;Kurs;Menge", *fills))
    return folder


def mapped_lists(folder: Path, told: Market) -> Path:
    """Levels as lists in a column, and trades as lines of JSON."""
    write(folder / "mapping.toml", _LISTS)
    bids, asks = told.snapshot
    rows = [_row(told.updates[0].at_ms, bids, asks, whole=True)]
    rows += [_row(update.at_ms, update.bids, update.asks, whole=False) for update in told.updates]
    write(folder / "book.tsv", lines("ts\twhole\tbids\tasks", *rows))
    fills = (
        {"ts": DAY_MS + deal.at_ms, "px": deal.price, "qty": float(deal.size), "side": deal.side} for deal in told.deals
    )
    write(folder / "fills.jsonl", lines(*map(json.dumps, fills)))
    return folder


def known_tables(folder: Path, told: Market) -> Path:
    """Binance's T_DEPTH with BitMEX's trades."""
    first, *others = events_of(told)
    assert first[1] == CLEAR
    of_snapshot = sum(map(len, told.snapshot))
    header = "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty"
    rows = [
        f"ABC,{DAY_MS + at_ms},{at},{at},{'ab'[side == BID]},{{}},{price},{size}"
        for at, (at_ms, side, price, size) in enumerate(others)
    ]
    write(folder / "ABC_T_DEPTH_depth_snap.csv", lines(header, *(row.format("snap") for row in rows[:of_snapshot])))
    write(folder / "ABC_T_DEPTH_depth_update.csv", lines(header, *(row.format("set") for row in rows[of_snapshot:])))
    trades = "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional"
    deals = (
        f"{_moment(deal.at_ms).strftime('%Y-%m-%dD%H:%M:%S.%f')}000,ABC,{deal.side.capitalize()},{deal.size},{deal.price},"
        f"PlusTick,a-{deal.number},1,1,1"
        for deal in told.deals
    )
    write(folder / "20240808.csv", lines(trades, *deals))
    return folder


def _moment(at_ms: int) -> datetime:
    return datetime(2024, 8, 8, tzinfo=UTC) + timedelta(milliseconds=at_ms)


def _local(at_ms: int) -> str:
    return _moment(at_ms).astimezone(_ZONE).strftime("%d.%m.%Y;%H:%M:%S.%f")[:-3]


def _comma(number: str) -> str:
    return number.replace(".", ",")


def _row(at_ms: int, bids: Levels, asks: Levels, *, whole: bool) -> str:
    shown = (json.dumps([[float(price), size] for price, size in side]) for side in (bids, asks))
    return "\t".join([str(DAY_MS + at_ms), str(whole).lower(), *shown])

"""The known formats, in the order in which they are tried on a file.

A format's module is imported when a file is tried with it: importing all of them takes longer than reading a small
dataset, and most datasets are of the first few.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processor.formats.base import Format

MODULES: Final = (
    "mapping",
    "own",
    "tardis",
    "lobster",
    "binance_raw",
    "okx_raw",
    "okx_archive",
    "bybit_raw",
    "kraken_raw",
    "coinbase_raw",
    "bitstamp_raw",
    "hyperliquid_raw",
    "binance_archive",
    "known_tables",
    "bybit_trades",
    "okx_trades",
    "databento_csv",
    "dbn",
    "sqlite_tables",
    "hftbacktest",
    "itch",
    "iex",
    "sierra",
)


@cache
def format_of(module: str) -> Format:
    """The format of one of `MODULES`."""
    known: Format = import_module(f"processor.formats.{module}").FORMAT
    return known


def formats() -> Iterator[Format]:
    """All formats, each imported when it is reached."""
    return map(format_of, MODULES)

"""The recordings whose tables an independent program made, too, and our tables of them."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from typer.testing import CliRunner

from processor.cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

RECORDINGS: Final = (
    ("lobster", "lobster-amzn_60s", "1m"),
    ("binance-raw/btcusdt", "binance-btcusdt_60s", "1m"),
    ("binance-raw/btcusdt", "binance-btcusdt_1s", "1s"),
    ("binance-raw/nexousdt", "binance-nexousdt_60s", "1m"),
)
"""Folder in the shared data, name of the expected tables, and interval."""


def expected_tables(shared_data: Path, name: str) -> tuple[dict[str, Any], str]:
    """The expected tables of a recording by their views, and the height of price rows to ask for."""
    with gzip.open(shared_data / f"expected/views_{name}.json.gz") as file:
        found: dict[str, Any] = json.load(file)
    return found, "auto" if found["row"] == found["price_step"] else str(found["row"])


def tabled(dataset: Path, view: str, out: Path, *options: str) -> pl.DataFrame:
    """The table that the command line makes."""
    done = CliRunner().invoke(app, ["aggregate", str(dataset), "--view", view, "--out", str(out), *options])
    assert done.exit_code == 0, done.output
    return pl.read_parquet(out)

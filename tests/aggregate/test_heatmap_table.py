"""The table of the heatmap on real recordings, beside what an independent program made of them."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from typer.testing import CliRunner

from processor.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def tabled(dataset: Path, out: Path, *options: str) -> pl.DataFrame:
    done = CliRunner().invoke(app, ["aggregate", str(dataset), "--view", "heatmap", "--out", str(out), *options])
    assert done.exit_code == 0, done.output
    return pl.read_parquet(out)


def within(cells: pl.DataFrame, windows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The cells inside the windows that the expected ones are listed in."""
    inside = cells.join(pl.DataFrame(windows), on="timestamp_ms")
    inside = inside.filter(pl.col("row_price").is_between("first_row", "last_row"))
    return inside.select("timestamp_ms", "side", "row_price", "size").to_dict(as_series=False)


@pytest.mark.parametrize("mode", ["last", "max"])
@pytest.mark.parametrize(
    ("folder", "name", "interval"),
    [
        ("lobster", "lobster-amzn_60s", "1m"),
        ("binance-raw/btcusdt", "binance-btcusdt_60s", "1m"),
        ("binance-raw/btcusdt", "binance-btcusdt_1s", "1s"),
        ("binance-raw/nexousdt", "binance-nexousdt_60s", "1m"),
    ],
)
def test_a_recording_gives_the_expected_cells(
    shared_data: Path,
    converted: Callable[[str], Path],
    tmp_path: Path,
    folder: str,
    name: str,
    interval: str,
    mode: str,
) -> None:
    with gzip.open(shared_data / f"expected/views_{name}.json.gz") as file:
        expected: dict[str, Any] = json.load(file)
    row = "auto" if expected["row"] == expected["price_step"] else str(expected["row"])
    cells = tabled(converted(folder), tmp_path / "table.parquet", "--mode", mode, "--row", row, "--interval", interval)

    assert within(cells, expected["heatmap_windows"]) == expected["heatmap" if mode == "last" else "heatmap_max"]


def test_columns_have_a_length_of_their_own(shared_data: Path, tmp_path: Path) -> None:
    of_bars = tabled(shared_data / "lobster", tmp_path / "bars.parquet", "--interval", "5m")
    of_columns = tabled(shared_data / "lobster", tmp_path / "columns.parquet", "--interval", "1h", "--column", "5m")

    assert of_columns.equals(of_bars)
    done = CliRunner().invoke(app, ["aggregate", "x", "--view", "heatmap", "--out", "x.csv", "--column", "8d"])
    assert str(done.exception).startswith("invalid column '8d'")

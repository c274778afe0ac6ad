"""The tables behind the views, against those of an independent program."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest
from typer.testing import CliRunner

from processor.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FROM_FILES: Final = {"footprint", "events"}
"""What is read from the files, too: of the trades with their price step, and of trades and book."""
QUOTIENTS: Final = {"vwap", "session_vwap", "session_sigma"}


def tabled(dataset: Path, view: str, out: Path, *options: str) -> pl.DataFrame:
    done = CliRunner().invoke(app, ["aggregate", str(dataset), "--view", view, "--out", str(out), *options])
    assert done.exit_code == 0, done.output
    return pl.read_parquet(out)


@pytest.mark.parametrize("view", ["footprint", "statistics", "profile", "tape", "cvd_by_size", "measures", "events"])
@pytest.mark.parametrize(
    ("folder", "name", "interval"),
    [
        ("lobster", "lobster-amzn_60s", "1m"),
        ("binance-raw/btcusdt", "binance-btcusdt_60s", "1m"),
        ("binance-raw/btcusdt", "binance-btcusdt_1s", "1s"),
        ("binance-raw/nexousdt", "binance-nexousdt_60s", "1m"),
    ],
)
def test_a_recording_gives_the_expected_table_from_a_store_and_from_its_files(
    shared_data: Path,
    converted: Callable[[str], Path],
    tmp_path: Path,
    folder: str,
    name: str,
    interval: str,
    view: str,
) -> None:
    with gzip.open(shared_data / f"expected/views_{name}.json.gz") as file:
        expected: dict[str, Any] = json.load(file)
    wanted: dict[str, list[Any]] = expected[view]
    edges = wanted.pop("edges", [])
    wanted |= {f"edge_{number}": [edge] * len(wanted["timestamp_ms"]) for number, edge in enumerate(edges, 1)}
    row = "auto" if expected["row"] == expected["price_step"] else str(expected["row"])
    options = ("--row", row, "--interval", interval, "--cache", "off")
    for source in [converted(folder), *([shared_data / folder] if view in FROM_FILES else [])]:
        found = tabled(source, view, tmp_path / "table.parquet", *options).to_dict(as_series=False)
        for column, values in wanted.items():
            if column in QUOTIENTS:
                assert found[column] == pytest.approx(values, rel=1e-12, abs=0), column
            else:
                assert found[column] == values, column

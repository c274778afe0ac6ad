"""Recorded markets through the whole program: its table and its published files against independent results."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest

from processor.aggregate.table import COLUMNS
from processor.replay.context import StopSignal
from processor.replay.run import replay
from processor.settings import Settings
from shared import DATA_FILES, DEPTH_FILE, MAX_ROWS, METRICS_FILE, OHLC_FILE, STATUS_FILE
from shared.validate import faults
from tests.cli.running import run_here
from tests.replay.fake_clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

RECORDINGS: Final = [
    ("lobster", "AMZN", "lobster-amzn_60s_obi5", "1m", 5),
    ("binance-raw/nexousdt", "NEXOUSDT", "binance-nexousdt_60s_obi10", "1m", 10),
    ("binance-raw/btcusdt", "BTCUSDT", "binance-btcusdt_1s_obi10", "1s", 10),
    ("binance-raw/btcusdt", "BTCUSDT", "binance-btcusdt_60s_obi10", "1m", 10),
    ("binance-raw/btcusdt", "BTCUSDT", "binance-btcusdt_60s_obi0", "1m", 0),
    ("tardis", "binance:BTCUSDT", "binance-btcusdt_60s_obi10", "1m", 10),
    ("databento/aapl_xnas_20241021_mbp-10.csv", "AAPL", "databento-aapl_60s_obi10", "1m", 10),
]


def expected(shared_data: Path, name: str) -> dict[str, Any]:
    with gzip.open(shared_data / f"expected/{name}.json.gz") as file:
        found: dict[str, Any] = json.load(file)
    return found


def same_metrics(found: list[list[float]], wanted: list[list[float]]) -> None:
    assert [[row[0], *row[5:]] for row in found] == [[row[0], *row[5:]] for row in wanted]
    obi, wanted_obi = ([value for row in rows for value in row[1:5]] for rows in (found, wanted))
    assert obi == pytest.approx(wanted_obi, rel=0, abs=1e-12)


def published(dataset: Path, out: Path, interval: str, obi_levels: int, instrument: str) -> dict[str, bytes]:
    settings = Settings(
        interval=interval,
        obi_levels=obi_levels,
        instrument=instrument,
        speed=None,
        at_end="exit",
    )
    assert replay(dataset, out, settings, FakeClock(), StopSignal())
    assert faults(out) == []
    assert False not in json.loads((out / STATUS_FILE).read_bytes())["checks"].values()
    return {name: (out / name).read_bytes() for name in DATA_FILES}


@pytest.mark.parametrize(("folder", "instrument", "name", "interval", "obi_levels"), RECORDINGS)
def test_the_published_files_are_the_newest_rows_and_the_last_book_of_an_independent_program(
    shared_data: Path, tmp_path: Path, folder: str, instrument: str, name: str, interval: str, obi_levels: int
) -> None:
    wanted = expected(shared_data, name)
    files = published(shared_data / folder, tmp_path, interval, obi_levels, instrument)

    assert json.loads(files[OHLC_FILE]) == wanted["ohlc"][-MAX_ROWS:]
    same_metrics(json.loads(files[METRICS_FILE]), wanted["metrics"][-MAX_ROWS:])
    assert json.loads(files[DEPTH_FILE]) == wanted["depth"]


@pytest.mark.parametrize(("folder", "instrument", "name", "interval", "obi_levels"), RECORDINGS)
def test_the_table_is_the_whole_history_of_an_independent_program(
    shared_data: Path, tmp_path: Path, folder: str, instrument: str, name: str, interval: str, obi_levels: int
) -> None:
    wanted = expected(shared_data, name)
    out = tmp_path / "table.parquet"
    options = ("--interval", interval, "--obi-levels", obi_levels, "--instrument", instrument)
    found = run_here("aggregate", shared_data / folder, "--out", out, *options)
    assert found.returncode == 0, found.stderr

    table = pl.read_parquet(out)
    assert table.columns == list(COLUMNS)
    bars = table.filter(pl.col("trades") > 0).select("timestamp_ms", "open", "high", "low", "close", "volume")
    assert [list(row) for row in bars.iter_rows()] == wanted["ohlc"]
    metrics = table.select("timestamp_ms", *(name for name in COLUMNS if name.startswith(("obi_", "cvd_"))))
    same_metrics([list(row) for row in metrics.iter_rows()], wanted["metrics"])
    assert table["trades"].sum() == wanted["trades"]
    assert (table["best_bid"][-1], table["best_ask"][-1]) == (
        wanted["depth"]["bids"][0][0],
        wanted["depth"]["asks"][0][0],
    )


@pytest.mark.parametrize("interval", ["1s", "1m"])
def test_the_same_market_from_two_vendors_is_published_as_the_same_bytes(
    shared_data: Path, tmp_path: Path, interval: str
) -> None:
    raw = published(shared_data / "binance-raw/btcusdt", tmp_path / "raw", interval, 10, "BTCUSDT")
    tardis = published(shared_data / "tardis", tmp_path / "tardis", interval, 10, "binance:BTCUSDT")

    assert raw == tardis


def test_the_table_as_csv_holds_the_same_numbers(shared_data: Path, tmp_path: Path) -> None:
    for suffix in ("csv", "parquet"):
        found = run_here("aggregate", shared_data / RECORDINGS[-1][0], "--out", tmp_path / f"t.{suffix}")
        assert found.returncode == 0, found.stderr

    csv, parquet = pl.read_csv(tmp_path / "t.csv"), pl.read_parquet(tmp_path / "t.parquet")
    assert csv.rows() == parquet.rows()


def test_the_malformed_row_is_inspected_at_its_line(shared_data: Path) -> None:
    found = json.loads(run_here("inspect", "--json", shared_data / RECORDINGS[-1][0]).stdout)

    assert (found["format"], found["instrument"], found["price_tick"], found["size_lot"]) == (
        "databento-csv",
        "AAPL",
        "0.01",
        "1",
    )
    malformed = next(finding for finding in found["findings"] if finding["kind"] == "malformed")
    assert malformed["count"] == 1
    assert malformed["incidents"][0]["line"] == 22
    assert "2 33.53" in malformed["incidents"][0]["detail"]

"""The tables behind the views, against those of an independent program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest

from tests.aggregate.recordings import RECORDINGS, expected_tables, tabled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FROM_FILES: Final = {"footprint", "events"}
"""What is read from the files, too: of the trades with their price step, and of trades and book."""
QUOTIENTS: Final = {"vwap", "session_vwap", "session_sigma"}


@pytest.mark.parametrize("view", ["footprint", "statistics", "profile", "tape", "cvd_by_size", "measures", "events"])
@pytest.mark.parametrize(("folder", "name", "interval"), RECORDINGS)
def test_a_recording_gives_the_expected_table_from_a_store_and_from_its_files(
    shared_data: Path,
    converted: Callable[[str], Path],
    tmp_path: Path,
    folder: str,
    name: str,
    interval: str,
    view: str,
) -> None:
    expected, row = expected_tables(shared_data, name)
    wanted: dict[str, list[Any]] = expected[view]
    edges = wanted.pop("edges", [])
    wanted |= {f"edge_{number}": [edge] * len(wanted["timestamp_ms"]) for number, edge in enumerate(edges, 1)}
    options = ("--row", row, "--interval", interval, "--cache", "off")
    for source in [converted(folder), *([shared_data / folder] if view in FROM_FILES else [])]:
        found = tabled(source, view, tmp_path / "table.parquet", *options).to_dict(as_series=False)
        for column, values in wanted.items():
            if column in QUOTIENTS:
                assert found[column] == pytest.approx(values, rel=1e-12, abs=0), column
            else:
                assert found[column] == values, column


def test_measures_of_own_parameters_are_columns_more_and_the_same_by_threads_and_in_one_pass(
    converted: Callable[[str], Path], tmp_path: Path
) -> None:
    store, plain = converted("binance-raw/btcusdt"), ("--cache", "off", "--interval", "30s")
    own = ("--measure-depths", "3,20,50", "--measure-costs", "0.5,10,9000")
    usual = tabled(store, "measures", tmp_path / "usual.parquet", *plain)
    threads = tabled(store, "measures", tmp_path / "threads.parquet", *plain, *own)
    one_pass = tabled(store, "measures", tmp_path / "one.parquet", *plain, *own, "--until", "+9000h")
    assert threads.select(usual.columns).equals(usual)
    assert threads.equals(one_pass)
    names = [
        "obi_3",
        "obi_50",
        *(f"cost_{side}_bp_{size}" for size in ("0.5", "10", "9000") for side in ("buy", "sell")),
    ]
    parts = ("open", "high", "low", "close")
    assert threads.columns[len(usual.columns) :] == [f"{name}_{part}" for name in names for part in parts]
    last = threads.row(-1, named=True)
    assert 0 < last["cost_buy_bp_0.5_close"] < last["cost_buy_bp_10_close"]
    assert last["cost_sell_bp_9000_close"] is None


def test_a_profile_has_the_sessions_that_start_at_a_time_of_the_day(
    converted: Callable[[str], Path], tmp_path: Path
) -> None:
    store, plain = converted("binance-raw/nexousdt"), ("--cache", "off")
    minutes = tabled(store, "footprint", tmp_path / "minutes.parquet", *plain)
    start_ms, day_ms = (13 * 60 + 30) * 60_000, 86_400_000
    session_ms = (pl.col("timestamp_ms") - start_ms) // day_ms * day_ms + start_ms
    summed = minutes.group_by(session_ms.alias("session_ms"), "row_price").agg(
        pl.col("trades", "buy_volume", "sell_volume", "unknown_volume").sum()
    )
    wanted = summed.sort("session_ms", "row_price")
    found = tabled(store, "profile", tmp_path / "profile.parquet", *plain, "--session-start", "13:30")
    assert wanted["session_ms"].n_unique() > 1
    assert found.select("session_ms", "row_price", "trades").equals(wanted.select("session_ms", "row_price", "trades"))
    for name in ("buy_volume", "sell_volume", "unknown_volume"):
        assert found[name].to_list() == pytest.approx(wanted[name].to_list())
    later = tabled(
        store,
        "profile",
        tmp_path / "later.parquet",
        *plain,
        *(
            "--session-start",
            "13:30",
            "--start",
            f"+{(found['session_ms'][-1] - minutes['timestamp_ms'][0]) // 60_000 + 1}m",
        ),
    )
    assert later.equals(found.filter(pl.col("session_ms") == found["session_ms"][-1]))

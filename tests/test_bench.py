from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import __main__ as bench
from bench import aggregation, dataset, processes, queries, rounds, tardis_files, whole_book
from bench.figures import Bar, Figure, percentiles, spread
from bench.sizes import Sizes
from processor.demo import generate
from processor.events import ASK, BID, CLEAR


TINY = Sizes(
    events=20_000,
    repetitions=1,
    publications=3,
    publications_hz=1000.0,
    tabs=(2,),
    poll_seconds=1.2,
    history_rows=10,
    demo_events=5_000,
    warm_runs=1,
    cold_runs=0,
    packed_events=20_000,
    packed_rounds=1,
    memory_events_a_day=3_000,
    memory_days=2,
)
_REASONS = tuple(
    reason
    for there, reason in (
        (importlib.util.find_spec("hftbacktest"), "hftbacktest is not installed"),
        (importlib.util.find_spec("duckdb"), "duckdb is not installed"),
        (processes.CACHES, "has no cache"),
        (Path("/proc/self/status").exists(), "has no /proc"),
    )
    if not there
)
"""Why a figure may be without numbers here."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market") / "demo"
    generate(folder, hours=0.01, seed=1, events=3_000)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("part", bench.PARTS)
def test_every_part_of_the_benchmark_runs_on_little_and_measures_all_it_names(part: str, tmp_path: Path) -> None:
    figures = bench.measured(tmp_path, TINY, [part])
    assert figures
    for figure in figures:
        assert figure.part == part
        assert all(math.isfinite(value) and value > 0 for value in figure.numbers.values())
        if not figure.numbers:
            assert any(reason in figure.note for reason in _REASONS), figure.name


def test_the_command_prints_a_table_and_writes_the_same_figures_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = Figure("page", "polls", "ms", {"p95": 101.5}, Bar("p95", "<", 100.0), "a note")
    asked: list[Any] = []

    def measured(_cache: Path, sizes: Sizes, parts: list[str]) -> list[Figure]:
        asked.append((sizes.events, parts))
        return [figure]

    monkeypatch.setattr(bench, "measured", measured)
    bench.main(["--quick", "--events", "5000", "--only", "page", "--json", str(tmp_path / "found.json")])
    assert asked == [(5000, ["page"])]
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("cpu:", "python:", "p95 101.5", "p95 < 100", "MISSED", "missed: polls"))
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["figures"] == [figure.described()]
    assert found["machine"]["libraries"].startswith("numpy ")


def test_a_figure_without_numbers_has_no_verdict() -> None:
    assert Figure("page", "polls", bar=Bar("p95", "<", 100.0)).verdict == ""


@pytest.mark.parametrize(("limit", "verdict"), [(3.0, "ok"), (3.1, "MISSED")])
def test_a_bar_to_reach_is_reached_at_its_limit(limit: float, verdict: str) -> None:
    assert Figure("aggregation", "ratio", "times", {"median": 3.0}, Bar("median", ">=", limit)).verdict == verdict


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() -> None:
    assert percentiles(range(1, 201)) == {"p50": 100, "p99": 198, "max": 200}
    assert percentiles([7.0]) == {"p50": 7.0, "p99": 7.0, "max": 7.0}


def test_a_spread_is_median_minimum_and_maximum() -> None:
    assert spread([3.0, 1.0, 2.0]) == {"median": 2.0, "min": 1.0, "max": 3.0}


def test_the_yardstick_gets_every_event_in_the_order_of_both_clocks(market: Path) -> None:
    events = dataset.hft_events(market)
    _, price_ticks, size_lots = dataset.book_columns(market, 10**9)
    depth = events[(events["ev"] & 0xFF) != 2]
    assert len(depth) == len(price_ticks)
    assert np.array_equal(np.rint(depth["px"] * 10).astype(int), price_ticks)
    assert np.array_equal(np.rint(depth["qty"] * 1000).astype(int), size_lots)
    assert (np.diff(events["exch_ts"]) >= 0).all()
    assert (np.diff(events["local_ts"]) >= 0).all()


def test_the_yardstick_gets_bids_asks_clears_and_trades_flagged_as_its_format_says(market: Path) -> None:
    events = dataset.hft_events(market)
    side, _, _ = dataset.book_columns(market, 10**9)
    flags = events["ev"].astype(np.int64)
    assert ((flags >> 30) == 0b11).all()
    depth = flags[(flags & 0xFF) != 2]
    assert np.array_equal((depth & 0xFF) == 3, side == CLEAR)
    assert np.array_equal((depth & 1 << 29) != 0, side == BID)
    assert np.array_equal((depth & 1 << 28) != 0, side == ASK)
    trades = flags[(flags & 0xFF) == 2]
    assert len(trades)
    assert (((trades >> 28) & 0b11 == 0b01) | ((trades >> 28) & 0b11 == 0b10)).all()


def test_a_dataset_is_made_once_for_a_version_of_its_generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = dataset.prepared(tmp_path, 3_000)
    stamps = [file.stat().st_mtime_ns for file in sorted(first.rglob("*.parquet"))]
    assert dataset.prepared(tmp_path, 3_000) == first
    assert [file.stat().st_mtime_ns for file in sorted(first.rglob("*.parquet"))] == stamps
    monkeypatch.setattr(dataset, "version", lambda: "changed")
    assert dataset.prepared(tmp_path, 3_000) != first
    assert not first.exists()


def test_competitors_that_end_with_different_books_are_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = iter([(1.0, 2.0), (1.0, 3.0)] * 2)
    rivals = [rounds.Competitor(name, 1, lambda: next(ends)) for name in ("ours", "theirs")]
    monkeypatch.setattr(dataset, "prepared", lambda cache, _events: cache)
    monkeypatch.setattr(aggregation, "_competitors", lambda _folder: rivals)
    with pytest.raises(rounds.Disagreement, match="end differently"):
        aggregation.measure(tmp_path, events=1, repetitions=1)

from __future__ import annotations

import gzip
import importlib.util
import json
import math
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import __main__ as bench
from bench import aggregation, browser, cold, dataset, memory, processes, queries, rounds, tardis_files, whole_book
from bench.figures import Bar, Figure, percentiles, spread
from bench.sizes import Sizes
from processor import demo
from processor.aggregate.table import table
from processor.core.events import ASK, BID, CLEAR, BookEvents
from processor.demo import generate
from processor.formats.own import DatasetWriter
from processor.settings import Settings
from shared import can_watch

TINY = Sizes(
    events=20_000,
    repetitions=1,
    publications=3,
    publications_hz=1000.0,
    tabs=(2,),
    poll_seconds=1.2,
    history_rows=10,
    redraws=2,
    earlier_release=False,
    events_an_hour=20_000,
    soak_s=0.1,
    loads=1,
    slow_kbit_s=40_000,
    demo_events=5_000,
    warm_runs=1,
    cold_runs=0,
    packed_events=20_000,
    rounds=1,
    memory_events_a_day=3_000,
    memory_days=2,
    steering_commands=2,
    pictures=2,
    exchange_seconds=0.5,
    readers=(1,),
    kills=0,
    ways=("files, inotify",),
)
_REASONS = tuple(
    reason
    for there, reason in (
        (importlib.util.find_spec("hftbacktest"), "hftbacktest is not installed"),
        (importlib.util.find_spec("duckdb"), "duckdb is not installed"),
        (importlib.util.find_spec("playwright"), "playwright or Chromium is not installed"),
        (processes.CACHES, "has no cache"),
        (can_watch(), "no inotify"),
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
def test_every_part_of_the_benchmark_runs_on_little_and_measures_all_it_names(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The one without windows first: it takes the least.
    monkeypatch.setattr(browser, "_BROWSERS", browser._BROWSERS[::-1])
    # In a thread of its own: browser's tests may have run in this process, and Playwright has one loop in each thread.
    with ThreadPoolExecutor(1) as pool:
        figures = pool.submit(bench.measured, tmp_path, TINY, [part]).result()
    assert figures
    for figure in figures:
        assert figure.part == part
        assert all(math.isfinite(value) and value > 0 for value in figure.numbers.values())
        if not figure.numbers:
            assert any(reason in figure.note for reason in _REASONS), figure.name


def test_the_command_prints_a_table_and_writes_the_same_figures_as_json_and_as_markdown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = Figure("page", "polls", "ms", {"p95": 101.5}, Bar("p95", "<", 100.0), "a note")
    asked: list[Any] = []

    def measured(_cache: Path, sizes: Sizes, parts: list[str]) -> list[Figure]:
        asked.append((sizes.events, parts))
        return [figure]

    monkeypatch.setattr(bench, "measured", measured)
    also = ["--json", str(tmp_path / "found.json"), "--markdown", str(tmp_path / "found.md")]
    bench.main(["--quick", "--events", "5000", "--only", "page", *also])
    assert asked == [(5000, ["page"])]
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("cpu:", "python:", "p95 101.5", "p95 < 100", "MISSED", "missed: polls"))
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["figures"] == [figure.described()]
    assert found["machine"]["libraries"].startswith("numpy ")
    written = (tmp_path / "found.md").read_text()
    assert "| page | polls (a note) | p95 101.5 ms | p95 < 100 | MISSED |\n" in written
    assert found["machine"]["libraries"] in written


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


def test_a_bar_not_to_exceed_is_kept_at_its_limit() -> None:
    bar = Bar("median", "<=", 2.5)
    assert (bar.holds({"median": 2.5}), bar.holds({"median": 2.51})) == (True, False)


@st.composite
def _books(draw: st.DrawFn) -> BookEvents:
    """Two sides of a few prices over some minutes, cleared now and then at a time of its own."""
    rows: list[tuple[int, int, int, int]] = []
    time_ns = demo.START_NS
    for _ in range(draw(st.integers(1, 30))):
        time_ns += draw(st.sampled_from([1, 10**9, 40 * 10**9]))
        if not rows or draw(st.integers(0, 9)) == 0:
            rows.append((time_ns, CLEAR, 0, 0))
        rows += [
            (time_ns, *row)
            for row in draw(
                st.lists(st.tuples(st.sampled_from([BID, ASK]), st.integers(1, 4), st.integers(0, 5)), max_size=4)
            )
        ]
    columns = np.array(rows, np.int64).T
    return BookEvents(
        time_ns=columns[0],
        side=columns[1].astype(np.int8),
        price_ticks=columns[2],
        size_lots=columns[3],
        price_decimals=1,
        size_decimals=3,
    )


@pytest.mark.parametrize("query", queries.queries(), ids=lambda query: query.name)
@settings(max_examples=30, deadline=None)
@given(book=_books())
def test_the_queries_give_the_bars_that_we_give(query: queries.Query, book: BookEvents) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dataset"
        with DatasetWriter(path, "X", 1, 3) as writer:
            writer.write_book(book)
        ours = aggregation.aggregated(path, whole_book._SETTINGS)
        expected = table(ours, whole_book._SETTINGS).select(queries.COLUMNS)
        whole_book.must_be_ours({"ours": expected, query.name: query.run(query.prepared(path))})


def test_a_query_with_other_bars_is_not_compared() -> None:
    bars = pl.DataFrame({name: [1.0, 2.0] for name in queries.COLUMNS})
    other = bars.with_columns(obi_low=pl.Series([1.0, np.nextafter(2.0, 3.0)]))
    with pytest.raises(rounds.Disagreement, match="theirs: 1 bars are not ours"):
        whole_book.must_be_ours({"ours": bars, "theirs": other})
    with pytest.raises(rounds.Disagreement, match="theirs has 1 bars, ours are 2"):
        whole_book.must_be_ours({"ours": bars, "theirs": bars[:1]})


def test_a_day_written_as_tardis_ships_it_is_the_market_it_was_written_from(tmp_path: Path) -> None:
    folder = tardis_files.written(tmp_path, 5_000)
    engine = aggregation.aggregated(folder, Settings())
    cold.must_be_the_market(table(engine, Settings()), tardis_files.market(tmp_path, 5_000))
    with pytest.raises(rounds.Disagreement, match="not the"):
        cold.must_be_the_market(table(engine, Settings())[:-1], tardis_files.market(tmp_path, 5_000))


def test_a_day_written_as_tardis_ships_it_looks_like_one(tmp_path: Path) -> None:
    book, trades = (
        gzip.decompress(path.read_bytes()).decode().splitlines()
        for path in sorted(tardis_files.written(tmp_path, 5_000).iterdir())
    )
    assert book[0] == "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount"
    assert trades[0] == "exchange,symbol,timestamp,local_timestamp,id,side,price,amount"
    row = re.compile(
        r"binance-futures,BTCUSDT,17675712\d{5}000,17675712\d{8},(true|false),(bid|ask),6[23]\d{3}(\.\d)?,"
    )
    kinds = [found[1] for line in book[1:] if (found := row.match(line))]
    assert len(kinds) == len(book) - 1
    snapshot = kinds.index("false")
    assert len({line.split(",")[3] for line in book[1 : snapshot + 1]}) == 1
    assert set(kinds[snapshot:]) == {"false"}
    amounts = [line.rpartition(",")[2] for line in book[1:] + trades[1:]]
    assert all(repr(float(amount)).removesuffix(".0") == amount for amount in amounts)


def test_how_far_a_process_is_in_a_file_is_seen_from_outside(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("this system has no /proc")
    folder = tmp_path / "dataset"
    folder.mkdir()
    (folder / "a").write_bytes(b"x" * 1000)
    reading = f"file = open({str(folder / 'a')!r}, 'rb', 0); file.read(300); input()"
    with subprocess.Popen([sys.executable, "-c", reading], stdin=subprocess.PIPE) as process:
        processes.until(lambda: processes.read_so_far(process, folder) == {"a": 300}, process, folder / "a")
        process.communicate(b"\n")
    assert processes.read_so_far(process, folder) == {}


def test_the_peak_of_a_process_is_what_the_kernel_noted(tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("this system has no /proc")
    little = memory._peak_mb(tmp_path / "log", "timeit", "-n1", "-r1", "import time; time.sleep(.3)")
    much = memory._peak_mb(tmp_path / "log", "timeit", "-n1", "-r1", "import time; b'x' * 100_000_000; time.sleep(.3)")
    assert much - little > 50

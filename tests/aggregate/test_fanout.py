"""Days spread over real processes, and over a real Dask cluster, with workers that are killed in the middle."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from unittest import mock

import polars as pl
import psutil
import pytest

from processor.aggregate import cluster
from processor.aggregate.cluster import on_cluster
from processor.aggregate.partitions import computed, engine_of_parts, partitions
from processor.aggregate.processes import in_processes
from processor.aggregate.table import COLUMNS, aggregate_all, table
from processor.core.engine import Engine
from processor.errors import DatasetError, FanOutFailed, SettingError
from processor.formats import open_dataset
from processor.settings import Settings
from processor.store.cache import Cache
from processor.units import NS_PER_DAY
from tests.aggregate.fanout_work import Task, computed_or_stalled, ended, killed, pid_in, refused
from tests.core.markets import market, write
from tests.store.test_store import market_of_seconds, read_on, written

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from processor.aggregate.partitions import Part, Partition
    from processor.store.manifest import Manifest

    Store = tuple[Path, Manifest]

ROOT: Final = Path(__file__).resolve().parents[2]
DAYS: Final = 5
WANTED: Final = Settings(interval="7h")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("stores") / "X"
    folder.mkdir()
    chunks = [chunk for day in range(DAYS) for chunk in market_of_seconds(300, day * NS_PER_DAY)]
    return folder, written(folder, chunks, segment_events=100)


def days(store: Store) -> list[Partition]:
    folder, manifest = store
    return partitions(folder, manifest, WANTED.aggregation, len(manifest.segments))


def assert_one_pass(store: Store, parts: Sequence[Part]) -> None:
    folder, manifest = store
    end = len(manifest.segments)
    whole = Engine(WANTED.aggregation)
    read_on(folder, manifest, whole, 0, end - 1)
    engine = engine_of_parts(folder, manifest, parts, WANTED.aggregation, end)
    assert table(engine, WANTED).equals(table(whole, WANTED))


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PROCESSOR_")}
    command = [sys.executable, "-m", "processor", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=clean | environment)


def test_a_worker_killed_in_the_middle_costs_its_work_and_nothing_else(store: Store, tmp_path: Path) -> None:
    tasks = [Task(partition, tmp_path / "stall" if day == 1 else None) for day, partition in enumerate(days(store))]
    done: list[Task] = []
    with killed(tmp_path / "stall"):
        parts = in_processes(computed_or_stalled, tasks, 2, done.append)

    assert sorted(task.partition.first for task in done) == [task.partition.first for task in tasks]
    assert_one_pass(store, parts)


def test_work_that_no_process_survives_is_given_up_with_a_hint() -> None:
    with pytest.raises(FanOutFailed, match=r"killed 3 times in a row.*--workers 1"):
        in_processes(ended, [1], 1, lambda _: None)


def test_what_the_work_raises_is_raised_here() -> None:
    with pytest.raises(ValueError, match="1 will not do"):
        in_processes(refused, [0, 1, 2], 1, lambda _: None)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_no_worker_outlives_what_it_works_for(tmp_path: Path, how: signal.Signals) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    # A shell starts what runs in its background with interrupts ignored.
    code = f"""
import signal
from pathlib import Path
from processor.aggregate.processes import in_processes
from processor.formats import open_dataset
from tests.aggregate.fanout_work import stalled
signal.signal(signal.SIGINT, signal.default_int_handler)
in_processes(stalled, [Path({str(files[0])!r}), Path({str(files[1])!r})], 2, print)
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE, text=True) as parent:
        try:
            workers = [psutil.Process(pid_in(file)) for file in files]
            # A terminal's Ctrl-C reaches all of them.
            (os.killpg if how is signal.SIGINT else os.kill)(parent.pid, how)
            _, said = parent.communicate(timeout=60)
        finally:
            parent.kill()
    assert psutil.wait_procs(workers, timeout=60)[1] == []
    assert said.count("Traceback") == said.count("KeyboardInterrupt") == (how is signal.SIGINT)


def test_the_table_is_the_same_bytes_from_any_number_of_processes(store: Store, tmp_path: Path) -> None:
    for workers in (1, 2):
        out = tmp_path / f"{workers}.parquet"
        options = ("--interval", "7h", "--until", "1970-01-04T00:01:00Z", "--start", "+7h", "--cache", "off")
        found = run("aggregate", store[0], "--out", out, "--workers", workers, *options)
        assert found.returncode == 0, found.stderr
        assert "intervals of 961 trades and 961 book samples" in found.stderr
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()


def wait_for_port(port: int) -> None:
    """Until somebody answers there: on a busy machine a process takes long to start."""
    deadline = time.monotonic() + 60
    while True:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=60):
            return
        assert time.monotonic() < deadline, "the scheduler did not start"
        time.sleep(0.02)


@contextmanager
def dask(folder: Path, workers: int) -> Generator[str]:
    """A scheduler on loopback with so many worker processes; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = ["worker", address, "--no-nanny", "--no-dashboard", "--nthreads", "1", "--local-directory"]
    with (folder / "dask.log").open("wb") as log:
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{command}", *options],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            for command, *options in (scheduler, *([*worker, str(folder / str(n))] for n in range(workers)))
        ]
        try:
            wait_for_port(port)
            yield address
        finally:
            for process in reversed(processes):
                process.kill()
                process.wait()


def test_a_cluster_computes_the_same_with_one_of_its_two_workers_killed_in_the_middle(
    store: Store, tmp_path: Path
) -> None:
    tasks = [Task(partition, tmp_path / "stall" if day == 1 else None) for day, partition in enumerate(days(store))]
    elsewhere = [replace(tasks[0].partition, folder=tmp_path / "elsewhere")]
    with dask(tmp_path, workers=2) as address:
        with killed(tmp_path / "stall"):
            parts = on_cluster(computed_or_stalled, tasks, address, lambda _: None)
        assert_one_pass(store, parts)
        with pytest.raises(DatasetError, match=r"elsewhere is not there, or is another store, on .*: workers need"):
            on_cluster(computed, elsewhere, address, lambda _: None)
        local, there = tmp_path / "local.parquet", tmp_path / "there.parquet"
        assert run("aggregate", store[0], "--out", local, "--workers", 1).returncode == 0
        found = run("aggregate", store[0], "--out", there, PROCESSOR_CLUSTER=address)
        assert found.returncode == 0, found.stderr
        assert local.read_bytes() == there.read_bytes()


def test_a_cluster_that_is_not_there_or_has_no_worker_is_said_so(tmp_path: Path) -> None:
    with mock.patch.object(cluster, "_PATIENCE_S", 1):
        with pytest.raises(FanOutFailed, match=r"--cluster tcp://127\.0\.0\.1:1: no scheduler answers there"):
            on_cluster(computed, [], "tcp://127.0.0.1:1", lambda _: None)
        with pytest.raises(FanOutFailed, match="--cluster nonsense://x: no scheduler answers there"):
            on_cluster(computed, [], "nonsense://x", lambda _: None)
    with (
        dask(tmp_path, workers=0) as address,
        mock.patch.object(cluster, "_PATIENCE_S", 3),
        pytest.raises(FanOutFailed, match="the scheduler has no worker"),
    ):
        on_cluster(computed, [], address, lambda _: None)


def test_a_cluster_without_its_extra_says_what_to_install() -> None:
    with (
        mock.patch.dict("sys.modules", {"distributed": None}),
        pytest.raises(FanOutFailed, match=r"pip install 'orderflow-replay\[cluster\]'"),
    ):
        on_cluster(computed, [], "tcp://127.0.0.1:8786", lambda _: None)


def test_a_cluster_needs_a_store_that_its_workers_can_read(tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path, *market(rows=100)))
    with pytest.raises(
        SettingError, match="a cache to read the dataset into, or a dataset made by `processor convert`"
    ):
        aggregate_all(dataset, ["WALK"], WANTED, None, cluster="tcp://x:1")


def test_what_is_damaged_in_the_cache_is_read_from_the_dataset_instead(tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path / "walk", *market(rows=2000, hours=60)))
    cache = Cache(tmp_path / "cache", 1 << 40)
    (first,) = aggregate_all(dataset, ["WALK"], WANTED, cache)
    path = next((tmp_path / "cache").rglob("book-*.parquet"))
    path.write_bytes(bytes(path.stat().st_size))
    (second,) = aggregate_all(dataset, ["WALK"], WANTED, cache, workers=2)
    assert second.rows.equals(first.rows)
    assert (second.trades, second.samples) == (first.trades, first.samples)


def test_all_instruments_are_one_table_with_the_instrument_before_the_columns(tmp_path: Path) -> None:
    for number, name in enumerate(("BBB", "AAA")):
        folder = tmp_path / "markets" / name
        folder.mkdir(parents=True)
        chunks = [chunk for day in range(2) for chunk in market_of_seconds(50 + number, day * NS_PER_DAY)]
        written(folder, chunks, segment_events=40, instrument=name)
    out = tmp_path / "t.parquet"
    found = run(
        "aggregate", tmp_path / "markets", "--out", out, "--interval", "7h", "--all-instruments", "--workers", 2
    )
    assert found.returncode == 0, found.stderr
    assert "AAA: " in found.stderr
    both = pl.read_parquet(out)
    assert both.columns == ["instrument", *COLUMNS]
    assert both["instrument"].unique(maintain_order=True).to_list() == ["AAA", "BBB"]
    for name in ("AAA", "BBB"):
        (alone,) = aggregate_all(open_dataset(tmp_path / "markets"), [name], WANTED, None)
        assert both.filter(pl.col("instrument") == name).drop("instrument").equals(alone.rows)


def test_all_instruments_and_one_of_them_exclude_each_other(tmp_path: Path) -> None:
    found = run("aggregate", tmp_path, "--out", "t.csv", "--all-instruments", "--instrument", "AAA")
    assert found.returncode == 1
    assert "none, as --all-instruments means all of them" in found.stderr

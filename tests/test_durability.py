"""A reader that never sees a broken or a mixed picture, whatever the writer is doing or dying of.

The market replayed here says in every file which moment it is from: at its k-th event the last price is k, the CVD is k
lots, and k lots rest on the best bid.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import pytest

from processor.core.events import BookEvents, Trades
from processor.formats.own import DatasetWriter
from processor.publish.publisher import TICK_MS
from shared import DATA_FILES, DEPTH_FILE, METRICS_FILE, OHLC_FILE, STATUS_FILE, DirectoryReader, Picture
from shared.validate import faults
from tests.hurried_replay import TIMES
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP_NS: Final = 20_000_000
EVENTS: Final = 200_000
KILLS: Final = 4
"""`make torture` makes a thousand."""
PICTURES: Final = 150
"""More than the processor publishes in a quarter of a minute of its own time."""
HURRIED: Final = Path(__file__).with_name("hurried_replay.py")


@pytest.fixture(scope="module")
def counting_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market") / "dataset"
    k = np.arange(1, EVENTS + 1, dtype=np.int64)
    with DatasetWriter(folder, "COUNT", 0, 0) as writer:
        writer.write_trades(
            Trades(
                time_ns=k * STEP_NS,
                price_ticks=k,
                size_lots=np.ones(EVENTS, np.int64),
                aggressor=np.ones(EVENTS, np.int8),
                price_decimals=0,
                size_decimals=0,
            )
        )
        writer.write_book(
            BookEvents(
                time_ns=k * STEP_NS,
                side=np.zeros(EVENTS, np.int8),
                price_ticks=np.full(EVENTS, 1000, np.int64),
                size_lots=k,
                price_decimals=0,
                size_decimals=0,
            )
        )
    return folder


class Hammer:
    """Reads as fast as it can in threads, and keeps the first thing that was wrong."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.pictures = 0
        self.sessions: set[str] = set()
        self.wrong: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._read_pictures), threading.Thread(target=self._read_files)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def see(self, pictures: int, process: subprocess.Popen[bytes]) -> None:
        """Until so many more pictures have been seen of what a process publishes."""
        wanted = self.pictures + pictures
        deadline = time.monotonic() + PATIENCE_S
        while self.pictures < wanted:
            assert process.poll() is None, "the processor has ended"
            assert time.monotonic() < deadline, f"{wanted - self.pictures} of {pictures} pictures have not come"
            time.sleep(0.001)

    def _read_pictures(self) -> None:
        reader = DirectoryReader(self.directory)
        last: Picture | None = None
        while not self._stop.is_set():
            picture = reader.poll()
            if picture is None or picture is last:
                time.sleep(0.0005)
                continue
            self.wrong += mistakes(picture)
            if last and not picture.is_newer_than(
                last.status.session, last.status.generation, last.status.published_at_ms
            ):
                self.wrong.append(f"generation {picture.status.generation} after {last.status.generation}")
            self.pictures += 1
            self.sessions.add(picture.status.session)
            last = picture

    def _read_files(self) -> None:
        seen: dict[str, bytes] = {}
        while not self._stop.is_set():
            for name in (*DATA_FILES, STATUS_FILE):
                try:
                    content = (self.directory / name).read_bytes()
                    if content != seen.get(name):
                        json.loads(content)
                except FileNotFoundError:
                    continue
                except ValueError as error:
                    self.wrong.append(f"{name} is broken: {error}")
                seen[name] = content
            time.sleep(0.0005)


def mistakes(picture: Picture) -> list[str]:
    """Where the picture's files are not from the moment that its status names."""
    found: list[str] = []
    status = picture.status
    if status.event_time_ms is None or not picture.ohlc:
        return found
    last = picture.ohlc[-1].close
    bars_generation = {status.files[name].generation for name in (OHLC_FILE, METRICS_FILE)}
    if picture.metrics[-1].cvd_close != last:
        found.append(f"price {last} with CVD {picture.metrics[-1].cvd_close}: generations {bars_generation}")
    if sum(row.volume for row in picture.ohlc) != last - picture.ohlc[0].open + 1:
        found.append(f"volumes do not add up to {last}")
    resting = picture.depth.bids[0].size
    if resting != status.event_time_ms * 1_000_000 // STEP_NS:
        found.append(f"{resting} lots at {status.event_time_ms} ms: depth of {status.files[DEPTH_FILE].generation}")
    if resting < last:
        found.append(f"depth of {resting} is older than the bars' {last}")
    return found


def start(dataset: Path, out: Path) -> subprocess.Popen[bytes]:
    """The processor with a clock that runs many times as fast: there is hardly a moment in which it does not write."""
    command = [sys.executable, str(HURRIED), "replay", str(dataset), "--out", str(out)]
    options = ["--interval", "1s", "--speed", "2", "--depth-levels", "5", "--start", "+2m"]
    return subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory on a disk: while the writer waits for it, readers see what is half done."""
    disk = Path("/var/tmp")
    with tempfile.TemporaryDirectory(dir=disk if disk.is_dir() else None) as made:
        yield Path(made)


@pytest.fixture
def running(counting_market: Path, directory: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    processes = [start(counting_market, directory)]
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def wait_for_session(directory: Path, other_than: set[str], process: subprocess.Popen[bytes]) -> str:
    reader = DirectoryReader(directory)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        picture = reader.poll()
        if picture and picture.status.session not in other_than and picture.status.state == "playing":
            return picture.status.session
        assert process.poll() is None, "the processor has ended"
        time.sleep(0.02)
    raise AssertionError(reader.problem)


@pytest.mark.slow
def test_hammering_a_live_directory_for_many_publications_shows_only_whole_pictures(
    running: list[subprocess.Popen[bytes]], directory: Path
) -> None:
    wait_for_session(directory, set(), running[0])
    with Hammer(directory) as hammer:
        hammer.see(PICTURES, running[0])

    assert hammer.wrong == []
    assert running[0].poll() is None
    assert faults(directory) == []


@pytest.mark.slow
def test_kills_of_the_writer_show_only_whole_pictures(
    running: list[subprocess.Popen[bytes]], counting_market: Path, directory: Path
) -> None:
    seen: set[str] = set()
    with Hammer(directory) as hammer:
        for kill in range(KILLS):
            seen.add(wait_for_session(directory, seen, running[-1]))
            hammer.see(1 + kill, running[-1])
            # Each in another part of a publication and of the pause after it.
            time.sleep(TICK_MS / TIMES / 1000 * kill / KILLS)
            os.kill(running[-1].pid, signal.SIGKILL)
            assert running[-1].wait() == -signal.SIGKILL
            running.append(start(counting_market, directory))
        seen.add(wait_for_session(directory, seen, running[-1]))

    assert hammer.wrong == []
    assert len(seen) == KILLS + 1
    assert hammer.sessions >= seen

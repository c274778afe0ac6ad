"""`make soak`: a replay and its page for an hour, under many tabs, random commands and kills.

Nothing may be lost, and nothing may grow. In the first half, the processor and the workers of the page are killed at
random moments. In the second half nothing is, so that memory can be compared. A reader of its own looks at every
picture all the time.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from bench import dataset, polls, processes
from bench.figures import progress
from shared import DirectoryReader, Picture, command, send_command
from shared.validate import faults

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Collection, Iterator

CACHE: Final = Path(__file__).parent / "data"
_EVENTS: Final = 1_000_000
_SPEED: Final = 600
_VIEWS: Final = ("footprint", "statistics", "profile", "tape", "heatmap", "ladder", "events", "measures")
_KILL_PROCESSOR_S: Final = 60.0
_KILL_WORKER_S: Final = 30.0
_COMMAND_S: Final = 2.0
_ANSWER_S: Final = 180.0
"""On a machine that is busy with other work, too."""
_VALIDATE_S: Final = 5.0
_SAMPLE_S: Final = 5.0
_GROWTH: Final = 1.05
_EIGHTH: Final = 8
_INTERVALS: Final = ("1s", "5s", "15s", "1m", "5m", "1h", "50t", "20v")


@dataclass
class Found:
    """What the run has met with."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    memory_mb: list[tuple[float, float, float]] = field(default_factory=list)
    """Seconds since the begin, and what the processor and the page's processes hold together."""

    def is_wrong(self, what: str) -> None:
        """Note it, and tell it at once."""
        self.wrong.append(what)
        progress(f"{time.strftime('%H:%M:%S')} soak: WRONG: {what}")


class Watch(threading.Thread):
    """A reader that takes every picture and looks for what cannot be."""

    def __init__(self, directory: Path, found: Found) -> None:
        """Nothing is read before it starts."""
        super().__init__(daemon=True)
        self.stopped = threading.Event()
        self._directory, self._found = directory, found

    def run(self) -> None:
        """Read until it is stopped."""
        reader, last, validated_s = DirectoryReader(self._directory), None, 0.0
        while not self.stopped.is_set():
            picture = reader.poll()
            if picture is None and last is not None:
                self._found.is_wrong("the picture is gone")
            if picture is not None and picture is not last:
                self._found.counts["pictures"] += 1
                for mistake in _mistakes(picture, last):
                    self._found.is_wrong(mistake)
                last = picture
            if last is not None and time.monotonic() - validated_s > _VALIDATE_S:
                validated_s = time.monotonic()
                self._found.counts["validations"] += 1
                for fault in faults(self._directory):
                    self._found.is_wrong(fault)
            time.sleep(0.005)


def _mistakes(picture: Picture, last: Picture | None) -> Iterator[str]:
    status = picture.status
    if last is not None and not picture.is_newer_than(
        last.status.session, last.status.generation, last.status.published_at_ms
    ):
        yield f"generation {status.generation} after {last.status.generation}"
    failed = [name for name, holds in status.checks.items() if holds is False]
    if failed:
        yield f"checks that fail: {', '.join(failed)} at {status.event_time_ms} in bars of {status.interval}"
    if status.event_time_ms is None or not picture.ohlc:
        return
    if picture.ohlc[-1].timestamp_ms > status.event_time_ms:
        yield f"a bar of {picture.ohlc[-1].timestamp_ms} at {status.event_time_ms}"
    if picture.metrics and picture.metrics[-1].timestamp_ms < picture.ohlc[-1].timestamp_ms:
        yield "metrics end before the bars"


class House:
    """The processor and the page, started as users do, and again when they were killed."""

    def __init__(self, folder: Path, market: Path) -> None:
        """Start both."""
        self.ipc, self.control = folder / "ipc", folder / "control"
        self.control.mkdir()
        self._folder, self._market = folder, market
        self._port = processes.free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.processor = self._started_processor()
        processes.until(lambda: processes.pictures(self.ipc), self.processor, folder / "processor.log")
        places = {"VISUALIZER_IPC_DIR": str(self.ipc), "VISUALIZER_CONTROL_DIR": str(self.control)}
        self.page = self._started("visualizer", **places, VISUALIZER_PORT=str(self._port))
        processes.until(lambda: processes.answers(f"{self.url}/health"), self.page, folder / "visualizer.log")

    def _started(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{arguments[0]}.log").open("ab") as log:
            return processes.started(processes.ROOT, log, *arguments, **environment)

    def _started_processor(self) -> subprocess.Popen[bytes]:
        options = ("--control", str(self.control), "--speed", str(_SPEED), "--at-end", "loop", "--interval", "1m")
        kept = processes.keeping_in(self._folder / "cache")
        return self._started("processor", "replay", str(self._market), "--out", str(self.ipc), *options, **kept)

    def kill_processor(self, found: Found) -> None:
        """SIGKILL, a reader that starts then, and the next one."""
        self.processor.kill()
        self.processor.wait()
        found.counts["kills of the processor"] += 1
        if DirectoryReader(self.ipc).poll() is None:
            found.is_wrong("no picture for a reader that starts after a kill")
        self.processor = self._started_processor()

    def kill_worker(self, dice: random.Random, found: Found) -> None:
        """SIGKILL to one of the page's workers."""
        workers = psutil.Process(self.page.pid).children()
        if workers:
            workers[dice.randrange(len(workers))].kill()
            found.counts["kills of a worker"] += 1

    def check(self, found: Found) -> None:
        """Both must live."""
        if self.processor.poll() is not None:
            found.is_wrong(f"the processor has ended with {self.processor.returncode}")
            self.processor = self._started_processor()
        if self.page.poll() is not None:
            message = f"the page's server has ended with {self.page.returncode}"
            raise processes.NotServed(message)

    def memory_mb(self) -> tuple[float, float]:
        """What is resident of both, with their children."""
        return _resident_mb(self.processor), _resident_mb(self.page)

    def end(self, found: Found) -> None:
        """Stop both as users do, and look what they leave behind."""
        for name, process in (("processor", self.processor), ("page", self.page)):
            process.send_signal(signal.SIGTERM)
            if process.wait(60) not in {0, -signal.SIGTERM}:
                found.is_wrong(f"the {name} ended with {process.returncode}")
        left = [path.name for path in (*self.ipc.iterdir(), *self.control.iterdir()) if path.suffix in {".tmp", ".old"}]
        if left:
            found.is_wrong(f"left behind: {', '.join(left)}")


def _resident_mb(process: subprocess.Popen[bytes]) -> float:
    total = 0.0
    for pid in processes.family(process):
        try:
            total += psutil.Process(pid).memory_info().rss / 1e6
        except psutil.NoSuchProcess:
            continue
    return total


def _command(dice: random.Random) -> tuple[str, dict[str, Any]]:
    choices: tuple[tuple[str, dict[str, Any]], ...] = (
        ("seek", {"fraction": dice.random()}),
        ("seek", {"by_ns": dice.choice((-1, 1)) * dice.randrange(1, 7200) * 10**9}),
        ("step", {"unit": dice.choice(("event", "trade", "bar")), "count": dice.choice((-3, -1, 1, 3))}),
        ("interval", {"interval": dice.choice(_INTERVALS)}),
        ("speed", {"speed": dice.choice((60, 600, 3600, "max"))}),
        ("obi_levels", {"obi_levels": dice.choice((0, 5, 10))}),
        ("cvd_reset", {"cvd_reset": dice.choice(("none", "day"))}),
        ("session_start", {"session_start": dice.choice(("00:00", "13:30", "22:00"))}),
        ("row", {"row": dice.choice(("auto", "1", "25"))}),
        ("pause", {}),
        ("play", {}),
        ("play", {}),
    )
    return dice.choice(choices)


def _steer(house: House, dice: random.Random, found: Found) -> None:
    """Give a command and wait for its answer."""
    action, arguments = _command(dice)
    given = command(action, **arguments)
    send_command(house.control, given)
    until_s, status = time.monotonic() + _ANSWER_S, None
    while time.monotonic() < until_s:
        status = processes.published(house.ipc)
        if status is not None and status.control.last_id == given.id:
            found.counts["commands done" if status.control.ok else "commands refused"] += 1
            return
        time.sleep(0.01)
    found.is_wrong(
        f"no answer to {action} {arguments}; {status and (status.state, status.control, status.heartbeat_ms)}"
    )


def soak(folder: Path, market: Path, *, minutes: float, tabs: int, views: Collection[str], seed: int) -> Found:
    """Run for so long; return what was met with."""
    found, dice = Found(), random.Random(seed)
    house = House(folder, market)
    watch = Watch(house.ipc, found)
    watch.start()
    begin_s, length_s = time.monotonic(), 60 * minutes
    polled: list[polls.Polls] = []
    polling = threading.Thread(
        target=lambda: polled.append(polls.measure(house.url, tabs, length_s, asked=views)), daemon=True
    )
    polling.start()
    due_s = {"kill": _KILL_PROCESSOR_S / 2, "worker": _KILL_WORKER_S / 2, "sample": 0.0, "command": 1.0}
    while (now_s := time.monotonic() - begin_s) < length_s:
        house.check(found)
        kills = now_s < length_s / 2
        if now_s >= due_s["sample"]:
            due_s["sample"] = now_s + _SAMPLE_S
            found.memory_mb.append((now_s, *house.memory_mb()))
        if kills and now_s >= due_s["worker"]:
            due_s["worker"] = now_s + 2 * _KILL_WORKER_S * dice.random()
            house.kill_worker(dice, found)
        if kills and now_s >= due_s["kill"]:
            due_s["kill"] = now_s + 2 * _KILL_PROCESSOR_S * dice.random()
            house.kill_processor(found)
        if now_s >= due_s["command"]:
            due_s["command"] = now_s + 2 * _COMMAND_S * dice.random()
            _steer(house, dice, found)
        time.sleep(0.05)
    polling.join()
    watch.stopped.set()
    watch.join()
    house.end(found)
    _judge_memory(found, length_s)
    for each in polled:
        found.counts["polls answered"] = round(each.polls_per_s * length_s)
        found.counts["polls without an answer"] = each.failed
    return found


def _judge_memory(found: Found, length_s: float) -> None:
    """Compare the second eighth of the half without kills with the last one."""
    half_s = length_s / 2
    for place, name in ((1, "processor"), (2, "page")):
        means = []
        for part in (1, _EIGHTH - 1):
            first_s = half_s + half_s * part / _EIGHTH
            within = [each[place] for each in found.memory_mb if first_s <= each[0] < first_s + half_s / _EIGHTH]
            means.append(sum(within) / max(1, len(within)))
        progress(f"soak: memory of the {name}: {means[0]:.0f} MB, at the end {means[1]:.0f} MB")
        if means[1] > _GROWTH * means[0]:
            found.is_wrong(f"memory of the {name} went from {means[0]:.0f} to {means[1]:.0f} MB")


def main() -> None:
    """Run, print what was met with, and fail where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description="Runs a replay and its page for long.")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (%(default)s)")
    parser.add_argument("--tabs", type=int, default=64, help="pages that poll (%(default)s)")
    parser.add_argument("--views", nargs="*", default=_VIEWS, help="views on request that each asks for (all)")
    parser.add_argument("--seed", type=int, default=1, help="of the commands and kills (%(default)s)")
    given = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    market = dataset.prepared(CACHE, _EVENTS, hours=24)
    # On a disk, as the exchange is.
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir=CACHE))
    try:
        found = soak(folder, market, minutes=given.minutes, tabs=given.tabs, views=given.views, seed=given.seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(dict(sorted(found.counts.items())), indent=2))
    print(f"{len(found.wrong)} wrong")
    sys.exit(1 if found.wrong else 0)


if __name__ == "__main__":
    main()

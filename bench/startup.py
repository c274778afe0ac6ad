"""What a newcomer waits for: the demo dataset, and the first picture of its replay."""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING, Final

from bench import processes
from bench.figures import Bar, Figure, progress, spread

if TYPE_CHECKING:
    from pathlib import Path

PART: Final = "start"
_HOURS: Final = "4"


def measure(cache: Path, *, events: int, warm_runs: int, cold_runs: int) -> list[Figure]:
    """Seconds from the command to its end, or to the first whole picture on disk."""
    processes.run("processor.warm")
    figures = _measured(cache, events, warm_runs, compiling=False)
    return [*figures, *_measured(cache, events, cold_runs, compiling=True)] if cold_runs else figures


def _measured(cache: Path, events: int, runs: int, *, compiling: bool) -> list[Figure]:
    name = "kernels compiled on the way, as in a fresh clone" if compiling else "kernels in Numba's cache"
    demo = cache / "demo-of-the-start"
    generating, showing = [], []
    for run in range(runs):
        with tempfile.TemporaryDirectory() as empty:
            environment = {"NUMBA_CACHE_DIR": empty} if compiling else {}
            shutil.rmtree(demo, ignore_errors=True)
            command = ("processor", "demo", "--out", str(demo), "--hours", _HOURS, "--events", str(events))
            generating.append(processes.run(*command, **environment))
            showing.append(_first_picture(cache, demo, environment))
        progress(f"{PART} {run + 1}/{runs}: demo {generating[-1]:.2f} s, first picture {showing[-1]:.2f} s, {name}")
    made = f"demo, {events:,} events over {_HOURS} h"
    return [
        Figure(PART, made, "s", spread(generating), Bar("median", "<", 10.0), name),
        Figure(PART, "first picture of its replay from +1h", "s", spread(showing), note=name),
    ]


def _first_picture(cache: Path, demo: Path, environment: dict[str, str]) -> float:
    directory = cache / "ipc"
    shutil.rmtree(directory, ignore_errors=True)
    log = cache / "replay.log"
    command = ("processor", "replay", str(demo), "--out", str(directory), "--start", "+1h")
    with processes.running(log, *command, **environment) as replay:
        return processes.until(lambda: processes.plays(directory), replay, log)

"""The most memory that a replay and an aggregation ever hold, over one day and over ten."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from bench import dataset, processes, tardis_files
from bench.figures import Bar, Figure, progress

PART: Final = "memory"
_HOURS_A_DAY: Final = 24
_LIMIT_MB: Final = 600.0
_GROWTH: Final = 1.1
_PEAK: Final = "VmHWM:"


def measure(cache: Path, *, events_a_day: int, days: int) -> list[Figure]:
    """Peak resident memory of both commands, each as a whole process with its children."""
    if not Path("/proc/self/status").exists():
        return [Figure(PART, "peak memory", note="this system has no /proc to read it from")]
    hours = events_a_day / tardis_files.PACE
    lengths = {
        "one day": tardis_files.market(cache, events_a_day),
        f"{days} days": dataset.prepared(cache, events_a_day * days, hours=hours * days),
    }
    out, directory = cache / "memory.parquet", cache / "ipc"
    commands = {
        "aggregate": ("--out", str(out)),
        "replay": ("--out", str(directory), "--speed", "max", "--at-end", "exit"),
    }
    figures = []
    for command, options in commands.items():
        peaks = []
        for length, folder in lengths.items():
            shutil.rmtree(directory, ignore_errors=True)
            peaks.append(_peak_mb(cache / "memory.log", "processor", command, str(folder), *options))
            progress(f"{PART}: {command} of {length}: {peaks[-1]:.0f} MB")
            events = events_a_day * (1 if length == "one day" else days)
            figures.append(
                Figure(
                    PART,
                    f"{command}, {length}",
                    "MB",
                    {"peak": peaks[-1]},
                    Bar("peak", "<", _LIMIT_MB),
                    f"{events:,} events in the own layout",
                )
            )
        growth = {"ratio": peaks[1] / peaks[0]}
        figures.append(Figure(PART, f"{command}, {days} days / one", "times", growth, Bar("ratio", "<=", _GROWTH)))
    return figures


def _peak_mb(log: Path, *command: str) -> float:
    """The sum of each process's own peak, which is no less than what they ever held together."""
    peaks: dict[int, float] = {}

    def ended() -> bool:
        for pid in processes.family(replay):
            peaks[pid] = max(_high_water_mb(pid), peaks.get(pid, 0.0))
        return replay.poll() is not None

    with processes.running(log, *command) as replay:
        processes.to_the_end(ended, replay, log)
    return sum(peaks.values())


def _high_water_mb(pid: int) -> float:
    """What the kernel has noted as a process's highest resident memory; 0 for one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(_PEAK)), 0.0)

"""How soon a command is answered by a whole new picture: seeks anywhere in a day, and other intervals."""

from __future__ import annotations

import random
import shutil
import time
from typing import TYPE_CHECKING, Final

from bench import dataset, processes
from bench.figures import Bar, Figure, percentiles, progress
from shared import command, send_command

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from shared import Status

PART: Final = "steering"
_SEED: Final = 1
_INTERVALS: Final = ("1s", "5s", "15s", "1m", "5m", "15m", "1h", "4h", "1d")
_ACTIVITIES: Final = ("500t", "100v", "1000000q")
_SEEK_MS: Final = 1000.0
_SWITCH_MS: Final = 300.0
_LOOK_S: Final = 0.001
_PATIENCE_S: Final = 60.0


def measure(cache: Path, *, events: int, commands: int) -> list[Figure]:
    """Milliseconds from writing a command to reading the status.json that answers it, with the whole picture beside it.

    A day of `events` in the processor's cache, paused, 1m bars, steered by one writer after the other.
    """
    folder, kept = dataset.prepared(cache, events, hours=24), cache / "steering-cache"
    found = answered_ms(cache, folder, kept, commands)
    shutil.rmtree(kept, ignore_errors=True)
    note = f"{commands} of them in a day of {events:,} events, answered at most ten times a second"
    seek, switch = Bar("p95", "<=", _SEEK_MS), Bar("p95", "<=", _SWITCH_MS)
    return [
        Figure(PART, "seek anywhere, forwards and backwards", "ms", numbers(found["seek"]), seek, note),
        Figure(PART, "another interval", "ms", numbers(found["interval"]), switch, note),
        Figure(PART, "one event back", "ms", numbers(found["step"]), None, note),
        Figure(PART, "seek, bars by activity", "ms", numbers(found["seek by activity"]), seek, note),
        Figure(PART, "to bars by activity", "ms", numbers(found["to activity"]), switch, note),
    ]


def answered_ms(cache: Path, folder: Path, kept: Path, commands: int, *options: str) -> dict[str, list[float]]:
    """By kind of command, how long each of `commands` took in a replay of `folder` with these further options."""
    out, steering, log = (cache / name for name in ("ipc", "control", "replay.log"))
    for old in (out, steering):
        shutil.rmtree(old, ignore_errors=True)
    given = ("--out", str(out), "--control", str(steering), "--paused", "--resume", "off", "--interval", "1m", *options)
    with processes.running(log, "processor", "replay", str(folder), *given, **processes.keeping_in(kept)) as replay:
        processes.until(lambda: _is_kept(processes.published(out)), replay, log)
        progress(f"{PART}: {commands} seeks and as many switches")
        dice = random.Random(_SEED)
        shares = [dice.random() for _ in range(commands)]
        seeks = [_answered_ms(replay, out, steering, "seek", fraction=share) for share in shares]
        wanted = [_INTERVALS[number % len(_INTERVALS)] for number in range(commands)]
        switches = [_answered_ms(replay, out, steering, "interval", interval=interval) for interval in wanted]
        steps = [_answered_ms(replay, out, steering, "step", unit="event", count=-1) for _ in shares]
        by_activity: list[float] = []
        to_activity: list[float] = []
        for number, share in enumerate(shares):
            interval = _ACTIVITIES[number % len(_ACTIVITIES)]
            to_activity.append(_answered_ms(replay, out, steering, "interval", interval=interval))
            by_activity.append(_answered_ms(replay, out, steering, "seek", fraction=share))
    return {
        "seek": seeks,
        "interval": switches,
        "step": steps,
        "seek by activity": by_activity,
        "to activity": to_activity,
    }


def numbers(values_ms: list[float]) -> dict[str, float]:
    """What is told of them."""
    ordered = sorted(values_ms)
    p95 = ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]
    found = percentiles(values_ms)
    return {"p50": found["p50"], "p95": p95, "max": found["max"]}


def _is_kept(status: Status | None) -> bool:
    return status is not None and status.cache == "complete" and status.state == "paused"


def _answered_ms(replay: subprocess.Popen[bytes], out: Path, steering: Path, action: str, **arguments: object) -> float:
    """Raises NotServed where the command is refused or not answered."""
    given = command(action, **arguments)  # type: ignore[arg-type]
    begun = time.perf_counter()
    send_command(steering, given)
    while time.perf_counter() - begun < _PATIENCE_S and replay.poll() is None:
        status = processes.published(out)
        if status is not None and status.control.last_id == given.id:
            taken_ms = (time.perf_counter() - begun) * 1000
            if not status.control.ok:
                raise processes.NotServed(status.control.error)
            return taken_ms
        time.sleep(_LOOK_S)
    msg = f"{action} was not answered"
    raise processes.NotServed(msg)

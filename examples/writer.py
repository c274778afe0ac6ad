"""Publishes a made-up market by the file contract (docs/contract.md), with Python's standard library alone.

python examples/writer.py DIR [PUBLICATIONS]: ten a second. Open the page on the same directory to see it.
"""

import fcntl
import json
import os
import random
import sys
import time
import zlib
from pathlib import Path
from typing import Any

DATA = ("ohlc_data.json", "metrics_data.json", "depth_data.json")


def publish(folder: Path, payloads: dict[str, bytes]) -> None:
    """Write what has changed and rename it, status.json last, so that the picture is whole at every moment."""
    for name, payload in payloads.items():
        with (folder / f".{name}.tmp").open("wb") as file:
            file.write(payload)
            os.fchmod(file.fileno(), 0o644)
            file.flush()
            os.fsync(file.fileno())
    for name in payloads:
        if name in DATA and (folder / name).exists():
            os.link(folder / name, folder / f".{name}.old")
        (folder / f".{name}.tmp").rename(folder / name)
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    for name in DATA:
        (folder / f".{name}.old").unlink(missing_ok=True)


def after_a_kill(folder: Path) -> int:
    """Undo what a killed writer has left half done; return the last generation."""
    path = folder / "status.json"
    nothing: dict[str, Any] = {"generation": 0, "files": {}}
    status = json.loads(path.read_bytes()) if path.exists() else nothing
    for name in DATA:
        old = folder / f".{name}.old"
        if old.exists() and zlib.crc32(old.read_bytes()) == status["files"].get(name, {}).get("crc32"):
            old.rename(folder / name)
    for left in (*folder.glob(".*.old"), *folder.glob(".*.tmp")):
        left.unlink()
    return int(status["generation"])


def main(folder: Path, publications: int) -> None:
    """Publish a random walk."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / ".writer.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    generation, session, dice = after_a_kill(folder), f"example-{time.time_ns()}", random.Random(1)
    start_ms, price, cvd = 1_700_000_000_000, 10_000, 0
    bars: list[list[float]] = []
    metrics: list[list[float]] = []
    published: dict[str, bytes] = {}
    files: dict[str, dict[str, int]] = {}
    for event_ms in range(start_ms, start_ms + 500 * publications, 500):
        generation, minute_ms, obi = generation + 1, event_ms // 60_000 * 60_000, dice.uniform(-1, 1)
        side, size = dice.choice((-1, 1)), dice.randint(1, 20)
        price, before, cvd = price + side * dice.randint(0, 2), cvd, cvd + side * size
        last = price / 100
        if not bars or bars[-1][0] != minute_ms:
            bars = [*bars, [minute_ms, last, last, last, last, 0]][-1000:]
            metrics = [*metrics, [minute_ms, obi, obi, obi, obi, before, before, before, before]][-1000:]
        bar, row = bars[-1], metrics[-1]
        bar[2:] = max(bar[2], last), min(bar[3], last), last, bar[5] + size
        row[2:5] = max(row[2], obi), min(row[3], obi), obi
        row[6:] = max(row[6], cvd), min(row[7], cvd), cvd
        bids, asks = ([[(price + way * n) / 100, n * 3] for n in range(1, 11)] for way in (-1, 1))
        made = [json.dumps(value).encode() for value in (bars, metrics, {"bids": bids, "asks": asks})]
        changed = {name: payload for name, payload in zip(DATA, made, strict=True) if published.get(name) != payload}
        for name, payload in changed.items():
            files[name] = {"generation": generation, "bytes": len(payload), "crc32": zlib.crc32(payload)}
        now_ms = time.time_ns() // 1_000_000
        status = {
            "contract": "1.0",
            "session": session,
            "generation": generation,
            "state": "playing",
            "error": None,
            "dataset": "example",
            "instrument": "EXAMPLE",
            "instruments": ["EXAMPLE"],
            "interval": "1m",
            "start_ms": start_ms,
            "end_ms": None,
            "event_time_ms": event_ms,
            "speed": 5.0,
            "files": files,
            "published_at_ms": now_ms,
            "heartbeat_ms": now_ms,
            "checks": {},
            "report": {},
            "control": {"last_id": None, "ok": None, "error": None},
            "ipc": {"files": {}, "failed_writes": 0, "rss_bytes": 0, "rss_baseline_bytes": 0},
        }
        publish(folder, {**changed, "status.json": json.dumps(status).encode()})
        published |= changed
        time.sleep(0.1)


main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) == 3 else 600)  # noqa: PLR2004 - both words are there

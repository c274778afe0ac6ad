"""The monitoring panel's figures, and where they cross a limit of the contract."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from shared import (
    DATA_FILES,
    MAX_DATA_BYTES,
    MAX_PARSE_MS,
    MAX_PUBLISH_HZ,
    MAX_WRITE_MS,
    STATUS_FILE,
    VIEW_FILES,
    WriteStats,
)
from visualizer.metrics.readings import Memory, Polls, Reads

if TYPE_CHECKING:
    from shared import Status

_NEAR: Final = 0.8
"""From this share of a limit on, a figure warns."""
_GROWTH_FACTOR: Final = 1.25
_GROWTH_SLACK_BYTES: Final = 50_000_000
"""Memory beyond 1.25 times the warmed-up size plus this much is growing, not breathing."""
_VISIBLE_GROWTH: Final = 1.05
_ENOUGH_PARSES: Final = 100
"""A 99th percentile of fewer is the slowest one, which is the very first."""
_ENOUGH_WRITES: Final = 200
"""Of fewer it is one or two of the start, while the dataset is being read as well: until then the median is judged."""

MAX_POLLS_HZ: Final = 250.0
"""About 125 pages that ask every 500 ms: two processes on two cores answer twice that, but late."""
MAX_POLL_MS: Final = 150.0
_ENOUGH_POLLS_HZ: Final = 20.0
"""Fewer keep no server busy: if they take long, the machine is."""

_ADVICE: Final = {
    "hz": f"more than {MAX_PUBLISH_HZ:g} publications a second: the writer must publish less often, no page shows more",
    "p99_ms": f"writes take more than {MAX_WRITE_MS:g} ms: put the exchange on a local disk or in memory (tmpfs)",
    "parse_p99_ms": f"parsing takes more than {MAX_PARSE_MS:g} ms: the machine is busy, or its processor slow",
    "total_bytes": f"more than {MAX_DATA_BYTES // 1000} kB of data files: the writer must publish fewer rows or levels",
    "failed_writes": "writes have failed: look for a full disk; the processor's log names the file",
    "rss_bytes": "a service's memory grows: restart it, and report what it was doing",
    "polls_hz": f"more than {MAX_POLLS_HZ:g} polls a second: raise VISUALIZER_WORKERS or VISUALIZER_POLL_MS, or lower "
    "VISUALIZER_FOLLOWERS",
    "poll_p95_ms": f"polls take more than {MAX_POLL_MS:g} ms: the server is too busy for its pages; see the line above",
}
"""What to do where a figure is over its limit; docs/decisions/0001 has the reasons."""

_NO_POLLS: Final = Polls()

OK: Final = "ok"
NEAR: Final = "near"
OVER: Final = "over"


def monitor(
    status: Status | None, reads: dict[str, Reads], own_memory: Memory, polls: Polls = _NO_POLLS
) -> dict[str, Any]:
    """The panel's content: each figure as (value, level), where the level is "ok", "near" or "over" its limit.

    Keys: `files` (one per file of the contract, a view only where it is written: `name`, `hz`, `p99_ms`, `max_ms`,
    `bytes`, `parse_p99_ms`, and the refused reads `failed`, `partial`, `mixed`), `total_bytes` of the data files,
    `failed_writes`, `memory` (per service `name`, `rss_bytes`, `baseline_bytes` and whether it `grows`), `polls_hz` and
    `poll_p95_ms` of all open pages, `level`, the worst of all, and `advice`: a sentence for each kind of figure that is
    over its limit, or warns without having one.
    """
    ipc = status.ipc if status else None
    written = ipc.files if ipc else {}
    names = (*DATA_FILES, *(name for name in VIEW_FILES if name in written), STATUS_FILE)
    files = [_file(name, written.get(name), reads.get(name, Reads())) for name in names]
    total = sum(written[name].bytes for name in DATA_FILES if name in written)
    failed_writes = ipc.failed_writes if ipc else 0
    processor = Memory(ipc.rss_bytes, ipc.rss_baseline_bytes) if ipc else Memory()
    answer: dict[str, Any] = {
        "files": files,
        "total_bytes": (total, _level(total, MAX_DATA_BYTES)),
        "failed_writes": (failed_writes, NEAR if failed_writes else OK),
        "memory": [_memory("processor", processor), _memory("visualizer", own_memory)],
        "polls_hz": _figure(polls.rate_hz, MAX_POLLS_HZ),
        "poll_p95_ms": _figure(polls.p95_ms, MAX_POLL_MS if (polls.rate_hz or 0) >= _ENOUGH_POLLS_HZ else math.inf),
    }
    judged = [
        (name, value[1])
        for group in (*files, *answer["memory"], answer)
        for name, value in group.items()
        if isinstance(value, tuple)
    ]
    levels = [level for _, level in judged]
    answer["level"] = OVER if OVER in levels else NEAR if NEAR in levels else OK
    wanted = {name for name, level in judged if level == OVER or (name == "failed_writes" and level == NEAR)}
    answer["advice"] = [sentence for name, sentence in _ADVICE.items() if name in wanted]
    return answer


def _figure(value: float | None, limit: float) -> tuple[float, str] | None:
    return None if value is None else (value, _level(value, limit))


def _file(name: str, writes: WriteStats | None, read: Reads) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "name": name,
        "hz": None,
        "p99_ms": None,
        "max_ms": None,
        "bytes": None,
        "parse_p99_ms": None,
    }
    if writes is not None:
        # Ten a second is the pace a healthy writer keeps: there is no "near" below it.
        figures["hz"] = (writes.rate_hz, OVER if writes.rate_hz > MAX_PUBLISH_HZ else OK)
        judged_ms = writes.p99_ms if writes.writes >= _ENOUGH_WRITES else writes.p50_ms
        figures["p99_ms"] = (writes.p99_ms, _level(judged_ms, MAX_WRITE_MS))
        figures["max_ms"] = (writes.max_ms, OK)
        figures["bytes"] = (writes.bytes, OK)
    if read.parse_p99_ms is not None:
        judged = read.parses >= _ENOUGH_PARSES
        figures["parse_p99_ms"] = (read.parse_p99_ms, _level(read.parse_p99_ms, MAX_PARSE_MS) if judged else OK)
    return figures | {kind: (count, OK) for kind, count in read.refused.items()}


def _memory(name: str, memory: Memory) -> dict[str, Any]:
    rss_bytes, baseline_bytes = memory.rss_bytes, memory.baseline_bytes
    over = baseline_bytes > 0 and rss_bytes > _GROWTH_FACTOR * baseline_bytes + _GROWTH_SLACK_BYTES
    return {
        "name": name,
        "rss_bytes": (rss_bytes, OVER if over else OK),
        "baseline_bytes": baseline_bytes,
        "grows": baseline_bytes > 0 and rss_bytes > _VISIBLE_GROWTH * baseline_bytes,
    }


def _level(value: float, limit: float) -> str:
    if value > limit:
        return OVER
    return NEAR if value > _NEAR * limit else OK

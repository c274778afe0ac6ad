"""What becomes of a way when things go wrong, found out by doing them; and how much code it is."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bench.alternatives.sides import LEAD_NS, Side, is_root, order, placed, running
from bench.figures import Figure, percentiles
from shared import MAX_PUBLISH_HZ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.alternatives.base import Way
    from bench.alternatives.process import Answer

_ROOT: Final = Path(__file__).resolve().parents[2]
_HURRIED_HZ: Final = 100.0
_SLOW_S: Final = 0.3
_NOBODY: Final = 65534
_SMALL_DISK: Final = "size=3m"
_FILLER_BYTES: Final = 1 << 12
_NEXT_WRITER: Final = 100_000
"""The generation that the writer after a killed one begins with."""


def figure(part: str, cache: Path, way: Way, recording: Path, kills: int) -> Figure:
    """One line: each fault, and what was seen."""
    found = {
        "writer killed": _killed(cache, way, recording, kills),
        "late joiner": _joins_late(cache, way, recording),
        "slow reader": _reads_slowly(cache, way, recording),
        "disk full": _fills_disk(cache, way, recording),
        "another user": _as_nobody(cache, way, recording),
        "no network": _without_network(cache, way, recording),
        "readable with cat": way.cat,
        "another language": way.language,
        "services": way.needs,
    }
    note = "; ".join(f"{name}: {text}" for name, text in found.items())
    return Figure(part, f"{way.name}, faults", "lines of code", {"lines": lines_of(way)}, note=note)


def lines_of(way: Way) -> int:
    """Lines of code of the way's sources (`FILE`, or `FILE:NAME,NAME` for some of what it defines).

    Formatted alike, without comments and docstrings.
    """
    lines = 0
    for source in way.sources:
        path, _, names = source.partition(":")
        tree = ast.parse((_ROOT / path).read_text(encoding="utf-8"))
        wanted = set(names.split(",")) if names else None
        for node in tree.body:
            if wanted is None or getattr(node, "name", None) in wanted:
                lines += len(ast.unparse(_bare(node)).splitlines())
    return lines


def _bare(node: ast.stmt) -> ast.stmt:
    for each in ast.walk(node):
        if isinstance(each, (ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(each, clean=False) is not None:
            each.body = each.body[1:] or [ast.Pass()]
    return node


def _killed(cache: Path, way: Way, recording: Path, kills: int) -> str:
    """Kill the writer while it publishes at a pace that leaves it little rest."""
    went_on = joined = broken = 0
    for _ in range(kills):
        with placed(cache, way) as place, way.service(place):
            writer, again = (Side("write", way, place, recording) for _ in range(2))
            reader, later = (Side("read", way, place, recording) for _ in range(2))
            with running(writer, reader, later, again):
                writer.ask(order(0.1, hz=MAX_PUBLISH_HZ))
                told = order(4.0, hz=_HURRIED_HZ, first=10)
                reader.tell(told)
                writer.tell(told)
                time.sleep(LEAD_NS / 1e9 + random.uniform(0.2, 0.5))
                writer.kill()
                joined += _has_any(later.ask(order(0.7, lead_ns=0)))
                again.ask(order(0.8, hz=MAX_PUBLISH_HZ, first=_NEXT_WRITER))
                read = reader.answer()
                if read is not None:
                    went_on += any(generation >= _NEXT_WRITER for generation, _ in read.taken[0])
                    broken += read.broken
    return (
        f"{broken} broken pictures in {kills} kills, a new reader got the last picture {joined} times, "
        f"readers went on with the next writer {went_on} times"
    )


def _joins_late(cache: Path, way: Way, recording: Path) -> str:
    with _both(cache, way, recording) as (writer, reader):
        writer.ask(order(0.2, hz=MAX_PUBLISH_HZ))
        told = order(0.8, lead_ns=0)
        found = reader.ask(told)
    if found is None or not found.taken[0]:
        return "nothing before the next publication"
    return f"the last picture after {(found.taken[0][0][1] - told.begins_ns) / 1e6:.0f} ms"


def _reads_slowly(cache: Path, way: Way, recording: Path) -> str:
    with _both(cache, way, recording) as (writer, reader):
        writer.ask(order(0.2, hz=MAX_PUBLISH_HZ))
        told = order(3.0, hz=MAX_PUBLISH_HZ, first=10)
        reader.tell(msgspec.structs.replace(told, pause_s=_SLOW_S))
        written = writer.ask(told)
        read = reader.answer()
    if written is None or read is None:
        return "a process ended"
    old_ms = [
        (at_ns - told.begins_ns - (generation - told.first) * told.period_ns) / 1e6
        for generation, at_ns in read.taken[0]
        if generation >= told.first
    ]
    if not old_ms:
        return "it saw nothing"
    late_ms = percentiles(written.late_ms)["max"]
    return f"sees pictures at most {max(old_ms):.0f} ms old; the writer is late by at most {late_ms:.0f} ms"


def _fills_disk(cache: Path, way: Way, recording: Path) -> str:
    if not way.fills_disk:
        return "has no disk"
    if not _is_root_of_linux():
        return "not tried, needs root"
    with _small_disk(cache / "small") as disk:
        if disk is None:
            return "not tried, no disk could be mounted"
        writer, reader = (Side(side, way, disk / "ipc", recording) for side in ("write", "read"))
        with running(writer, reader):
            if writer.ask(order(0.1, hz=MAX_PUBLISH_HZ, lead_ns=0)) is None:
                return "the writer died at its start"
            filler = disk / "filler"
            with suppress(OSError), filler.open("wb", buffering=0) as file:
                while True:
                    file.write(b"x" * _FILLER_BYTES)
            full = writer.ask(order(0.1, hz=MAX_PUBLISH_HZ, first=10, lead_ns=0))
            kept = reader.ask(order(0.7, lead_ns=0))
            filler.unlink()
            after = writer.ask(order(0.1, hz=MAX_PUBLISH_HZ, first=20, lead_ns=0))
    told = "dies" if full is None else "is told" if full.error else "does not notice"
    keeps = "the last picture stays" if _has_any(kept) else "readers get nothing"
    goes_on = "goes on with space" if after is not None and after.error is None else "does not go on with space"
    return f"the writer {told}, {keeps}, {goes_on}"


@contextmanager
def _small_disk(at: Path) -> Iterator[Path | None]:
    at.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", _SMALL_DISK, "tmpfs", str(at)],  # noqa: S607
        capture_output=True,
        check=False,
    )
    try:
        yield None if made.returncode else at
    finally:
        if not made.returncode:
            subprocess.run(["umount", "-l", str(at)], check=True)  # noqa: S607
        at.rmdir()


def _as_nobody(cache: Path, way: Way, recording: Path) -> str:
    if not _is_root_of_linux():
        return "not tried, needs root"
    with placed(cache, way) as place, way.service(place):
        writer = Side("write", way, place, recording)
        with running(writer):
            writer.ask(order(0.2, hz=MAX_PUBLISH_HZ))
            reader = Side("read", way, place, recording, user=_NOBODY)
            with running(reader):
                found = _read_while_written(writer, reader)
    return "reads" if _has_any(found) else "does not read"


def _without_network(cache: Path, way: Way, recording: Path) -> str:
    """Both sides where there is no network, not even the loopback."""
    if not _is_root_of_linux():
        return "not tried, needs root"
    with placed(cache, way) as place, way.service(place):
        writer = Side("write", way, place, recording, prefix=("unshare", "--net"))
        with running(writer):
            writer.ask(order(0.2, hz=MAX_PUBLISH_HZ))
            inside = ("nsenter", f"--net=/proc/{writer.process.pid}/ns/net")
            reader = Side("read", way, place, recording, prefix=inside)
            with running(reader):
                found = _read_while_written(writer, reader)
    return "works" if _has_any(found) else "does not work"


@contextmanager
def _both(cache: Path, way: Way, recording: Path) -> Iterator[tuple[Side, Side]]:
    with placed(cache, way) as place, way.service(place):
        writer, reader = Side("write", way, place, recording), Side("read", way, place, recording)
        with running(writer, reader):
            yield writer, reader


def _read_while_written(writer: Side, reader: Side) -> Answer | None:
    told = order(1.0, hz=MAX_PUBLISH_HZ, first=10)
    reader.tell(told)
    writer.ask(told)
    return reader.answer()


def _is_root_of_linux() -> bool:
    return sys.platform == "linux" and is_root()


def _has_any(answer: Answer | None) -> bool:
    return answer is not None and any(answer.taken)

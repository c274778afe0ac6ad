"""Measures every way with the same pictures: at the contract's pace before ever more readers, and without pause."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

import msgspec
import psutil

from bench.alternatives import faults
from bench.alternatives.recording import recorded
from bench.alternatives.sides import Failed, Side, order, placed, running
from bench.alternatives.ways import WAYS
from bench.figures import Figure, percentiles, progress
from shared import MAX_PUBLISH_HZ, POLL_INTERVAL_MS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.alternatives.base import Way
    from bench.alternatives.process import Answer, Order

PART: Final = "exchange-alternatives"
_PROCESSES: Final = 4
"""At most so many processes read: two cores run no more side by side, and further readers are threads of these."""
_WARM_UP: Final = 5
_GRACE_NS: Final = 800_000_000
"""Longer than any poll, so that all that was published is seen."""


def measure(
    cache: Path,
    *,
    pictures: int,
    seconds: float,
    readers: Sequence[int],
    kills: int,
    ways: Sequence[str] | None = None,
) -> list[Figure]:
    """Every way, or the named ones: ages, costs, the highest rate, and what becomes of it when things go wrong."""
    recording = recorded(cache, pictures)
    wait_ms = POLL_INTERVAL_MS / 2
    note = f"what a poll every {POLL_INTERVAL_MS} ms adds on average before a picture is seen"
    figures = [Figure(PART, "mean wait of the poll", "ms", {"mean": wait_ms}, note=note)]
    for way in WAYS.values():
        if ways is not None and way.name not in ways:
            continue
        progress(f"{PART}: {way.name}")
        if (reason := way.missing()) is not None:
            figures.append(Figure(PART, way.name, note=f"left out: {reason}"))
            continue
        try:
            figures += _measured(cache, way, recording, seconds, readers)
            figures.append(faults.figure(PART, cache, way, recording, kills))
        except Failed as failure:
            figures.append(Figure(PART, f"{way.name}, broken off", note=str(failure)))
    return figures


def _measured(cache: Path, way: Way, recording: Path, seconds: float, readers: Sequence[int]) -> list[Figure]:
    figures = []
    with placed(cache, way) as place, way.service(place) as service:
        writer = Side("write", way, place, recording)
        sides = [Side("read", way, place, recording) for _ in range(min(_PROCESSES, max(readers)))]
        with running(writer, *sides):
            # So that all is there before the first reader looks.
            first = 1 + _published(writer.ask(order(0.3, hz=MAX_PUBLISH_HZ))).published
            for count in readers:
                told = order(seconds, hz=MAX_PUBLISH_HZ, first=first)
                served_s = _served_s(service)
                written, read = _run(writer, sides[: min(count, len(sides))], count, told)
                served_s = _served_s(service) - served_s
                first += written.published
                figures.append(_figure(way, count, told, written, read, served_s))
            told = order(seconds / 2, first=first)
            written, read = _run(writer, sides[:1], 1, told)
            figures.append(_flat_out(way, told, written, read[0]))
    return figures


def _run(writer: Side, sides: Sequence[Side], readers: int, told: Order) -> tuple[Answer, list[Answer]]:
    each = readers // len(sides)
    for side in sides:
        reading = msgspec.structs.replace(told, readers=each, reads_until_ns=told.ends_ns + _GRACE_NS)
        side.tell(reading)
    writer.tell(told)
    written = _published(writer.answer())
    return written, [_published(side.answer()) for side in sides]


def _published(answer: Answer | None) -> Answer:
    if answer is None or answer.error is not None:
        msg = f"a process of the benchmark failed: {answer.error if answer else 'it ended'}"
        raise Failed(msg)
    return answer


def _figure(way: Way, count: int, told: Order, written: Answer, read: Sequence[Answer], served_s: float) -> Figure:
    ages_ms, seen_ms, decoded = ages(told, written.published, [taken for answer in read for taken in answer.taken])
    pictures = written.published
    numbers = {
        **percentiles(ages_ms or [float("inf")]),
        **{f"seen {name}": value for name, value in percentiles(seen_ms or [float("inf")]).items()},
        "writer cpu": 1000 * written.cpu_s / pictures,
        "reader cpu": 1000 * sum(answer.cpu_s for answer in read) / pictures / count,
        "kB": written.bytes / pictures / 1000,
        "writer MB": written.held_bytes / 1e6,
        "reader MB": max(answer.held_bytes for answer in read) / 1e6,
    }
    if served_s:
        numbers["server cpu"] = 1000 * served_s / pictures
    share = 100 * decoded / (pictures * count)
    failed = sum(answer.broken + answer.reopened for answer in read)
    note = f"{share:.0f} % of the pictures decoded, writer late by p99 {percentiles(written.late_ms)['p99']:.1f} ms"
    return Figure(
        PART,
        f"{way.name}, {count} readers at {MAX_PUBLISH_HZ:g} Hz",
        "ms",
        {name: value for name, value in numbers.items() if value > 0},
        note=f"{note}, {failed} reads failed" if failed else note,
    )


def ages(
    told: Order, published: int, taken: Sequence[Sequence[tuple[int, int]]]
) -> tuple[list[float], list[float], int]:
    """Of publications in an order, in ms: how old each was when it was decoded, and when it or a later one first was.

    Both count from when the publication was due, not from when it was made: one that is held up makes all after it
    older. Also how many pictures were decoded. The first ones of an order are left out of the times.
    """
    decoded_ms: list[float] = []
    seen_ms: list[float] = []
    decoded = 0
    measured = range(told.first + min(_WARM_UP, published // 2), told.first + published)
    for reader in taken:
        ours = [(generation, at_ns) for generation, at_ns in reader if generation >= told.first]
        decoded += len(ours)
        generations = [generation for generation, _ in ours]
        decoded_ms += [_age_ms(told, *each) for each in ours if each[0] in measured]
        for generation in measured:
            index = bisect_left(generations, generation)
            if index < len(ours):
                seen_ms.append(_age_ms(told, generation, ours[index][1]))
    return decoded_ms, seen_ms, decoded


def _age_ms(told: Order, generation: int, at_ns: int) -> float:
    return (at_ns - told.begins_ns - (generation - told.first) * told.period_ns) / 1e6


def _flat_out(way: Way, told: Order, written: Answer, read: Answer) -> Figure:
    seconds = (told.ends_ns - told.begins_ns) / 1e9
    decoded = sum(told.first <= generation and at_ns <= told.ends_ns for generation, at_ns in read.taken[0])
    numbers = {"published": written.published / seconds, "decoded": max(decoded, 1) / seconds}
    note = "published without pause, and what one reader decoded of that meanwhile"
    return Figure(PART, f"{way.name}, as fast as it goes", "pictures/s", numbers, note=note)


def _served_s(service: int | None) -> float:
    if service is None:
        return 0.0
    times = psutil.Process(service).cpu_times()
    return float(times.user + times.system)

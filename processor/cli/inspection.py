"""What a dataset is, and what was found in it."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Final

import msgspec

from processor.core.engine import Engine
from processor.core.price_step import NO_DIVISOR, NO_STEP, Divisor
from processor.core.report import KINDS, Incident, Report, with_crossed_and_locked
from processor.formats import in_order, open_dataset
from processor.names import printable
from processor.prefetch import prefetched
from processor.settings import Aggregation, iso

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processor.core.events import Columns
    from processor.formats import Dataset


_MOST_DIGITS: Final = 100
"""More than a number of 64 bits has on any scale."""


class FileFinding(msgspec.Struct, frozen=True):
    """One file's rows and the span of their times."""

    name: str
    rows: int
    malformed: int
    first: str | None
    last: str | None


class Place(msgspec.Struct, frozen=True):
    """Where one thing was found: file and line (1-based), event time, its end if it lasts, each null if it has none."""

    file: str | None
    line: int | None
    time: str | None
    until: str | None
    detail: str


class Finding(msgspec.Struct, frozen=True):
    """Something the data's user should know: what, how often, and where (the first few)."""

    kind: str
    meaning: str
    count: int
    incidents: list[Place]


class Inspection(msgspec.Struct, frozen=True):
    """What `processor inspect` says. Times are ISO, UTC; `price_tick` (the price step) and `size_lot` decimals."""

    dataset: str
    format: str
    instruments: tuple[str, ...]
    instrument: str
    first: str | None
    last: str | None
    trades: int
    book_events: int
    book_samples: int
    price_tick: str | None
    size_lot: str | None
    files: list[FileFinding]
    ignored_files: list[str]
    findings: list[Finding]


def inspect(
    path: Path, instrument: str | None, clock: str, on_progress: Callable[[int, int], None] | None = None
) -> Inspection:
    """Read the dataset at `path` to its end and say what it is. `on_progress`: bytes read, bytes in all.

    Raises:
        DatasetError: it cannot be read as one.
    """
    return in_order(open_dataset(path), lambda dataset: _inspected(dataset, instrument, clock, on_progress))


def _inspected(
    dataset: Dataset, instrument: str | None, clock: str, on_progress: Callable[[int, int], None] | None
) -> Inspection:
    report = Report()
    opened = dataset.open(instrument, clock, report)
    engine = Engine(Aggregation(), keep=1)
    price_step, size_lot = NO_STEP, NO_DIVISOR
    last_ns: int | None = None
    book_events = 0
    with closing(prefetched(opened.chunks(report))) as chunks:
        for chunk in chunks:
            parts: list[Columns] = [*chunk.trades, *chunk.book]
            price_step = price_step.advanced(chunk.trades, chunk.book)
            for part in parts:
                size_lot = size_lot.including(part.size_lots, part.size_decimals)
            book_events += sum(map(len, chunk.book))
            engine.advance(chunk.trades, chunk.book)
            last_ns = max((int(part.time_ns[-1]) for part in parts if len(part)), default=last_ns)
            if on_progress:
                on_progress(chunk.consumed_bytes, opened.size_bytes)
    report = with_crossed_and_locked(report, engine.book)
    return Inspection(
        dataset=printable(dataset.path.resolve().name),
        format=opened.format,
        instruments=opened.instruments,
        instrument=opened.instrument,
        first=_iso(engine.first_ns),
        last=_iso(last_ns),
        trades=engine.trades,
        book_events=book_events,
        book_samples=engine.book.samples,
        price_tick=_decimal(price_step.divisor),
        size_lot=_decimal(size_lot),
        files=[
            FileFinding(printable(name), file.rows, file.malformed, _iso(file.first_ns), _iso(file.last_ns))
            for name, file in report.files.items()
        ],
        ignored_files=[printable(name) for name in dataset.ignored],
        findings=[
            Finding(
                kind, meaning, report.counts[kind], [_place(found) for found in report.incidents if found.kind == kind]
            )
            for kind, meaning in KINDS.items()
            if report.counts[kind]
        ],
    )


def as_text(found: Inspection) -> str:
    """`found` for a person."""
    lines = [
        f"{found.dataset}: {found.format}",
        f"  instrument   {found.instrument}" + _others(found),
        f"  range        {found.first} to {found.last}",
        f"  trades       {found.trades}",
        f"  book         {found.book_events} updates at {found.book_samples} times",
        f"  price tick   {found.price_tick}",
        f"  size lot     {found.size_lot}",
        "files",
    ]
    for file in found.files:
        malformed = f", {file.malformed} malformed" if file.malformed else ""
        times = f", {file.first} to {file.last}" if file.first else ""
        lines.append(f"  {file.name}: {file.rows} rows{malformed}{times}")
    lines += [f"  left out: {name}" for name in found.ignored_files]
    lines.append("found in the data" if found.findings else "nothing found in the data that needs a remark")
    for finding in found.findings:
        lines.append(f"  {finding.count} {finding.kind.replace('_', ' ')}: {finding.meaning}")
        lines += [f"    {_line(place)}" for place in finding.incidents]
    return "\n".join(lines)


def _decimal(found: Divisor | None) -> str | None:
    if found is None or not found.ticks:
        return None
    with localcontext(prec=_MOST_DIGITS):
        return format(Decimal(found.ticks).scaleb(-found.decimals), "f")


def _others(found: Inspection) -> str:
    return f" (of {', '.join(found.instruments)})" if len(found.instruments) > 1 else ""


def _place(incident: Incident) -> Place:
    file = printable(incident.file) or None
    return Place(file, incident.line, _iso(incident.time_ns), _iso(incident.until_ns), printable(incident.detail))


def _line(place: Place) -> str:
    file = f"{place.file}:{place.line}" if place.line is not None else place.file
    time = f"{place.time} to {place.until}" if place.until else place.time
    return "  ".join(part for part in (file, time, place.detail) if part)


def _iso(time_ns: int | None) -> str | None:
    return None if time_ns is None else iso(time_ns)

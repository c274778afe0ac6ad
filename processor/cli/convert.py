"""`processor convert`: a dataset in our own layout, to be kept."""

# Typer reads the annotations when this is imported, so they are not postponed.
from functools import partial
from pathlib import Path
from typing import Annotated

from rich.progress import Progress, TaskID

from processor.cli import options
from processor.cli.output import progress_bar, say, say_found
from processor.settings import CLOCKS, one_of


def convert(
    dataset: options.Dataset,
    out: Annotated[
        Path, options.option("out", "Where to write it: a folder, in which each instrument gets one of its own.")
    ],
    instrument: options.Instrument = None,
    clock: options.EventClock = "exchange",
) -> None:
    """Write a dataset in the own layout, which is read fastest and from any moment; all instruments, or one."""
    from processor.cli import conversion  # noqa: PLC0415 - Polars and Numba load only when needed
    from processor.formats import open_dataset  # noqa: PLC0415

    order = one_of("clock", clock, CLOCKS)
    opened = open_dataset(dataset)
    names = [opened.resolved(instrument)] if instrument else opened.instruments
    for name in names:
        with progress_bar() as progress:
            size_bytes = sum(file.size_bytes for file in opened.files_of(name))
            task = progress.add_task(name, total=size_bytes)
            made = conversion.convert(opened, name, order, out, partial(_completed, progress, task))
        events = sum(segment.trades + segment.book_events for segment in made.manifest.segments)
        say(f"{made.folder}: {events} events in {made.manifest.size_bytes / 1e6:.1f} MB")
        say_found(made.report)


def _completed(progress: Progress, task: TaskID, done: int) -> None:
    progress.update(task, completed=done)

"""`processor inspect`: what a dataset is, and what was found in it."""

# Typer reads the annotations when this is imported, so they are not postponed.
import sys
from typing import Annotated

import msgspec
import typer

from processor.cli import options
from processor.cli.output import progress_bar
from processor.settings import CLOCKS, one_of


def inspect(
    dataset: options.Dataset,
    instrument: options.Instrument = None,
    clock: options.EventClock = "exchange",
    *,
    json: Annotated[bool, typer.Option("--json", help="As JSON instead of text.")] = False,
) -> None:
    """Say what a dataset is, and what was found in it: the data report."""
    from processor.cli import inspection  # noqa: PLC0415 - Polars and Numba load only when needed

    with progress_bar() as progress:
        task = progress.add_task("reading", total=None)
        found = inspection.inspect(
            dataset,
            instrument or None,
            one_of("clock", clock, CLOCKS),
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    if json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    else:
        typer.echo(inspection.as_text(found))

"""`processor demo`: a dataset of a simulated market."""

# Typer reads the annotations when this is imported, so they are not postponed.
from pathlib import Path
from typing import Annotated

from processor.cli import options
from processor.cli.output import progress_bar, say


def demo(
    out: Annotated[
        Path, options.option("out", "Where to write the dataset: a folder that is not there yet, or an old demo.")
    ],
    hours: Annotated[float, options.option("hours", "How long the market is open.")] = 4.0,
    seed: Annotated[int, options.option("seed", "The same seed makes the same market.")] = 1,
    events: Annotated[
        int | None, options.option("events", "About how many events; a million for four hours if not given.")
    ] = None,
) -> None:
    """Write a dataset of a simulated market."""
    from processor.demo import generate  # noqa: PLC0415 - Polars and Numba load only when needed

    with progress_bar() as progress:
        task = progress.add_task("simulating", total=None)
        generate(
            out,
            hours=hours,
            seed=seed,
            events=events,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    say(f"{out}: written; `processor replay {out} --out data/ipc` plays it")

"""`processor alerts`: all alerts of some expressions over the whole history of a dataset, as one table."""

# Typer reads the annotations when this is imported, so they are not postponed.
from pathlib import Path
from typing import Annotated

from processor.cli import options
from processor.cli.output import progress_bar, say, say_found
from processor.settings import MIDNIGHT


def alerts(
    dataset: options.Dataset,
    expressions: options.Expressions,
    out: Annotated[Path, options.option("out", "The table: a .parquet or .csv file.")],
    interval: options.Interval = "1m",
    start: options.Start = None,
    until: options.Until = None,
    clock: options.EventClock = "exchange",
    cvd_reset: options.CvdReset = "none",
    instrument: options.Instrument = None,
    cache: options.CacheFolder = None,
    cache_limit: options.CacheLimit = "20GB",
    session_start: options.SessionStart = MIDNIGHT,
) -> None:
    """Write all alerts that some expressions raise over the whole history of a dataset as one table."""
    given = options.settings(
        interval, 10, 50, clock, cvd_reset, instrument, start, until, alerts=expressions, session_start=session_start
    )

    from processor.aggregate import output  # noqa: PLC0415 - what computes loads only when needed
    from processor.aggregate.alerts import AlertsTable  # noqa: PLC0415
    from processor.aggregate.view_tables import view_tables  # noqa: PLC0415
    from processor.formats import open_dataset  # noqa: PLC0415

    output.check_out(out)
    opened = open_dataset(dataset)
    with progress_bar() as progress:
        task = progress.add_task("reading", total=None)

        def on_progress(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        (found,) = view_tables(
            AlertsTable.name,
            opened,
            (opened.resolved(given.instrument),),
            given,
            options.cache(cache, cache_limit),
            on_progress=on_progress,
        )
    output.write_table(found.rows, out)
    say(f"{out}: {len(found.rows)} alerts of {found.trades} trades")
    say_found(found.report)

"""`processor aggregate`: the whole history of a dataset as one table."""

# Typer reads the annotations when this is imported, so they are not postponed.
from pathlib import Path
from typing import Annotated

from processor.cli import options
from processor.cli.output import progress_bar, say, say_found
from processor.errors import SettingError
from processor.settings import (
    AUTO,
    MAX_WORKERS,
    MIDNIGHT,
    at_least,
    bar_length,
    duration_ns,
    one_of,
    own_measures,
    row_height,
)


def aggregate(
    dataset: options.Dataset,
    out: Annotated[Path, options.option("out", "The table: a .parquet or .csv file.")],
    interval: options.Interval = "1m",
    obi_levels: options.ObiLevels = 10,
    depth_levels: options.DepthLevels = 50,
    start: options.Start = None,
    until: options.Until = None,
    clock: options.EventClock = "exchange",
    cvd_reset: options.CvdReset = "none",
    instrument: options.Instrument = None,
    cache: options.CacheFolder = None,
    cache_limit: options.CacheLimit = "20GB",
    workers: options.Workers = 1,
    cluster: options.Cluster = None,
    view: options.TableView = "bars",
    row: options.RowHeight = "auto",
    column: options.ColumnLength = "auto",
    mode: options.ColumnMode = "last",
    tau: options.Tau = "5s",
    measure_depths: options.MeasureDepths = "",
    measure_costs: options.MeasureCosts = "",
    session_start: options.SessionStart = MIDNIGHT,
    *,
    all_instruments: options.AllInstruments = False,
) -> None:
    """Write the whole history of a dataset as one table, a row per interval with trades or book samples."""
    from processor.aggregate import output, table  # noqa: PLC0415 - Polars and Numba load only when needed
    from processor.aggregate.heatmap_table import MODES  # noqa: PLC0415
    from processor.aggregate.view_tables import VIEW_TABLES, RowOptions, view_tables  # noqa: PLC0415
    from processor.formats import open_dataset  # noqa: PLC0415

    own = own_measures(measure_depths, measure_costs)
    settings = options.settings(
        interval,
        obi_levels,
        depth_levels,
        clock,
        cvd_reset,
        instrument,
        start,
        until,
        own=own,
        session_start=session_start,
    )
    one_of("view", view, ("bars", *VIEW_TABLES))
    of_rows = RowOptions(
        row_height(row), None if column == AUTO else column, one_of("mode", mode, MODES), duration_ns("tau", tau)
    )
    if of_rows.column is not None:
        bar_length(of_rows.column, "column")
    output.check_out(out)
    if all_instruments and settings.instrument:
        raise SettingError("instrument", settings.instrument, "none, as --all-instruments means all of them")
    opened = open_dataset(dataset)
    names = opened.instruments if all_instruments else (opened.resolved(settings.instrument),)
    with progress_bar() as progress:
        task = progress.add_task("reading", total=None)

        def on_progress(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        kept = options.cache(cache, cache_limit)
        if view in VIEW_TABLES:
            found = view_tables(view, opened, names, settings, kept, options=of_rows, on_progress=on_progress)
        else:
            count = at_least("workers", workers, 1, MAX_WORKERS)
            found = table.aggregate_all(
                opened, names, settings, kept, workers=count, cluster=cluster or None, on_progress=on_progress
            )
    rows = table.combined(found) if all_instruments else found[0].rows
    output.write_table(rows, out)
    for each in found:
        name = f"{each.instrument}: " if all_instruments else ""
        what = VIEW_TABLES.get(view, "intervals")
        samples = "" if view in VIEW_TABLES else f" and {each.samples} book samples"
        say(f"{out}: {name}{len(each.rows)} {what} of {each.trades} trades{samples}")
        say_found(each.report)

"""The options that subcommands share. Every option can come from the environment as PROCESSOR_<OPTION>."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import structlog
import typer

from processor.core.alerts.parser import all_parsed
from processor.core.measures.own import NO_OWN
from processor.settings import (
    AT_ENDS,
    AUTO,
    CLOCKS,
    CVD_RESETS,
    MAX_DEPTH_LEVELS,
    MIDNIGHT,
    Settings,
    at_least,
    moment,
    old_spelling,
    one_of,
    row_height,
    session_start_ns,
    size_bytes,
    zone_name,
)
from processor.settings import speed as speed_of
from shared.commands import MAX_OBI_LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.measures.own import OwnMeasures
    from processor.store.cache import Cache

PREFIX: Final = "PROCESSOR_"


def option(name: str, text: str) -> Any:  # noqa: ANN401 - typer's own declaration
    """An option `--name` that can come from the environment as PROCESSOR_NAME."""
    return typer.Option(f"--{name}", envvar=PREFIX + name.upper().replace("-", "_"), help=text)


_DATASET: Final = typer.Argument(
    # What cannot be read is said in the way of everything else, in status.json too.
    readable=False,
    envvar=PREFIX + "DATASET",
    help="A dataset: a folder or a file, as its vendor ships it.",
)
Dataset = Annotated[Path, _DATASET]
Interval = Annotated[
    str,
    option("interval", "Length of a bar: 1s, 5m, 4h, 1d ..., or 500t trades, 100v of volume, 1000000q of turnover."),
]
ObiLevels = Annotated[int, option("obi-levels", "Levels a side that the imbalance counts; 0 for the whole book.")]
DepthLevels = Annotated[int, option("depth-levels", "Levels a side that are published.")]
Speed = Annotated[str, option("speed", "Times real time, 0.1 to 10000, or max.")]
Start = Annotated[
    str | None, option("start", "Begin here, with the history before it: ISO time, or +2h after the first event.")
]
Until = Annotated[str | None, option("until", "End here: ISO time, or +3h after the first event.")]
EventClock = Annotated[str, option("clock", "Which of the dataset's times orders it: exchange or local.")]
CvdReset = Annotated[
    str, option("cvd-reset", "When the CVD restarts from 0: none, or day (with the first trade of a session).")
]
SessionStart = Annotated[
    str, option("session-start", "The time of each UTC day that sessions start at: 00:00, 13:30, 22:00 ...")
]
Instrument = Annotated[
    str | None, option("instrument", "Which of the dataset's instruments; the one with the largest files if not given.")
]
AtEnd = Annotated[str, option("at-end", "At the end of the dataset: hold the last picture, exit, or loop.")]
CacheFolder = Annotated[
    str | None,
    option(
        "cache", "Where a dataset is kept once it was read; ~/.cache/orderflow-replay if not given, off for nowhere."
    ),
]
CacheLimit = Annotated[str, option("cache-limit", "How much of the disk the cache may take: 500MB, 20GB, 1TB ...")]
Workers = Annotated[
    int, option("workers", "Processes that compute the days of a dataset that was read before, 0.3 GB each.")
]
Cluster = Annotated[
    str | None, option("cluster", "Let a Dask cluster compute them: the address of its scheduler, tcp://host:8786.")
]
TableView = Annotated[
    str,
    option(
        "view",
        "What the rows are: bars, tape (orders), footprint, statistics, profile, cvd_by_size, "
        "heatmap, measures, costs (of trades, a bar each), trade_costs, events.",
    ),
]
RowHeight = Annotated[
    str,
    option(
        "row",
        "Height of a price row of all views that have some; auto for the price step, or more.",
    ),
]
ColumnLength = Annotated[
    str, option("column", "Length of a column of heatmap, as an interval: 10s, 5m, 500t ...; auto for a bar's.")
]
ColumnMode = Annotated[
    str,
    option("mode", "What a column of heatmap shows: what rests at its last sample (last), or the most of all (max)."),
]
Tau = Annotated[
    str,
    option("tau", "How long after a trade the tables of costs look at the mid: 5s, 250ms, 1m ..."),
]
MeasureDepths = Annotated[
    str, option("measure-depths", "Further numbers of levels whose imbalance is among the measures, as in 3,50.")
]
MeasureCosts = Annotated[
    str, option("measure-costs", "Sizes whose costs to buy and to sell at once are among the measures, as in 0.5,10.")
]
AllInstruments = Annotated[
    bool, option("all-instruments", "All of the dataset's instruments in one table, each row with its instrument.")
]
ControlFolder = Annotated[
    Path | None,
    option("control", "Take commands from the control file in this directory."),
]
DatasetFolders = Annotated[
    str | None,
    option(
        "datasets",
        "Folders that the command dataset may choose from, separated by colons; that of the dataset if not given.",
    ),
]
ResumeChoice = Annotated[str, option("resume", "Go on with the same replay where it was killed: on or off.")]
Views = Annotated[
    str | None,
    option("views", "Views to write even while nobody asks for them, with commas between, or all."),
]


def _from_environment(context: typer.Context, given: list[str] | None) -> list[str] | None:
    """What the environment has is cut at its spaces by Typer, and means to be cut at semicolons."""
    source = context.get_parameter_source("alert")
    if not given or source is None or source.name != "ENVIRONMENT":
        return given
    return [text for text in " ".join(given).split(";") if text.strip()]


Alerts = Annotated[
    list[str] | None,
    typer.Option(
        "--alert",
        envvar=PREFIX + "ALERT",
        callback=_from_environment,
        help="Raise alerts for an expression such as 'obi_10 > 0.6 for 5 s'; may be given several times.",
    ),
]
Expressions = Annotated[
    list[str],
    typer.Argument(
        metavar="EXPRESSION...", help="What to raise alerts for: 'price crosses 61,800', 'sweep and delta < -500' ..."
    ),
]
Paused = Annotated[bool, typer.Option("--paused", envvar=PREFIX + "PAUSED", help="Begin paused.")]
Timezone = Annotated[
    str | None, option("timezone", "The exchange's time zone, which the page offers: America/New_York, Asia/Tokyo ...")
]
Label = Annotated[str | None, option("label", "How the page names the dataset; its folder's name if not given.")]


def settings(
    interval: str,
    obi_levels: int,
    depth_levels: int,
    clock: str,
    cvd_reset: str,
    instrument: str | None,
    start: str | None,
    until: str | None,
    speed: str = "max",
    at_end: str = "exit",
    label: str | None = None,
    timezone: str | None = None,
    row: str = AUTO,
    alerts: Sequence[str] = (),
    own: OwnMeasures = NO_OWN,
    session_start: str = MIDNIGHT,
) -> Settings:
    """The settings that options ask for.

    Raises:
        SettingError: one of them cannot be used.
    """
    if interval != AUTO and (written_now := old_spelling(interval)) is not None:
        structlog.get_logger().warning("interval_in_old_spelling", interval=interval, write=written_now)
    row_height(row)
    session_start_ns(session_start)
    return Settings(
        interval=interval,
        obi_levels=at_least("obi-levels", obi_levels, 0, MAX_OBI_LEVELS),
        depth_levels=at_least("depth-levels", depth_levels, 1, MAX_DEPTH_LEVELS),
        speed=speed_of(speed),
        start=moment("start", start) if start else None,
        until=moment("until", until) if until else None,
        clock=one_of("clock", clock, CLOCKS),
        cvd_reset=one_of("cvd-reset", cvd_reset, CVD_RESETS),
        instrument=instrument or None,
        at_end=one_of("at-end", at_end, AT_ENDS),
        label=label or None,
        timezone=zone_name("timezone", timezone) if timezone else None,
        row=row,
        alerts=all_parsed(alerts),
        own=own,
        session_start=session_start,
    )


def cache(folder: str | None, limit: str) -> Cache | None:
    """The cache in `folder` (None: the default one; off: none), which takes up to `limit` of the disk.

    Raises:
        SettingError: the limit is not a size.
    """
    from processor.store.cache import Cache  # noqa: PLC0415 - it loads what a subcommand may not need

    limit_bytes = size_bytes("cache-limit", limit)
    if folder == "off":
        return None
    return Cache(Path(folder) if folder else default_cache(), limit_bytes)


def default_cache() -> Path:
    """Where the cache is if nobody says otherwise."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "orderflow-replay"

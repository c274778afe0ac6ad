"""The command line. Every option can come from the environment as PROCESSOR_<OPTION>."""

from __future__ import annotations

import difflib
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import structlog
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from processor import settings as wanted
from processor.cli import control as control_cli
from processor.clock import SystemClock
from processor.errors import ProcessorError, SettingError
from processor.names import printable_lines
from processor.settings import Settings
from shared import STALE_AFTER_MS, STATUS_FILE, ContractError, decode

if TYPE_CHECKING:
    from types import FrameType

    import click

    from processor.core.report import Report
    from processor.store.cache import Cache

PREFIX: Final = "PROCESSOR_"

app = typer.Typer(
    name="processor",
    help="Replays recorded trades and order books into JSON files, or aggregates them into a table.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _option(name: str, text: str) -> Any:  # noqa: ANN401 - typer's own declaration
    return typer.Option(f"--{name}", envvar=PREFIX + name.upper().replace("-", "_"), help=text)


_DATASET: Final = typer.Argument(
    # What cannot be read is said in the way of everything else, in status.json too.
    readable=False,
    envvar=PREFIX + "DATASET",
    help="A dataset: a folder or a file, as its vendor ships it.",
)
Interval = Annotated[
    str,
    _option("interval", "Length of a bar: 1s, 5m, 4h, 1d ..., or 500t trades, 100v of volume, 1000000d of turnover."),
]
ObiLevels = Annotated[int, _option("obi-levels", "Levels a side that the imbalance counts; 0 for the whole book.")]
DepthLevels = Annotated[int, _option("depth-levels", "Levels a side that are published.")]
Speed = Annotated[str, _option("speed", "Times real time, 0.1 to 10000, or max.")]
Start = Annotated[
    str | None, _option("start", "Begin here, with the history before it: ISO time, or +2h after the first event.")
]
Until = Annotated[str | None, _option("until", "End here: ISO time, or +3h after the first event.")]
EventClock = Annotated[str, _option("clock", "Which of the dataset's times orders it: exchange or local.")]
CvdReset = Annotated[str, _option("cvd-reset", "When the CVD restarts from 0: none, or day (UTC midnight).")]
Instrument = Annotated[
    str | None, _option("instrument", "Which of the dataset's instruments; the first alphabetically if not given.")
]
AtEnd = Annotated[str, _option("at-end", "At the end of the dataset: hold the last picture, exit, or loop.")]
CacheFolder = Annotated[
    str | None,
    _option(
        "cache", "Where a dataset is kept once it was read; ~/.cache/orderflow-replay if not given, off for nowhere."
    ),
]
CacheLimit = Annotated[str, _option("cache-limit", "How much of the disk the cache may take: 500MB, 20GB, 1TB ...")]
Workers = Annotated[
    int, _option("workers", "Processes that compute the days of a dataset that was read before, 0.3 GB each.")
]
Cluster = Annotated[
    str | None, _option("cluster", "Let a Dask cluster compute them: the address of its scheduler, tcp://host:8786.")
]
TableView = Annotated[str, _option("view", "What the rows are: bars, or tape for orders.")]
AllInstruments = Annotated[
    bool, _option("all-instruments", "All of the dataset's instruments in one table, each row with its instrument.")
]
ControlFolder = Annotated[
    Path | None,
    _option("control", "Take commands from the control file in this directory."),
]
ResumeChoice = Annotated[str, _option("resume", "Go on with the same replay where it was killed: on or off.")]
Views = Annotated[
    str | None,
    _option("views", "Views to write even while nobody asks for them, with commas between, or all."),
]
Paused = Annotated[bool, typer.Option("--paused", envvar=PREFIX + "PAUSED", help="Begin paused.")]
Label = Annotated[str | None, _option("label", "How the page names the dataset; its folder's name if not given.")]


def _settings(
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
) -> Settings:
    wanted.bar_length(interval)
    return Settings(
        interval=interval,
        obi_levels=wanted.at_least("obi-levels", obi_levels, 0, 1_000_000),
        depth_levels=wanted.at_least("depth-levels", depth_levels, 1, wanted.MAX_DEPTH_LEVELS),
        speed=wanted.speed(speed),
        start=wanted.moment("start", start) if start else None,
        until=wanted.moment("until", until) if until else None,
        clock=wanted.one_of("clock", clock, wanted.CLOCKS),
        cvd_reset=wanted.one_of("cvd-reset", cvd_reset, wanted.CVD_RESETS),
        instrument=instrument or None,
        at_end=wanted.one_of("at-end", at_end, wanted.AT_ENDS),
        label=label or None,
    )


def _cache(folder: str | None, limit: str) -> Cache | None:
    from processor.store.cache import Cache  # noqa: PLC0415 - loads what a command may not need

    limit_bytes = wanted.size_bytes("cache-limit", limit)
    if folder == "off":
        return None
    return Cache(Path(folder) if folder else default_cache(), limit_bytes)


def default_cache() -> Path:
    """Where the cache is if nobody says otherwise."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "orderflow-replay"


@app.command()
def replay(
    dataset: Annotated[Path, _DATASET],
    out: Annotated[Path, _option("out", "The IPC directory the files are published into.")],
    interval: Interval = "1m",
    obi_levels: ObiLevels = 10,
    depth_levels: DepthLevels = 50,
    speed: Speed = "10",
    start: Start = None,
    until: Until = None,
    clock: EventClock = "exchange",
    cvd_reset: CvdReset = "none",
    instrument: Instrument = None,
    at_end: AtEnd = "hold",
    label: Label = None,
    cache: CacheFolder = None,
    cache_limit: CacheLimit = "20GB",
    control: ControlFolder = None,
    resume: ResumeChoice = "on",
    views: Views = None,
    *,
    paused: Paused = False,
) -> None:
    """Replay a dataset into an IPC directory, as fast as asked, until it ends or the process is told to."""
    from processor.publish.asked import named_views  # noqa: PLC0415
    from processor.replay.run import replay as play  # noqa: PLC0415 - Polars and Numba load only when needed
    from processor.replay.session import Stop  # noqa: PLC0415

    options = _settings(
        interval, obi_levels, depth_levels, clock, cvd_reset, instrument, start, until, speed, at_end, label
    )
    asked = named_views(views or "")
    wall = SystemClock()
    stop = Stop()

    def end(number: int, _frame: FrameType | None) -> None:
        structlog.get_logger().info("stopping", signal=signal.Signals(number).name)
        # Whoever ends it by hand does not want it to go on; whoever ends the machine does.
        stop.forget = number == signal.SIGINT
        stop.requested = True
        wall.wake()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with _progress() as progress:
        task = progress.add_task("reading", total=1.0, visible=False)
        went_well = play(
            dataset,
            out,
            options,
            wall,
            stop,
            cache=_cache(cache, cache_limit),
            control=control,
            paused=paused,
            resume=wanted.one_of("resume", resume, wanted.SWITCH) == "on",
            views=asked,
            on_progress=lambda share: progress.update(task, completed=share or 0.0, visible=share is not None),
        )
    if not went_well:
        raise typer.Exit(1)


@app.command()
def aggregate(
    dataset: Annotated[Path, _DATASET],
    out: Annotated[Path, _option("out", "The table: a .parquet or .csv file.")],
    interval: Interval = "1m",
    obi_levels: ObiLevels = 10,
    depth_levels: DepthLevels = 50,
    start: Start = None,
    until: Until = None,
    clock: EventClock = "exchange",
    cvd_reset: CvdReset = "none",
    instrument: Instrument = None,
    cache: CacheFolder = None,
    cache_limit: CacheLimit = "20GB",
    workers: Workers = 1,
    cluster: Cluster = None,
    view: TableView = "bars",
    *,
    all_instruments: AllInstruments = False,
) -> None:
    """Write the whole history of a dataset as one table, a row per interval with trades or book samples."""
    from processor.aggregate import table as whole  # noqa: PLC0415 - Polars and Numba load only when needed
    from processor.aggregate.tape import tapes  # noqa: PLC0415
    from processor.formats import open_dataset  # noqa: PLC0415

    options = _settings(interval, obi_levels, depth_levels, clock, cvd_reset, instrument, start, until)
    is_tape = wanted.one_of("view", view, ("bars", "tape")) == "tape"
    whole.check_out(out)
    if all_instruments and options.instrument:
        raise SettingError("instrument", options.instrument, "none, as --all-instruments means all of them")
    opened = open_dataset(dataset)
    names = opened.instruments if all_instruments else (opened.resolved(options.instrument),)
    with _progress() as progress:
        task = progress.add_task("reading", total=None)

        def on_progress(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        kept = _cache(cache, cache_limit)
        if is_tape:
            found = tapes(opened, names, options, kept, on_progress)
        else:
            count = wanted.at_least("workers", workers, 1, wanted.MAX_WORKERS)
            found = whole.aggregate_all(
                opened, names, options, kept, workers=count, cluster=cluster or None, on_progress=on_progress
            )
    rows = whole.together(found) if all_instruments else found[0].rows
    whole.write_table(rows, out)
    for each in found:
        name = f"{each.instrument}: " if all_instruments else ""
        what = "orders" if is_tape else "intervals"
        samples = "" if is_tape else f" and {each.samples} book samples"
        _say(f"{out}: {name}{len(each.rows)} {what} of {each.trades} trades{samples}")
        _say_found(each.report)


@app.command()
def convert(
    dataset: Annotated[Path, _DATASET],
    out: Annotated[Path, _option("out", "Where to write it: a folder, in which each instrument gets one of its own.")],
    instrument: Instrument = None,
    clock: EventClock = "exchange",
) -> None:
    """Write a dataset in the own layout, which is read fastest and from any moment; all instruments, or one."""
    from processor.cli import convert as converting  # noqa: PLC0415 - Polars and Numba load only when needed
    from processor.formats import open_dataset  # noqa: PLC0415

    order = wanted.one_of("clock", clock, wanted.CLOCKS)
    opened = open_dataset(dataset)
    names = [opened.resolved(instrument)] if instrument else opened.instruments
    for name in names:
        with _progress() as progress:
            size_bytes = sum(file.size_bytes for file in opened.files_of(name))
            task = progress.add_task(name, total=size_bytes)
            made = converting.convert(opened, name, order, out, partial(_completed, progress, task))
        events = sum(segment.trades + segment.book_events for segment in made.manifest.segments)
        _say(f"{made.folder}: {events} events in {made.manifest.size_bytes / 1e6:.1f} MB")
        _say_found(made.report)


@app.command()
def inspect(
    dataset: Annotated[Path, _DATASET],
    instrument: Instrument = None,
    clock: EventClock = "exchange",
    *,
    json: Annotated[bool, typer.Option("--json", help="As JSON instead of text.")] = False,
) -> None:
    """Say what a dataset is, and what was found in it: the data report."""
    from processor.cli import inspection  # noqa: PLC0415 - Polars and Numba load only when needed

    with _progress() as progress:
        task = progress.add_task("reading", total=None)
        found = inspection.inspect(
            dataset,
            instrument or None,
            wanted.one_of("clock", clock, wanted.CLOCKS),
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    if json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    else:
        typer.echo(inspection.as_text(found))


@app.command()
def demo(
    out: Annotated[Path, _option("out", "Where to write the dataset: a folder that is not there yet, or an old demo.")],
    hours: Annotated[float, _option("hours", "How long the market is open.")] = 4.0,
    seed: Annotated[int, _option("seed", "The same seed makes the same market.")] = 1,
    events: Annotated[
        int | None, _option("events", "About how many events; a million for four hours if not given.")
    ] = None,
) -> None:
    """Write a dataset of a simulated market."""
    from processor.demo import generate  # noqa: PLC0415 - Polars and Numba load only when needed

    with _progress() as progress:
        task = progress.add_task("simulating", total=None)
        generate(
            out,
            hours=hours,
            seed=seed,
            events=events,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    _say(f"{out}: written; `processor replay {out} --out data/ipc` plays it")


@app.command()
def health(directory: Annotated[Path, typer.Argument(help="The IPC directory.")]) -> None:
    """Exit 0 if a live processor publishes into the directory, 1 with the reason if not."""
    try:
        status = decode(STATUS_FILE, (directory / STATUS_FILE).read_bytes())
    except OSError as error:
        _fail(f"{directory / STATUS_FILE} cannot be read: {error.strerror}")
    except ContractError as error:
        _fail(str(error))
    age_ms = SystemClock().epoch_ms() - status.heartbeat_ms
    if status.state == "failed":
        _fail(f"the replay has failed: {status.error}")
    if age_ms > STALE_AFTER_MS:
        _fail(f"the last heartbeat is {age_ms / 1000:.1f} s old")
    typer.echo(f"{status.state}, heartbeat {max(0, age_ms)} ms ago")


# A negative count or distance is a word, not an option.
app.command("control", help=control_cli.HELP, context_settings={"ignore_unknown_options": True})(control_cli.control)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def _completed(progress: Progress, task: TaskID, done: int) -> None:
    progress.update(task, completed=done)


def _say(text: str) -> None:
    typer.echo(printable_lines(text), err=True)


def _say_found(report: Report) -> None:
    found = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in report.counts.items() if count)
    if found:
        _say(f"found in the data: {found}; `processor inspect` shows where")


def _fail(text: str) -> Any:  # noqa: ANN401 - never returns
    _say(f"processor: {text}")
    raise typer.Exit(1)


def known_variables() -> set[str]:
    """Every environment variable that the commands understand."""
    group: Any = typer.main.get_command(app)
    commands: list[click.Command] = list(group.commands.values())
    return {
        name
        for command in commands
        for parameter in command.params
        for name in ([parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar or [])
    }


def check_environment(environment: dict[str, str]) -> None:
    """Refuse a PROCESSOR_* variable that no option reads.

    Raises:
        SettingError: there is one; it names the nearest that is read.
    """
    known = known_variables()
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise SettingError("environment", name, f"one of this program's variables; the nearest is {near[0]}")


def main() -> None:
    """Run the command line; an error its user can mend is one line, not a traceback."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    try:
        # An empty variable is one that is not set, as Compose passes them on.
        for name in [name for name, value in os.environ.items() if name.startswith(PREFIX) and not value]:
            del os.environ[name]
        check_environment(dict(os.environ))
        app()
    except (ProcessorError, ContractError) as error:
        _say(f"processor: {error}")
        sys.exit(1)

"""`processor replay`: a dataset into an IPC directory, paced and steered."""

# Typer reads the annotations when this is imported, so they are not postponed.
import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import structlog
import typer

from processor.cli import options
from processor.cli.output import progress_bar
from processor.clock import SystemClock
from processor.settings import MIDNIGHT, SWITCH, one_of, own_measures


def replay(
    dataset: options.Dataset,
    out: Annotated[Path, options.option("out", "The IPC directory the files are published into.")],
    interval: options.Interval = "auto",
    obi_levels: options.ObiLevels = 10,
    depth_levels: options.DepthLevels = 50,
    speed: options.Speed = "10",
    start: options.Start = None,
    until: options.Until = None,
    clock: options.EventClock = "exchange",
    cvd_reset: options.CvdReset = "none",
    instrument: options.Instrument = None,
    at_end: options.AtEnd = "hold",
    label: options.Label = None,
    timezone: options.Timezone = None,
    row: options.RowHeight = "auto",
    cache: options.CacheFolder = None,
    cache_limit: options.CacheLimit = "20GB",
    control: options.ControlFolder = None,
    datasets: options.DatasetFolders = None,
    resume: options.ResumeChoice = "on",
    views: options.Views = None,
    alert: options.Alerts = None,
    measure_depths: options.MeasureDepths = "",
    measure_costs: options.MeasureCosts = "",
    session_start: options.SessionStart = MIDNIGHT,
    *,
    paused: options.Paused = False,
) -> None:
    """Replay a dataset into an IPC directory, as fast as asked, until it ends or the process is told to."""
    from processor.publish.asked import named_views  # noqa: PLC0415 - what is heavy is loaded only when needed
    from processor.replay.context import StopSignal  # noqa: PLC0415
    from processor.replay.run import replay as play  # noqa: PLC0415

    settings = options.settings(
        interval,
        obi_levels,
        depth_levels,
        clock,
        cvd_reset,
        instrument,
        start,
        until,
        speed,
        at_end,
        label,
        timezone,
        row,
        alert or (),
        own_measures(measure_depths, measure_costs),
        session_start,
    )
    asked = named_views(views or "")
    wall = SystemClock()
    stop = StopSignal()

    def end(number: int, _frame: FrameType | None) -> None:
        structlog.get_logger().info("stopping", signal=signal.Signals(number).name)
        # A replay that is stopped by hand is over; one that is stopped with the machine goes on with it.
        stop.resumable = number != signal.SIGINT
        stop.requested = True
        wall.wake()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with progress_bar() as progress:
        task = progress.add_task("reading", total=1.0, visible=False)
        went_well = play(
            dataset,
            out,
            settings,
            wall,
            stop,
            cache=options.cache(cache, cache_limit),
            control=control,
            paused=paused,
            resume=one_of("resume", resume, SWITCH) == "on",
            views=asked,
            datasets=datasets,
            on_progress=lambda share: progress.update(task, completed=share or 0.0, visible=share is not None),
        )
    if not went_well:
        raise typer.Exit(1)

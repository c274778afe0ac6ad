"""What the command line tells its user beside its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from processor.names import printable_lines

if TYPE_CHECKING:
    from processor.core.report import Report


def progress_bar() -> Progress:
    """A bar on standard error, gone when it is done; nothing where that is not a terminal."""
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


def say(text: str) -> None:
    """Tell a user something, on standard error."""
    typer.echo(printable_lines(text), err=True)


def say_found(report: Report) -> None:
    """Tell what was found in the data, as counts."""
    found = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in report.counts.items() if count)
    if found:
        say(f"found in the data: {found}; `processor inspect` shows where")


def fail(text: str) -> NoReturn:
    """End with 1, and the reason on standard error."""
    say(f"processor: {text}")
    raise typer.Exit(1)

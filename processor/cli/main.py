"""The command line: its subcommands, the environment it is given, and how it ends."""

from __future__ import annotations

import difflib
import os
import sys
from typing import TYPE_CHECKING, Any

import structlog
import typer

from processor.cli import control
from processor.cli.aggregate import aggregate
from processor.cli.alerts import alerts
from processor.cli.convert import convert
from processor.cli.demo import demo
from processor.cli.health import health
from processor.cli.inspect import inspect
from processor.cli.options import PREFIX
from processor.cli.output import say
from processor.cli.replay import replay
from processor.cli.still import still
from processor.errors import ProcessorError, SettingError
from shared import ContractError

if TYPE_CHECKING:
    import click

app = typer.Typer(
    name="processor",
    help="Replays recorded trades and order books into JSON files, or aggregates them into a table.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for subcommand in (replay, aggregate, alerts, convert, inspect, demo, health, still):
    app.command()(subcommand)
# A negative count or distance is a word, not an option.
app.command("control", help=control.HELP, context_settings={"ignore_unknown_options": True})(control.control)


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
            expected = f"one that an option reads; the nearest is {near[0]}"
            raise SettingError("variable", name, expected)


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
        say(f"processor: {error}")
        sys.exit(1)

"""`processor health`: whether a live processor publishes into a directory."""

# Typer reads the annotations when this is imported, so they are not postponed.
from pathlib import Path
from typing import Annotated

import typer

from processor.cli.output import fail
from processor.clock import SystemClock
from shared import STALE_AFTER_MS, STATUS_FILE, ContractError, decode


def health(directory: Annotated[Path, typer.Argument(help="The IPC directory.")]) -> None:
    """Exit 0 if a live processor publishes into the directory, 1 with the reason if not."""
    try:
        status = decode(STATUS_FILE, (directory / STATUS_FILE).read_bytes())
    except OSError as error:
        fail(f"{directory / STATUS_FILE} cannot be read: {error.strerror}")
    except ContractError as error:
        fail(str(error))
    age_ms = SystemClock().epoch_ms() - status.heartbeat_ms
    if status.state == "failed":
        fail(f"the replay has failed: {status.error}")
    if age_ms > STALE_AFTER_MS:
        fail(f"the last heartbeat is {age_ms / 1000:.1f} s old")
    typer.echo(f"{status.state}, heartbeat {max(0, age_ms)} ms ago")

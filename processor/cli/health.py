"""`processor health`: whether a live processor publishes into a directory."""

# Typer reads the annotations when this is imported, so they are not postponed.
from pathlib import Path
from typing import Annotated

import typer

from processor.cli.liveness import age_ms
from processor.cli.output import fail
from processor.clock import SystemClock
from shared import MAX_READ_BYTES, STALE_AFTER_MS, STATUS_FILE, ContractError, Status, decode, read_regular


def health(directory: Annotated[Path, typer.Argument(help="The IPC directory.")]) -> None:
    """Exit 0 if a live processor publishes into the directory, 1 with the reason if not."""
    status = _status(directory)
    if status.state == "failed":
        fail(f"the replay has failed: {status.error}")
    if status.still_ms is not None:
        fail("this is a still picture of a replay: no processor writes it")
    silent_ms = age_ms(status, lambda: _status(directory), SystemClock())
    if silent_ms > STALE_AFTER_MS:
        fail(f"the last heartbeat is {silent_ms / 1000:.1f} s old")
    typer.echo(f"{status.state}, heartbeat {silent_ms} ms ago")


def _status(directory: Path) -> Status:
    path = directory / STATUS_FILE
    try:
        status: Status = decode(STATUS_FILE, read_regular(path, MAX_READ_BYTES))
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}")
    except ContractError as error:
        fail(str(error))
    return status

"""`processor still`: opens a still picture of a replay, so that a visualizer shows it."""

# Typer reads the annotations when this is imported, so they are not postponed.
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from processor.cli import options
from processor.cli.output import fail, say
from shared import STATUS_FILE, VIEWS, DirectoryWriter, MalformedStill, atomic_write, encode, read_regular
from shared.still import MAX_STILL_BYTES, Still, unpacked
from shared.validate import faults


def still(
    file: Annotated[Path, typer.Argument(help="The zip, as the page hands it out.", metavar="FILE.zip")],
    out: Annotated[Path, options.option("out", "The IPC directory to write it into.")],
) -> None:
    """Write a still picture of a replay into an IPC directory, once it has been checked."""
    try:
        found = unpacked(read_regular(file, MAX_STILL_BYTES))
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except MalformedStill as error:
        fail(f"{file} is no still picture: {error}")
    if wrong := _faults(found):
        fail(f"{file} is no still picture: {wrong[0]}")
    with DirectoryWriter(out) as writer:
        for view in VIEWS:
            if view.file in found.files:
                writer.write(view.file, found.files[view.file], found.status.files[view.file].generation)
            else:
                writer.drop(view.file)
        writer.commit(encode(found.status))
    status = found.status
    say(f"{out}: {status.instrument} of {status.dataset}; start a visualizer with VISUALIZER_IPC_DIR={out} to see it")


def _faults(found: Still) -> list[str]:
    """What the validator says of it, before anything of the directory is replaced."""
    with tempfile.TemporaryDirectory() as folder:
        for name, payload in (found.files | {STATUS_FILE: encode(found.status)}).items():
            atomic_write(Path(folder) / name, payload)
        return faults(Path(folder))

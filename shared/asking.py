"""How a view is asked for: a file of its name in the control directory, touched again and again.

What the file holds does not matter, and nobody has to remove it: a view that has not been asked for lately is no longer
written. So any number of pages and programs may ask for the same view.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from shared.errors import WriteFailed
from shared.views import VIEWS

if TYPE_CHECKING:
    from pathlib import Path

ASKED_FOLDER: Final = "views"
ASKED_FOR_MS: Final = 10_000
"""How long a view is written after it was last asked for."""
ON_REQUEST: Final = frozenset(view.name for view in VIEWS if view.presence == "asked")
"""Names of the views that are written only while they are asked for."""


def ask_for(directory: Path, name: str) -> None:
    """Ask the processor that takes commands from control directory `directory` for a view.

    Raises:
        WriteFailed: the directory cannot be written.
    """
    path = directory / ASKED_FOLDER / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.utime(path, follow_symlinks=False)
        except FileNotFoundError:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666))
    except OSError as error:
        raise WriteFailed(path, error) from error


def asked_ns(directory: Path, name: str) -> int | None:
    """When a view was last asked for, ns since the Unix epoch by the clock of the file system; None if it never was."""
    try:
        return (directory / ASKED_FOLDER / name).lstat().st_mtime_ns
    except OSError:
        return None

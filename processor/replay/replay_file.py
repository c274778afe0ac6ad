"""The file in a control directory that names the IPC directory, where `processor control` finds the answers."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import msgspec

from processor.replay.resume import path_from, path_text
from shared import CONTROL_FILE, WriteFailed, atomic_write, discard_leftovers, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPLAY_FILE: Final = "replay.json"
_MAX_BYTES: Final = 65_536


class _ReplayFile(msgspec.Struct, frozen=True):
    """`ipc` is the IPC directory: an absolute path, or its URI where it is no Unicode."""

    ipc: str


@contextmanager
def replay_file(directory: Path | None, ipc: Path) -> Iterator[None]:
    """Write into the control directory, for as long as this lasts, that the replay publishes into `ipc`.

    Where the directory cannot be written, as under Docker, nothing is written.
    """
    if directory is None:
        yield
        return
    with suppress(OSError, WriteFailed):
        directory.mkdir(parents=True, exist_ok=True)
        for name in (REPLAY_FILE, CONTROL_FILE):
            discard_leftovers(directory / name)
        atomic_write(
            directory / REPLAY_FILE, msgspec.json.encode(_ReplayFile(path_text(ipc))) + b"\n", lone_writer=False
        )
    try:
        yield
    finally:
        with suppress(OSError):
            (directory / REPLAY_FILE).unlink()


def ipc_of(directory: Path) -> Path | None:
    """The IPC directory of the replay that takes commands from `directory`; None where it does not say."""
    try:
        return path_from(msgspec.json.decode(read_regular(directory / REPLAY_FILE, _MAX_BYTES), type=_ReplayFile).ipc)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None

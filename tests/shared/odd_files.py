"""What may lie under the name of a file and is none; and an alarm for whoever waits for it."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Never

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def _socket(path: Path) -> None:
    # A socket's address is short; from its own folder, the name is enough.
    before = os.open(".", os.O_RDONLY)
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.fchdir(before)
        os.close(before)


def _link_to_a_pipe(path: Path) -> None:
    pipe = path.with_name(f"pipe of {path.name}")
    os.mkfifo(pipe)
    path.symlink_to(pipe)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


ODD: Final[dict[str, Callable[[Path], None]]] = {
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "directory": lambda path: path.mkdir(),
    "socket": _socket,
    "huge": _huge,
    "link to nothing": lambda path: path.symlink_to("nowhere"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to a pipe": _link_to_a_pipe,
}
"""By name, what makes it where no file is."""


@contextmanager
def nobody_waits() -> Iterator[None]:
    """Fail, and do not hang, where this takes longer than anything here could."""

    def hangs(*_: object) -> Never:
        msg = "it waits for something that is no file"
        raise AssertionError(msg)

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(60)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)

"""What the tests have computed in worker processes; a module of its own, as those import it, and quick to import."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from processor.aggregate.partitions import Part, Partition


class Task(NamedTuple):
    """A partition; `stall` is a file that does not exist, where the first try is not to end by itself."""

    partition: Partition
    stall: Path | None = None


def computed_or_stalled(task: Task) -> Part:
    """A part; where the task is to stall it does so the first time, with the part computed and not handed over."""
    from processor.aggregate.partitions import computed

    part = computed(task.partition)
    if task.stall is not None:
        with suppress(FileExistsError):
            stalled(task.stall)
    return part


def stalled(file: Path) -> NoReturn:
    """Write the process's id into a new file and wait for the end."""
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    os.write(descriptor, b"%d\n" % os.getpid())
    os.close(descriptor)
    threading.Event().wait()
    raise AssertionError


def ended(task: object) -> NoReturn:
    """A task that no process survives."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def refused(number: int) -> int:
    """A task that fails as a task can, where the number is odd."""
    if number % 2:
        msg = f"{number} will not do"
        raise ValueError(msg)
    return number


def pid_in(file: Path, timeout_s: float = 120) -> int:
    """The id of the process that stalls there, once it does."""
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        with suppress(OSError):
            if (text := file.read_bytes()).endswith(b"\n"):
                return int(text)
        time.sleep(0.02)
    msg = f"nobody stalls at {file}"
    raise AssertionError(msg)


@contextmanager
def killed(stall: Path) -> Generator[None]:
    """Meanwhile the process that stalls there is killed, from outside and without warning."""
    killer = threading.Thread(target=lambda: os.kill(pid_in(stall), signal.SIGKILL))
    killer.start()
    try:
        yield
    finally:
        killer.join()

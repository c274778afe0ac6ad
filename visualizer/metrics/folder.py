"""The folder in which the figures of all workers meet: a file a worker, and one for those that are gone.

A server may be killed, and its workers too, without a word. So the folder is locked as long as any process of the
server lives, and the next server removes those that are not; and what a dead worker has counted is added up in one
file.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import tempfile
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX: Final = "visualizer-metrics-"
_LOCK: Final = "lock"
_SUMMED: Final = ("counter", "histogram")
_GONE: Final = "gone"
"""In the place of a worker's process id."""
_waiting: Final[set[int]] = set()
"""Dead workers whose figures are still in files of their own."""


@cache
def claimed(parent: str | None) -> Path:
    """The folder of this server, made once in its process below `parent`, or where temporary files are."""
    where = Path(parent or tempfile.gettempdir())
    for left in where.glob(f"{_PREFIX}*"):
        with suppress(OSError), _locked(left, fcntl.LOCK_EX):
            shutil.rmtree(left, ignore_errors=True)
    while True:
        made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=where))
        # Not closed: it is locked until the last worker has ended, as they inherit it.
        fcntl.flock(os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), fcntl.LOCK_SH)
        with suppress(FileNotFoundError):  # another server has removed it before it was locked
            (made / _LOCK).touch()
            return made


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Let no file of a dead worker be taken away meanwhile."""
    with _locked(folder / _LOCK, fcntl.LOCK_SH, wait=True):
        yield


def sum_up(folder: Path, pid: int) -> None:
    """Add what a dead worker has counted to what all dead ones have, and remove its files.

    While somebody reads the files it is left for the next time: to wait for a reader that is stopped would stop the
    server.
    """
    from prometheus_client import multiprocess  # noqa: PLC0415 - not before the folder is named

    multiprocess.mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call] # prometheus_client types only a part
    _waiting.add(pid)
    with suppress(BlockingIOError, FileNotFoundError), _locked(folder / _LOCK, fcntl.LOCK_EX):
        while _waiting:
            gone = _waiting.pop()
            for kind in _SUMMED:
                _add(folder / f"{kind}_{gone}.db", folder / f"{kind}_{_GONE}.db")


def _add(source: Path, target: Path) -> None:
    from prometheus_client.mmap_dict import MmapedDict  # noqa: PLC0415 - as above

    if not source.exists():
        return
    summed: dict[str, float] = {}
    for path in (source, target):
        if path.exists():
            # A worker that was killed while it wrote may leave a file that cannot be read: its figures are lost.
            with suppress(RuntimeError, ValueError, OSError, struct.error):
                for key, value, _, _ in MmapedDict.read_all_values_from_file(path):  # type: ignore[no-untyped-call]
                    summed[key] = summed.get(key, 0.0) + value
    making = target.with_suffix(".making")
    making.unlink(missing_ok=True)
    made = MmapedDict(str(making))  # type: ignore[no-untyped-call]
    for key, value in summed.items():
        made.write_value(key, value, 0.0)  # type: ignore[no-untyped-call]
    made.close()  # type: ignore[no-untyped-call]
    making.replace(target)
    source.unlink()


@contextmanager
def _locked(path: Path, kind: int, *, wait: bool = False) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)

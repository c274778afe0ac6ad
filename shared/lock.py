"""The single-writer lock of a directory."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from shared.contract import LOCK_FILE
from shared.errors import WriteFailed, WriterLocked

if TYPE_CHECKING:
    from pathlib import Path

_TRIES: Final = 10
_OPEN: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class WriterLock:
    """The right to write into one directory, held until `release` or the end of the process, however it ends."""

    def __init__(self, directory: Path) -> None:
        """Take the lock.

        Raises:
            WriterLocked: another live process holds it.
            WriteFailed: the directory cannot be written, or something that is no file has the lock's name.
        """
        self._path = directory / LOCK_FILE
        for _ in range(_TRIES):
            self._descriptor = self._taken(directory)
            try:
                # Somebody may have removed it before it was locked.
                if self.is_in_place():
                    break
            except WriteFailed:
                os.close(self._descriptor)
                raise
            os.close(self._descriptor)
        else:
            raise WriteFailed(self._path, OSError(errno.EAGAIN, "it is removed again and again"))
        # Who holds it is said for people only, and a full disk takes nothing away from the lock.
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"pid {os.getpid()}\n".encode())

    def is_in_place(self) -> bool:
        """Whether the file that is locked still has its name, so that another writer would be refused.

        Raises:
            WriteFailed: that cannot be found out.
        """
        try:
            found, own = self._path.lstat(), os.fstat(self._descriptor)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise WriteFailed(self._path, error) from error
        return (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino)

    def release(self) -> None:
        """Give the directory up."""
        os.close(self._descriptor)

    def _taken(self, directory: Path) -> int:
        try:
            descriptor = os.open(self._path, _OPEN, 0o644)
        except OSError as error:
            raise WriteFailed(self._path, error) from error
        try:
            _lock(descriptor)
        except BlockingIOError:
            holder = os.read(descriptor, 64).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise WriterLocked(directory, holder) from None
        except OSError as error:
            os.close(descriptor)
            raise WriteFailed(self._path, error) from error
        return descriptor


def _lock(descriptor: int) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file; remove it")
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

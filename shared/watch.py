"""Waiting for a publication without looking: Linux tells of renames in a directory (inotify).

It only shortens the wait. Other systems have no inotify, and network file systems do not tell what other machines do:
a reader polls as well.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from shared.contract import STATUS_FILE

if TYPE_CHECKING:
    from pathlib import Path

_MOVED_TO: Final = 0x80
_ONLY_DIRECTORIES: Final = 0x0100_0000
_OVERFLOW: Final = 0x4000
_EVENT: Final = struct.Struct("iIII")
_READ_BYTES: Final = 65_536
_NAME: Final = STATUS_FILE.encode()


def can_watch() -> bool:
    """Whether this system has inotify."""
    return sys.platform == "linux" and bool(hasattr(_library(), "inotify_init1"))


class DirectoryWatch:
    """Tells when status.json of a directory has been replaced. Not thread-safe.

    The directory may be missing, and be removed and made again: `wait` looks for it each time that it times out.
    """

    def __init__(self, directory: Path) -> None:
        """Watch `directory`.

        Raises:
            OSError: the system has no inotify, or no watch is left for this user.
        """
        if not can_watch():
            raise OSError(errno.ENOSYS, "this system has no inotify")
        self._directory = directory
        self._watch = -1
        self._descriptor = _checked(_library().inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self._readable = select.poll()
        self._readable.register(self._descriptor, select.POLLIN)
        try:
            self._follow()
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Watch no more."""
        os.close(self._descriptor)

    def wait(self, timeout_s: float) -> bool:
        """Wait for a new status.json; return whether there is one.

        It may be true without one, as for a directory that has been made again.

        Raises:
            OSError: the directory cannot be watched, for another reason than that it is missing.
        """
        ends_s = time.monotonic() + timeout_s
        while (left_s := ends_s - time.monotonic()) > 0:
            if self._readable.poll(left_s * 1000) and self._has_news():
                return True
        return self._follow()

    def _has_news(self) -> bool:
        events = _read(self._descriptor)
        at, found = 0, False
        while at < len(events):
            _, mask, _, name_bytes = _EVENT.unpack_from(events, at)
            at += _EVENT.size + name_bytes
            name = events[at - name_bytes : at].rstrip(b"\0")
            found = found or bool(mask & _OVERFLOW) or name == _NAME
        return found

    def _follow(self) -> bool:
        """Watch what has the directory's name now; return whether that is another one than before."""
        path = os.fsencode(self._directory)
        watch: int = _library().inotify_add_watch(self._descriptor, path, _MOVED_TO | _ONLY_DIRECTORIES)
        if watch < 0 and ctypes.get_errno() not in {errno.ENOENT, errno.ENOTDIR}:
            _checked(watch)
        before, self._watch = self._watch, watch
        if watch == before:
            return False
        if before >= 0:
            # One that was removed has no watch any more.
            _library().inotify_rm_watch(self._descriptor, before)
        return watch >= 0


def _read(descriptor: int) -> bytes:
    return os.read(descriptor, _READ_BYTES)


def _library() -> Any:  # noqa: ANN401 - whatever functions the C library has
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result

"""The cache: a folder of stores, one per source, which any processor may fill, use and clear.

An entry in use is locked: readers share the lock, a process that fills the entry holds it alone. Clearing passes over
locked entries. Deleting the whole folder loses nothing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from processor.errors import DatasetError
from processor.store import manifest as manifests
from processor.store.digests import Digests

if TYPE_CHECKING:
    from pathlib import Path

    from processor.store.manifest import Manifest

LOCK_FILE: Final = ".lock"
FREE_BYTES: Final = 256 << 20
"""Free space that the cache leaves on the disk: others write there too."""

_TRIES: Final = 8
"""How often to make an entry again that another process removes at the same moment."""
_MEASUREMENTS: Final = 64
"""How often all entries are measured while as much is written as the cache may hold."""


class CacheUnusable(Exception):
    """The cache cannot hold this dataset now; the message says why. The dataset itself can be read all the same."""


class Cache:
    """Stores below `folder`, together at most `limit_bytes`."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """Nothing is touched yet."""
        self.folder: Final = folder
        self.limit_bytes: Final = limit_bytes
        self.digests: Final = Digests(folder)
        self._sizes: dict[Path, int] = {}
        self._unseen_bytes = limit_bytes

    def entry(self, key: str) -> Entry:
        """Lock the entry `key`, which is made if it is not there: alone if it is not complete, else with other readers.

        Raises:
            CacheUnusable: it cannot be made, or another process is filling it.
        """
        folder = self.folder / key
        for _ in range(_TRIES):
            with suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
            if not folder.is_dir():
                msg = f"{self.folder} cannot be written"
                raise CacheUnusable(msg)
            entry = Entry(folder)
            if entry.is_there():
                with suppress(OSError):
                    os.utime(folder / LOCK_FILE)
                return entry
            entry.release()
        msg = f"another process removes {folder} again and again"
        raise CacheUnusable(msg)

    def has(self, key: str) -> bool:
        """Whether there is a complete entry `key`."""
        try:
            found = manifests.load(self.folder / key)
        except DatasetError:
            return False
        return found is not None and found.complete

    def make_room(self, entry: Entry) -> None:
        """Remove the least recently used entries until all fit within the limit, but none that is in use.

        Raises:
            CacheUnusable: `entry` alone is larger than the limit, or the disk is nearly full.
        """
        self._measure(entry)
        sizes = self._sizes
        unused = sorted((folder for folder in sizes if folder != entry.folder), key=_used_ns)
        while unused and (sum(sizes.values()) > self.limit_bytes or self._free_bytes() < FREE_BYTES):
            oldest = unused.pop(0)
            if _removed(oldest):
                del sizes[oldest]
        if sizes.get(entry.folder, 0) > self.limit_bytes:
            msg = f"this dataset needs more than the {self.limit_bytes >> 20} MiB that the cache may have"
            raise CacheUnusable(msg)
        if self._free_bytes() < FREE_BYTES:
            msg = f"less than {FREE_BYTES >> 20} MiB are free in {self.folder}"
            raise CacheUnusable(msg)

    def _measure(self, entry: Entry) -> None:
        """Measure the entries: `entry` always, all of them when they may be near the limit.

        Other processes write there too, and there may be thousands of entries, so all are measured each time that this
        process has written a part of the limit.
        """
        grown = _size_bytes(entry.folder)
        self._unseen_bytes += max(grown - self._sizes.get(entry.folder, 0), 0)
        self._sizes[entry.folder] = grown
        if (
            self._unseen_bytes > self.limit_bytes // _MEASUREMENTS
            or sum(self._sizes.values()) > self.limit_bytes
            or self._free_bytes() < FREE_BYTES
        ):
            self._sizes = {folder: _size_bytes(folder) for folder in self._entries()}
            self._unseen_bytes = 0

    def _entries(self) -> list[Path]:
        return [found for found in self.folder.iterdir() if found.is_dir()]

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self.folder).free


class Entry:
    """One store of the cache, locked until `release` or the end of the process.

    The lock file is the last file of an entry to be removed. So a process that has locked a lock file which is still
    there has locked the entry.
    """

    def __init__(self, folder: Path) -> None:
        """Lock it. `is_there` says afterwards whether it was not removed in the meantime.

        Raises:
            CacheUnusable: another process is filling it.
        """
        self.folder: Final = folder
        self.writable = True
        path = folder / LOCK_FILE
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError:
            self.writable = False
            try:
                self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                self._descriptor = -1
                return
            except OSError as error:
                msg = f"{folder} cannot be written: {error.strerror}"
                raise CacheUnusable(msg) from error
        if self.writable and self._locked(fcntl.LOCK_EX):
            return
        self.writable = False
        if not self._locked(fcntl.LOCK_SH):
            os.close(self._descriptor)
            msg = f"another process is filling {folder}"
            raise CacheUnusable(msg)

    def is_there(self) -> bool:
        """Whether what is locked is the entry that lies there, not one that was removed before it could be locked."""
        if self._descriptor < 0:
            return False
        try:
            return os.path.samestat(os.fstat(self._descriptor), (self.folder / LOCK_FILE).stat())
        except OSError:
            return False

    def manifest(self) -> Manifest | None:
        """The store that is there, complete or to be continued; None where there is none.

        A damaged one is removed where that is possible.

        Raises:
            CacheUnusable: it is not complete, and cannot be written; or another process has locked it.
        """
        try:
            found = manifests.load(self.folder)
        except DatasetError:
            found = None
        if found is not None and found.complete:
            self.share()
            return found
        if not self.writable:
            self.release()
            msg = f"{self.folder} is incomplete and cannot be written"
            raise CacheUnusable(msg)
        if found is None:
            self.clear()
        return found

    def forget(self) -> None:
        """Have it made anew by whoever opens it next: files that no manifest names do not count.

        Who reads it now has the manifest already.
        """
        with suppress(OSError):
            (self.folder / manifests.MANIFEST_FILE).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove what is in it, the manifest first."""
        self.forget()
        with suppress(OSError):
            for found in self.folder.iterdir():
                if found.is_dir():
                    shutil.rmtree(found, ignore_errors=True)
                elif found.name != LOCK_FILE:
                    found.unlink()

    def share(self) -> None:
        """Let others read it too, now that it is complete.

        Raises:
            CacheUnusable: another process has locked it: a lock is released before it becomes a shared one.
        """
        if not self._locked(fcntl.LOCK_SH):
            self.release()
            msg = f"another process has taken {self.folder}"
            raise CacheUnusable(msg)

    def release(self) -> None:
        """Unlock it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _locked(self, kind: int) -> bool:
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def _removed(folder: Path) -> bool:
    """Remove an entry that is not locked; return whether that could be done."""
    try:
        entry = Entry(folder)
    except CacheUnusable:
        return False
    try:
        if not entry.writable or not entry.is_there():
            return False
        entry.clear()
        try:
            (folder / LOCK_FILE).unlink()
            folder.rmdir()
        except OSError:
            return False
        return True
    finally:
        entry.release()


def _size_bytes(folder: Path) -> int:
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += os.stat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH116, PTH118 - many of them
    return size


def _used_ns(folder: Path) -> int:
    try:
        return (folder / LOCK_FILE).stat().st_mtime_ns
    except OSError:
        return 0

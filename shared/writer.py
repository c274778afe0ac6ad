"""The atomic write, the single-writer lock, and the writer that keeps the files of one directory consistent."""

from __future__ import annotations

import fcntl
import os
import time
import uuid
import zlib
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, Self

from shared.contract import LOCK_FILE, STATUS_FILE, FileEntry, WriteStats
from shared.errors import WriteFailed, WriterLocked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_RATE_WINDOW_NS: Final = 10_000_000_000
_LATENCIES_KEPT: Final = 512


def atomic_write(path: Path, payload: bytes, *, lone_writer: bool = True) -> None:
    """Replace `path` by `payload` so that every reader sees the old file or the new one, even across a power cut.

    Temporary file in the same directory, flush, fsync, rename, fsync of the directory; mode 0644. Where others write
    `path` too, the temporary file has a name of its own each time, and the last rename wins.

    Raises:
        WriteFailed: the operating system refused; `path` still holds what it held.
    """
    temporary = _temporary(path) if lone_writer else path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        _write_synced(temporary, payload)
        temporary.replace(path)
        _sync_directory(path.parent)
    except OSError as error:
        _discard(temporary)
        raise WriteFailed(path, error) from error


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")


def _write_synced(path: Path, payload: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        os.fchmod(descriptor, 0o644)
        view = memoryview(payload)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(path: Path) -> None:
    # On a directory that is read-only, removing what is not there is refused as well.
    with suppress(OSError):
        path.unlink()


class WriterLock:
    """The right to write into one directory, held until `release` or the end of the process, however it ends."""

    def __init__(self, directory: Path) -> None:
        """Take the lock.

        Raises:
            WriterLocked: another live process holds it.
            WriteFailed: the directory cannot be written.
        """
        path = directory / LOCK_FILE
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise WriteFailed(path, error) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 64).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise WriterLocked(directory, holder) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"pid {os.getpid()}\n".encode())

    def release(self) -> None:
        """Give the directory up."""
        os.close(self._descriptor)


class DirectoryWriter:
    """The one writer of an IPC directory.

    `write` prepares a file whose bytes changed, and `commit` makes all that was prepared visible, status.json last.
    While `commit` renames them, a reader finds a CRC that status.json does not name and keeps its previous picture.
    A publication costs one fsync for each of its files, status.json included, and one for the directory.
    """

    def __init__(self, directory: Path, *, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """Lock the directory (made if missing).

        Raises:
            WriterLocked: it has a writer already.
            WriteFailed: it cannot be written.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteFailed(directory, error) from error
        self.directory = directory
        self.files: dict[str, FileEntry] = {}
        """What status.json has to say of the files once `commit` has succeeded."""
        self.failed_writes = 0
        self._monotonic_ns = monotonic_ns
        self._meters: dict[str, _Meter] = {}
        self._published: dict[str, FileEntry] = {}
        self._prepared: dict[str, _Prepared] = {}
        self._dropped: set[str] = set()
        self._lock = WriterLock(directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the directory."""
        self._withdraw()
        self._lock.release()

    def forget(self) -> None:
        """List no file until it is written again, as a new session has none."""
        self._withdraw()
        self._published.clear()
        self.files.clear()

    def write(self, name: str, payload: bytes, generation: int) -> bool:
        """Prepare file `name` for `commit` if its bytes differ from the last written; return whether they do.

        Raises:
            WriteFailed: counted in `failed_writes`. What was prepared before is withdrawn as well: the files and
                entries of the last `commit` stand.
        """
        entry = FileEntry(generation=generation, bytes=len(payload), crc32=zlib.crc32(payload))
        previous = self.files.get(name)
        if previous and (previous.bytes, previous.crc32) == (entry.bytes, entry.crc32):
            return False
        self._prepare(name, payload)
        self._dropped.discard(name)
        self.files[name] = entry
        return True

    def drop(self, name: str) -> bool:
        """List file `name` no more, and let `commit` remove it; return whether it was listed."""
        self._dropped.add(name)
        return self.files.pop(name, None) is not None

    def commit(self, payload: bytes) -> None:
        """Rename what was prepared and then status.json, which holds `payload` and makes them one picture.

        Raises:
            WriteFailed: counted in `failed_writes`; readers keep their last picture.
        """
        self._prepare(STATUS_FILE, payload)
        begun_ns = self._monotonic_ns()
        path = self.directory
        try:
            for name in self._prepared:
                path = self.directory / name
                # Until all is done it is not known which content a power cut would leave.
                self._published.pop(name, None)
                _temporary(path).replace(path)
            for name in self._dropped:
                self._published.pop(name, None)
                self._meters.pop(name, None)
                _discard(self.directory / name)
            _sync_directory(self.directory)
        except OSError as error:
            self._fail(path, error)
        ended_ns = self._monotonic_ns()
        for name, prepared in self._prepared.items():
            latency_ns = prepared.latency_ns + ended_ns - begun_ns
            self._meters.setdefault(name, _Meter()).add(ended_ns, latency_ns, prepared.bytes)
        self._prepared.clear()
        self._dropped.clear()
        self._published = dict(self.files)

    def stats(self) -> dict[str, WriteStats]:
        """Per file written so far, how its writing goes."""
        now_ns = self._monotonic_ns()
        return {name: meter.stats(now_ns) for name, meter in self._meters.items()}

    def _prepare(self, name: str, payload: bytes) -> None:
        begun_ns = self._monotonic_ns()
        path = self.directory / name
        self._prepared[name] = _Prepared()
        try:
            _write_synced(_temporary(path), payload)
        except OSError as error:
            self._fail(path, error)
        self._prepared[name] = _Prepared(self._monotonic_ns() - begun_ns, len(payload))

    def _fail(self, path: Path, error: OSError) -> NoReturn:
        self.failed_writes += 1
        self._withdraw()
        raise WriteFailed(path, error) from error

    def _withdraw(self) -> None:
        """Give up what was prepared since the last `commit`."""
        for name in self._prepared:
            _discard(_temporary(self.directory / name))
        self._prepared.clear()
        self._dropped.clear()
        self.files.clear()
        self.files.update(self._published)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A temporary file that waits for its rename: how long writing and syncing it took, and its size."""

    latency_ns: int = 0
    bytes: int = 0


class _Meter:
    def __init__(self) -> None:
        self._writes = 0
        self._bytes = 0
        self._max_ns = 0
        self._latencies_ns: deque[int] = deque(maxlen=_LATENCIES_KEPT)
        self._times_ns: deque[int] = deque(maxlen=_LATENCIES_KEPT)

    def add(self, at_ns: int, latency_ns: int, size: int) -> None:
        self._writes += 1
        self._bytes = size
        self._max_ns = max(self._max_ns, latency_ns)
        self._latencies_ns.append(latency_ns)
        self._times_ns.append(at_ns)

    def stats(self, now_ns: int) -> WriteStats:
        ordered = sorted(self._latencies_ns)
        recent = sum(now_ns - at_ns <= _RATE_WINDOW_NS for at_ns in self._times_ns)
        return WriteStats(
            writes=self._writes,
            rate_hz=round(recent * 1e9 / _RATE_WINDOW_NS, 2),
            last_ms=round(self._latencies_ns[-1] / 1e6, 3),
            p50_ms=round(ordered[len(ordered) // 2] / 1e6, 3),
            p99_ms=round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] / 1e6, 3),
            max_ms=round(self._max_ns / 1e6, 3),
            bytes=self._bytes,
        )

"""The writer that keeps the files of one directory consistent."""

from __future__ import annotations

import os
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Self

import structlog

from shared.contract import MAX_READ_BYTES, STATUS_FILE, FileEntry, WriteStats
from shared.decoding import decode
from shared.disk import Mark, discard, mark, previous_of, read_regular, sync_directory, temporary_of, write_synced
from shared.errors import ContractError, LockLost, WriteFailed, WriterLocked
from shared.lock import WriterLock
from shared.meter import Meter
from shared.views import BY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.contract import Status

_log = structlog.get_logger()


class DirectoryWriter:
    """The one writer of an IPC directory.

    `write` prepares a file whose bytes changed, and `commit` makes all that was prepared visible, status.json last.
    What a file held before stays beside it until then, so that the picture that status.json describes can be read at
    any moment, whenever the writer is killed. A publication costs one fsync for each of its files, status.json
    included, and one for the directory.

    What somebody else has removed or changed since is written again with the next `commit`, the directory and its lock
    included.
    """

    def __init__(self, directory: Path, *, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """Lock the directory (made if missing), and clear away what a killed writer has left half done.

        Raises:
            WriterLocked: it has a writer already.
            WriteFailed: it cannot be written.
        """
        self.directory = directory
        self.files: dict[str, FileEntry] = {}
        """What status.json has to say of the files once `commit` has succeeded."""
        self.failed_writes = 0
        self._monotonic_ns = monotonic_ns
        self._meters: dict[str, Meter] = {}
        self._published: dict[str, _Published] = {}
        self._prepared: dict[str, _Prepared] = {}
        self._dropped: set[str] = set()
        self._known_paths: dict[str, _Paths] = {}
        self._kept: set[str] = set()
        """Files whose content of before has a second name, as the status on disk may still mean that."""
        self._is_ours = True
        self._lock = _locked(directory)
        self._named = frozenset(_recovered(directory))
        """The files that the status on disk names."""

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
            LockLost: another process has become the writer of the directory.
        """
        entry = FileEntry(generation=generation, bytes=len(payload), crc32=zlib.crc32(payload))
        previous = self.files.get(name)
        if previous and (previous.bytes, previous.crc32) == (entry.bytes, entry.crc32):
            return False
        if not self._prepared:
            # Whether it still is so, `commit` sees to again.
            self._hold()
        self._prepare(name, payload, entry)
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
            LockLost: another process has become the writer of the directory.
        """
        self._hold()
        self._repair()
        self._prepare(STATUS_FILE, payload)
        begun_ns = self._monotonic_ns()
        path = self.directory
        is_renamed = False
        try:
            for name in self._prepared:
                path = self._paths(name).file
                self._keep_previous(name)
                # Until all is done it is not known which content a power cut would leave.
                self._published.pop(name, None)
                self._paths(name).temporary.replace(path)
            is_renamed = True
            sync_directory(self.directory)
        except OSError as error:
            if is_renamed:
                self._discard_previous()
            self._fail(path, error)
        ended_ns = self._monotonic_ns()
        for name, prepared in self._prepared.items():
            latency_ns = prepared.latency_ns + ended_ns - begun_ns
            self._meters.setdefault(name, Meter()).add(ended_ns, latency_ns, len(prepared.payload))
            if prepared.entry is not None:
                self._published[name] = _Published(prepared.entry, prepared.payload, mark(self._paths(name).file))
        # Nothing on disk means these any more; without a sync, a power cut only brings some back.
        for name in self._dropped:
            self._published.pop(name, None)
            self._meters.pop(name, None)
            discard(self._paths(name).file)
        self._discard_previous()
        self._prepared.clear()
        self._dropped.clear()

    def stats(self) -> dict[str, WriteStats]:
        """Per file written so far, how its writing goes."""
        now_ns = self._monotonic_ns()
        return {name: meter.stats(now_ns) for name, meter in self._meters.items()}

    def _hold(self) -> None:
        """See to it that the directory is there, and that its lock is ours and would keep another writer away."""
        try:
            if self._lock.is_in_place():
                return
            renewed = _locked(self.directory)
        except WriterLocked as taken:
            self._is_ours = False
            raise LockLost(self.directory, taken.holder) from None
        except WriteFailed as failure:
            self.failed_writes += 1
            self._withdraw()
            raise failure from None
        _log.warning("lock_taken_again", directory=str(self.directory))
        self._lock.release()
        self._lock = renewed

    def _repair(self) -> None:
        """Prepare once more what has been published and is no longer as it was."""
        for name, published in list(self._published.items()):
            if name in self._prepared or name not in self.files:
                continue
            found = mark(self._paths(name).file)
            if found is None or found != published.mark:
                _log.warning("file_written_again", file=name)
                self._prepare(name, published.payload, published.entry)

    def _keep_previous(self, name: str) -> None:
        """Give what the file holds a second name, if the status on disk means that."""
        if name in self._named and name not in self._kept:
            paths = self._paths(name)
            self._kept.add(name)
            # Where there is nothing to keep, or the file system knows no second name, it is done without.
            with suppress(OSError):
                os.link(paths.file, paths.previous, follow_symlinks=False)

    def _discard_previous(self) -> None:
        """Remove the second names, as the status on disk is that of `files` by now."""
        for name in self._kept:
            discard(self._paths(name).previous)
        self._kept.clear()
        self._named = frozenset(self.files)

    def _prepare(self, name: str, payload: bytes, entry: FileEntry | None = None) -> None:
        begun_ns = self._monotonic_ns()
        paths = self._paths(name)
        self._prepared[name] = _Prepared(payload, entry)
        try:
            write_synced(paths.temporary, payload)
        except OSError as error:
            self._fail(paths.file, error)
        self._prepared[name] = _Prepared(payload, entry, self._monotonic_ns() - begun_ns)

    def _paths(self, name: str) -> _Paths:
        """Where a file lies; made once, as paths take longer to make than to use."""
        known = self._known_paths.get(name)
        if known is None:
            path = self.directory / name
            known = self._known_paths[name] = _Paths(path, temporary_of(path), previous_of(path))
        return known

    def _fail(self, path: Path, error: OSError) -> NoReturn:
        self.failed_writes += 1
        self._withdraw()
        raise WriteFailed(path, error) from error

    def _withdraw(self) -> None:
        """Give up what was prepared since the last `commit`."""
        if self._is_ours:
            for name in self._prepared:
                discard(self._paths(name).temporary)
        self._prepared.clear()
        self._dropped.clear()
        self.files.clear()
        self.files.update({name: published.entry for name, published in self._published.items()})


@dataclass(frozen=True, slots=True)
class _Paths:
    """Where a file lies, where what will replace it is written, and where its content of before lies meanwhile."""

    file: Path
    temporary: Path
    previous: Path


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A temporary file that waits for its rename; `latency_ns` is how long writing and syncing it took."""

    payload: bytes
    entry: FileEntry | None
    latency_ns: int = 0


@dataclass(frozen=True, slots=True)
class _Published:
    """A file that lies there: its entry, its content, and what tells that nobody has changed it since."""

    entry: FileEntry
    payload: bytes
    mark: Mark | None


def _locked(directory: Path) -> WriterLock:
    """Lock a directory, made if missing."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteFailed(directory, error) from error
    return WriterLock(directory)


def _recovered(directory: Path) -> dict[str, FileEntry]:
    """What the status on disk names, after what it means has been given its name again and leftovers are removed."""
    try:
        status: Status = decode(STATUS_FILE, read_regular(directory / STATUS_FILE, MAX_READ_BYTES))
        entries = status.files
    except (OSError, ContractError):
        entries = {}
    discard(temporary_of(directory / STATUS_FILE))
    for name in BY_FILE:
        path = directory / name
        previous = previous_of(path)
        entry = entries.get(name)
        if entry is not None and mark(previous) is not None and not _holds(path, entry) and _holds(previous, entry):
            with suppress(OSError):
                previous.replace(path)
        discard(previous)
        discard(temporary_of(path))
    return entries


def _holds(path: Path, entry: FileEntry) -> bool:
    try:
        payload = read_regular(path, MAX_READ_BYTES)
    except OSError:
        return False
    return (len(payload), zlib.crc32(payload)) == (entry.bytes, entry.crc32)

"""The system calls on files of the exchange: reading that never waits, and writing that is seen whole or not at all.

Whatever lies under the name of a file of the exchange, a pipe, a device or a link to one, nobody waits for it, and
nobody reads more of it than is allowed. A symbolic link to a regular file is read as that file, and never written
through.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from shared.errors import WriteFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Mark = tuple[int, int, int, int]
"""What tells that a file is as it was: inode, mode, size, and time of change in ns."""

_CHUNK_BYTES: Final = 1 << 20
_NO_FILE: Final = "it is not a regular file"
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


@contextmanager
def opened(path: Path) -> Iterator[tuple[int, os.stat_result]]:
    """Open a regular file for reading; give its descriptor and what is known of it.

    Raises:
        OSError: there is none, or it cannot be opened.
    """
    # To open a device may already do something; what has taken its place since is not waited for, either.
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, _NO_FILE)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, _NO_FILE)
        yield descriptor, found
    finally:
        os.close(descriptor)


def read_at_most(descriptor: int, limit: int) -> bytes:
    """What a file holds from here on.

    Raises:
        OSError: it cannot be read, or holds more than `limit` bytes (EFBIG).
    """
    chunks: list[bytes] = []
    left = limit + 1
    while left and (chunk := os.read(descriptor, min(left, _CHUNK_BYTES))):
        chunks.append(chunk)
        left -= len(chunk)
    if not left:
        raise OSError(errno.EFBIG, f"it holds more than {limit} bytes")
    return b"".join(chunks)


def read_regular(path: Path, limit: int) -> bytes:
    """What a regular file holds.

    Raises:
        OSError: there is none, it cannot be read, or it holds more than `limit` bytes.
    """
    with opened(path) as (descriptor, _):
        return read_at_most(descriptor, limit)


def mark(path: Path) -> Mark | None:
    """What is known of a file without opening it; None where there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return mark_of(found)


def mark_of(found: os.stat_result) -> Mark:
    """The same of what has been looked up."""
    return found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns


def atomic_write(path: Path, payload: bytes, *, lone_writer: bool = True) -> None:
    """Replace `path` by `payload` so that every reader sees the old file or the new one, even across a power cut.

    Temporary file in the same directory, flush, fsync, rename, fsync of the directory; mode 0644. Where others write
    `path` too, the temporary file has a name of its own each time, and the last rename wins.

    Raises:
        WriteFailed: the operating system refused; `path` still holds what it held.
    """
    temporary = temporary_of(path)
    try:
        if lone_writer:
            write_synced(temporary, payload)
            temporary.replace(path)
        else:
            with _claimed(path) as (temporary, descriptor):
                _fill(descriptor, payload)
                temporary.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        discard(temporary)
        raise WriteFailed(path, error) from error


def discard_leftovers(path: Path) -> None:
    """Remove the temporary files of those writers of `path` that were killed, where it has several at a time."""
    for leftover in path.parent.glob(f".{path.name}.*.tmp"):
        with suppress(OSError), opened(leftover) as (descriptor, _):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            leftover.unlink()


def temporary_of(path: Path) -> Path:
    """Where the lone writer of `path` writes what will replace it."""
    return path.with_name(f".{path.name}.tmp")


def previous_of(path: Path) -> Path:
    """Where the content that `path` had in the publication before lies while another one is under way."""
    return path.with_name(f".{path.name}.old")


def write_synced(path: Path, payload: bytes) -> None:
    """Write a new file that is on the disk in the end, in the place of whatever lies there.

    Raises:
        OSError: it cannot be written.
    """
    with _created(path) as descriptor:
        _fill(descriptor, payload)


@contextmanager
def _created(path: Path) -> Iterator[int]:
    # Only a file that did not exist is sure to be none that writing would wait for, or that has another name, too.
    try:
        descriptor = os.open(path, _CREATE, 0o644)
    except FileExistsError:
        try:
            path.unlink()
        except OSError as error:
            msg = f"{path.name} is in the way and cannot be removed ({error.strerror})"
            raise OSError(error.errno, msg) from error
        descriptor = os.open(path, _CREATE, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _claimed(path: Path) -> Iterator[tuple[Path, int]]:
    """A temporary file for `path` with a name of its own, locked as long as its writer lives."""
    while True:
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        with _created(temporary) as descriptor:
            try:
                # Before it was locked, it may have been taken for a leftover.
                is_ours = _lock(descriptor) and os.fstat(descriptor).st_nlink > 0
            except OSError:
                discard(temporary)
                raise
            if is_ours:
                yield temporary, descriptor
                return


def _lock(descriptor: int) -> bool:
    """Lock a file, where its file system knows locks; return whether nobody else has."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _fill(descriptor: int, payload: bytes) -> None:
    os.fchmod(descriptor, 0o644)
    view = memoryview(payload)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def sync_directory(directory: Path) -> None:
    """Wait until the names in a directory are on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def discard(path: Path) -> None:
    """Remove a file if it is there and can be removed."""
    # On a directory that is read-only, removing what is not there is refused as well.
    with suppress(OSError):
        path.unlink()

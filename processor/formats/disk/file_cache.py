"""A cache shared by the files of a dataset: heads, open archives, temporary copies."""

from __future__ import annotations

import shutil
import tempfile
import threading
import zipfile
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol
from weakref import finalize

from processor.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processor.formats.disk.files import SourceFile

_KEPT_HEADS_BYTES: Final = 32 << 20
_KEPT_OPEN: Final = 8
"""How many archives, copies and unpacked tars are held open for later use."""
_MOST_COPIED_BYTES: Final = 16 << 30
_SKIPPED_BYTES: Final = 1 << 20


class Readable(Protocol):
    """The methods of a binary file that are needed to read it once."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a member of an archive: in `archive`, itself a member of the file on disk, or in the file (None).

    A member of a zip is found by its `name`, one of a tar by its `offset` in the unpacked tar. Its `size_bytes` take
    `stored_bytes` of the file on disk.
    """

    archive: str | None
    name: str
    size_bytes: int
    stored_bytes: int
    offset: int | None = None


class Limited:
    """At most the next `size` bytes of a file."""

    def __init__(self, raw: Readable, size: int) -> None:
        self._raw = raw
        self._left = size

    def read(self, size: int, /) -> bytes:
        """See Readable."""
        data = self._raw.read(min(size, self._left)) if self._left else b""
        self._left -= len(data)
        return data


class DiskReader:
    """A file on disk that is read forwards; the next byte is `at`."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.at = 0
        self._raw = raw

    def read(self, size: int, /) -> bytes:
        """See Readable."""
        data = self._raw.read(size)
        self.at += len(data)
        return data

    def skip_to(self, offset: int) -> None:
        """Skip forwards to byte `offset`."""
        self.at = self._raw.seek(offset)


class Stream:
    """The unpacked content of a file, which can only be read forwards; the next byte is `at`.

    `sound` is false after a failed read.
    """

    def __init__(self, file: SourceFile) -> None:
        self.at = 0
        self.sound = True
        self._blocks = file.content()
        self._rest = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        """See Readable."""
        while not self._rest:
            self.sound = False
            block = next(self._blocks, None)
            self.sound = True
            if block is None:
                return b""
            self._rest = memoryview(block.data)
        data = bytes(self._rest[:size])
        self._rest = self._rest[size:]
        self.at += len(data)
        return data

    def skip_to(self, offset: int) -> None:
        """Skip forwards to byte `offset`, or to the end if the content is shorter."""
        while self.at < offset and self.read(min(offset - self.at, _SKIPPED_BYTES)):
            pass


class Copy:
    """A temporary file with the content of `file`, at `path`; deleted with the last reference to this object."""

    def __init__(self, file: SourceFile) -> None:
        """Write it.

        Raises:
            DatasetError: the file cannot be read, or there is no room for the copy.
        """
        try:
            folder = tempfile.mkdtemp(prefix="processor-")
            finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self.path = Path(folder, "content")
            size = 0
            with self.path.open("wb") as copy:
                for block in file.content():
                    size += len(block.data)
                    if size > _MOST_COPIED_BYTES:
                        msg = f"{file.name} unpacks to more than {_MOST_COPIED_BYTES >> 30} GiB: unpack it first"
                        raise DatasetError(msg)
                    copy.write(block.data)
        except OSError as error:
            where = tempfile.gettempdir()
            msg = f"{file.name} cannot be unpacked in {where} ({error.strerror}): unpack it first, or set TMPDIR"
            raise DatasetError(msg) from error


class _HeldOpen(FileIO):
    """A file that stays open for later use, and closes with the last reference to it."""

    def __del__(self) -> None:
        """Close the file here, so that Python does not warn that it was left open."""
        self.close()


class FileCache:
    """The cache of one dataset's files; safe to use from any thread.

    `places` are the members of its archives, by the path of the file on disk and then by their paths in it. `kinds` are
    the kinds of archives that files turned out to be, None for files that are not archives.
    """

    def __init__(self, places: dict[Path, dict[str, Place]] | None = None) -> None:
        self.places: Final = {} if places is None else places
        self.kinds: Final[dict[tuple[Path, str | None], str | None]] = {}
        self._heads: dict[object, bytes] = {}
        self._room_bytes = _KEPT_HEADS_BYTES
        self._open: OrderedDict[tuple[type, Path, str | None], Any] = OrderedDict()
        self._lock = threading.RLock()

    def head(self, file: SourceFile) -> bytes | None:
        """The head of `file`, if it is cached."""
        return self._heads.get((type(file), file.path, file.member))

    def keep_head(self, file: SourceFile, head: bytes) -> None:
        """Cache the head of `file` if there is room."""
        with self._lock:
            key = type(file), file.path, file.member
            if len(head) <= self._room_bytes and key not in self._heads:
                self._room_bytes -= len(head)
                self._heads[key] = head

    def forget(self, file: SourceFile) -> None:
        """Forget the start of a file, which another file has replaced."""
        with self._lock:
            self.kinds.pop((file.path, file.member), None)
            self._room_bytes += len(self._heads.pop((type(file), file.path, file.member), b""))

    def copy(self, file: SourceFile) -> Copy:
        """A temporary copy of the content of `file`.

        Raises:
            DatasetError: as `Copy` does.
        """
        with self._lock:
            found: Copy = self._taken(Copy, file) or Copy(file)
            self._keep(file, found)
            return found

    def archive(self, file: SourceFile) -> zipfile.ZipFile:
        """The opened zip archive `file`.

        Raises:
            DatasetError: as `Copy` does.
            OSError, BadZipFile: it cannot be read.
        """
        with self._lock:
            found: zipfile.ZipFile | None = self._taken(zipfile.ZipFile, file)
            if found is None:
                with file.on_disk() as path:
                    found = zipfile.ZipFile(_HeldOpen(path))
            self._keep(file, found)
            return found

    @contextmanager
    def stream(self, file: SourceFile, offset: int) -> Iterator[Stream]:
        """The unpacked content from byte `offset` on: from the last position, if `offset` is not before it."""
        with self._lock:
            found: Stream | None = self._taken(Stream, file)
        if found is None or found.at > offset:
            # The cache holds the stream, so the stream must not hold the cache.
            found = Stream(replace(file, cache=FileCache(self.places)))
        try:
            found.skip_to(offset)
            yield found
        finally:
            if found.sound:
                with self._lock:
                    self._keep(file, found)

    def _taken(self, kind: type, file: SourceFile) -> Any:  # noqa: ANN401 - of this kind
        return self._open.pop((kind, file.path, file.member), None)

    def _keep(self, file: SourceFile, opened: object) -> None:
        self._open[type(opened), file.path, file.member] = opened
        while len(self._open) > _KEPT_OPEN:
            self._open.popitem(last=False)

"""What the files of a dataset keep of what was read for whoever asks next: heads, archives, temporary copies."""

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
"""Archives, copies and unpacked tars that are held open in case they are asked for again."""
_MOST_COPIED_BYTES: Final = 16 << 30
_SKIPPED_BYTES: Final = 1 << 20


class Readable(Protocol):
    """The part of a binary file that is needed to read it once."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member of an archive lies: in `archive`, itself a member of the file on disk, or the file (None).

    A zip archive's is known by its `name`, a tar's by its `offset` in the unpacked tar. Its `size_bytes` take
    `stored_bytes` of the file on disk.
    """

    archive: str | None
    name: str
    size_bytes: int
    stored_bytes: int
    offset: int | None = None


class Limited:
    """Up to `size` bytes of what follows in a file."""

    def __init__(self, raw: Readable, size: int) -> None:
        self._raw = raw
        self._left = size

    def read(self, size: int, /) -> bytes:
        """See Readable."""
        data = self._raw.read(min(size, self._left)) if self._left else b""
        self._left -= len(data)
        return data


class OnDisk:
    """A file on disk that is read onwards; it stands at byte `at`."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.at = 0
        self._raw = raw

    def read(self, size: int, /) -> bytes:
        """See Readable."""
        data = self._raw.read(size)
        self.at += len(data)
        return data

    def skip_to(self, offset: int) -> None:
        """Go on to byte `offset`."""
        self.at = self._raw.seek(offset)


class Stream:
    """The unpacked content of a file, which can be read onwards only; it stands at byte `at`.

    `sound` is false once it could not be read.
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
        """Go on to byte `offset`, or to the end if that is before it."""
        while self.at < offset and self.read(min(offset - self.at, _SKIPPED_BYTES)):
            pass


class Copy:
    """A temporary file with the content of `file`, at `path`; gone with the last who holds this."""

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


class _LeftOpen(FileIO):
    """A file that is held open for as long as somebody may ask, and closes with the last who holds it."""

    def __del__(self) -> None:
        """Closed here, it is not warned of as forgotten."""
        self.close()


class Kept:
    """What the files of one dataset keep of what was read, in whatever thread.

    `places` are the members of its archives by the path of the file on disk, then by their paths in it. `kinds` are
    the kinds of archives that files turned out to be, None for those that are none.
    """

    def __init__(self, places: dict[Path, dict[str, Place]] | None = None) -> None:
        self.places: Final = {} if places is None else places
        self.kinds: Final[dict[tuple[Path, str | None], str | None]] = {}
        self._heads: dict[object, bytes] = {}
        self._room_bytes = _KEPT_HEADS_BYTES
        self._open: OrderedDict[tuple[type, Path, str | None], Any] = OrderedDict()
        self._lock = threading.RLock()

    def head(self, file: SourceFile) -> bytes | None:
        """Its head, if that was kept."""
        return self._heads.get((type(file), file.path, file.member))

    def keep_head(self, file: SourceFile, head: bytes) -> None:
        """Keep it while there is room."""
        with self._lock:
            key = type(file), file.path, file.member
            if len(head) <= self._room_bytes and key not in self._heads:
                self._room_bytes -= len(head)
                self._heads[key] = head

    def forget(self, file: SourceFile) -> None:
        """Let go of what was seen at the begin of a file: there is another one in its place."""
        with self._lock:
            self.kinds.pop((file.path, file.member), None)
            self._room_bytes += len(self._heads.pop((type(file), file.path, file.member), b""))

    def copy(self, file: SourceFile) -> Copy:
        """A temporary copy of its content.

        Raises:
            DatasetError: as `Copy` does.
        """
        with self._lock:
            found: Copy = self._taken(Copy, file) or Copy(file)
            self._keep(file, found)
            return found

    def archive(self, file: SourceFile) -> zipfile.ZipFile:
        """The zip archive that `file` is.

        Raises:
            DatasetError: as `Copy` does.
            OSError, BadZipFile: it cannot be read.
        """
        with self._lock:
            found: zipfile.ZipFile | None = self._taken(zipfile.ZipFile, file)
            if found is None:
                with file.on_disk() as path:
                    found = zipfile.ZipFile(_LeftOpen(path))
            self._keep(file, found)
            return found

    @contextmanager
    def stream(self, file: SourceFile, offset: int) -> Iterator[Stream]:
        """Its unpacked content from byte `offset` on: from where it was left, unless that is beyond it."""
        with self._lock:
            found: Stream | None = self._taken(Stream, file)
        if found is None or found.at > offset:
            # Kept here, it must not keep this.
            found = Stream(replace(file, kept=Kept(self.places)))
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

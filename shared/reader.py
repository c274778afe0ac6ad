"""The cached, tolerant reader: nothing broken on disk ever reaches who asks, and nothing unchanged is read twice."""

from __future__ import annotations

import os
import time
import zlib
from itertools import pairwise
from operator import le, lt
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
import structlog

from shared.contract import MAX_READ_BYTES, STATUS_FILE, FileEntry, Status
from shared.errors import ContractError, MalformedFile
from shared.views import BY_FILE, FILE_TYPES, VIEWS
from shared.views.base import T, View, row_key
from shared.views.depth import DEPTH, Depth
from shared.views.metrics import METRICS, MetricsRow
from shared.views.ohlc import OHLC, OhlcRow

if TYPE_CHECKING:
    from pathlib import Path

_log = structlog.get_logger()

_ATTEMPTS: Final = 3
"""A publication takes about a millisecond, so a picture caught in the middle of one is whole at the next look."""

_DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    name: msgspec.json.Decoder(file_type) for name, file_type in FILE_TYPES.items()
}


class Held(msgspec.Struct, frozen=True):
    """The value of a view and the CRC-32 of the bytes that it was read from."""

    value: Any
    crc32: int


class Picture(msgspec.Struct, frozen=True):
    """What was published together: a status and the files it names.

    `picture[VIEW]` is the value of a view, its `empty` where there is none. A view that cannot be read holds nothing
    else back: the last one of the same session stays. `held` has, by name, those that there are.
    """

    status: Status
    held: dict[str, Held] = {}

    def __getitem__(self, view: View[T]) -> T:
        """The value of `view`."""
        found = self.held.get(view.name)
        return view.empty if found is None else found.value

    @property
    def ohlc(self) -> tuple[OhlcRow, ...]:
        """The bars of trades, oldest first."""
        return self[OHLC]

    @property
    def metrics(self) -> tuple[MetricsRow, ...]:
        """The rows of imbalance and CVD, oldest first."""
        return self[METRICS]

    @property
    def depth(self) -> Depth:
        """The book."""
        return self[DEPTH]

    def is_newer_than(self, session: str | None, generation: int, published_at_ms: int) -> bool:
        """Whether this picture follows the one so described; generations order within a session only."""
        if session == self.status.session:
            return self.status.generation > generation
        return self.status.published_at_ms >= published_at_ms


class ReadObserver(Protocol):
    """Counts what reading costs and where it fails."""

    def parsed(self, name: str, seconds: float) -> None:
        """File `name` was decoded and is sound."""

    def failed(self, name: str, kind: str) -> None:
        """A read came to nothing: `kind` is "failed" (missing, unreadable, oversized), "partial" or "mixed"."""


class _Silent:
    def parsed(self, name: str, seconds: float) -> None:
        pass

    def failed(self, name: str, kind: str) -> None:
        pass


class _Unreadable(ContractError):
    def __init__(self, name: str, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name
        self.kind = kind
        self.reason = reason


class _File:
    """One file as last seen on disk, and its last sound content."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.key: tuple[int, int, int] | None = None
        self.entry: tuple[int, int] | None = None
        self.value: Any = None
        self.complained_of: tuple[object, ...] | None = None


class DirectoryReader:
    """Reads one IPC directory, keeping the last consistent picture whatever happens to the files.

    Not thread-safe: one reader a thread, or a lock around `poll`.
    """

    def __init__(self, directory: Path, observer: ReadObserver | None = None) -> None:
        """Read from `directory`, which need not exist yet."""
        self.directory = directory
        self.picture: Picture | None = None
        self.problem: str | None = None
        """Why the last poll could not take the files on disk, as a sentence; None when it could."""
        self._observer = observer or _Silent()
        self._files = {name: _File(directory / name) for name in FILE_TYPES}
        self._view_problems: dict[str, _Unreadable] = {}

    def poll(self) -> Picture | None:
        """The newest consistent picture, or the last one there was, or None before the first."""
        for attempt in range(_ATTEMPTS):
            try:
                self.picture = self._assemble(patient=attempt + 1 < _ATTEMPTS)
            except _Unreadable as problem:
                if problem.kind == "mixed" and attempt + 1 < _ATTEMPTS:
                    time.sleep(0.001)
                    continue
                self._complain(problem)
            else:
                self.problem = None
                for name, file in self._files.items():
                    if name not in self._view_problems:
                        file.complained_of = None
                for view_problem in self._view_problems.values():
                    self._complain(view_problem)
            break
        return self.picture

    def _assemble(self, *, patient: bool) -> Picture:
        status: Status = self._read(STATUS_FILE, None)
        picture = self.picture
        if picture is not None and status is picture.status and not self._view_problems:
            return picture
        if (
            picture is not None
            and status.session == picture.status.session
            and status.generation < picture.status.generation
        ):
            reason = f"generation {status.generation} is older than {picture.status.generation}, already read"
            raise _Unreadable(STATUS_FILE, "failed", reason)
        last = picture if picture is not None and picture.status.session == status.session else None
        found = {view.name: self._view(view, status, last, patient=patient) for view in VIEWS}
        return Picture(status, {name: held for name, held in found.items() if held is not None})

    def _view(self, view: View[Any], status: Status, last: Picture | None, *, patient: bool) -> Held | None:
        """The view as it belongs to `status`; or as the `last` picture of its session has it where it cannot be read.

        Raises:
            _Unreadable: the picture cannot do without it, or it is worth another look.
        """
        entry = status.files.get(view.file)
        if entry is None:
            self._view_problems.pop(view.file, None)
            return None
        try:
            value = self._read(view.file, entry)
        except _Unreadable as problem:
            if view.presence == "data" or (problem.kind == "mixed" and patient):
                raise
            self._view_problems[view.file] = problem
            return last.held.get(view.name) if last else None
        self._view_problems.pop(view.file, None)
        return Held(value, entry.crc32)

    def _read(self, name: str, wanted: FileEntry | None) -> Any:  # noqa: ANN401 - the file's own type
        file = self._files[name]
        if wanted is not None and file.entry == (wanted.bytes, wanted.crc32):
            return file.value
        try:
            descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise _Unreadable(name, "failed", "is missing") from None
        except OSError as error:
            raise _Unreadable(name, "failed", f"cannot be read: {error.strerror}") from error
        try:
            found = os.fstat(descriptor)
            key = (found.st_ino, found.st_mtime_ns, found.st_size)
            if wanted is None and key == file.key:
                return file.value
            payload = _read_all(descriptor, name, found.st_size)
        except OSError as error:
            raise _Unreadable(name, "failed", f"cannot be read: {error.strerror}") from error
        finally:
            os.close(descriptor)
        entry = (len(payload), zlib.crc32(payload))
        if wanted is not None and entry != (wanted.bytes, wanted.crc32):
            raise _Unreadable(name, "mixed", "is from another publication than status.json")
        begun = time.perf_counter()
        try:
            value = decode(name, payload)
        except MalformedFile as error:
            raise _Unreadable(name, "partial", error.reason) from error
        self._observer.parsed(name, time.perf_counter() - begun)
        file.key, file.entry, file.value = key, entry, value
        return value

    def _complain(self, problem: _Unreadable) -> None:
        self._observer.failed(problem.name, problem.kind)
        self.problem = f"{problem.name} {problem.reason}"
        file = self._files[problem.name]
        seen = (_stat_key(file.path), problem.kind, problem.reason)
        if seen != file.complained_of:
            file.complained_of = seen
            _log.warning("read_refused", file=problem.name, kind=problem.kind, reason=problem.reason)


def decode(name: str, payload: bytes) -> Any:  # noqa: ANN401 - the file's own type
    """Decode file `name` of the contract.

    Raises:
        MalformedFile: the bytes are not JSON, not of the file's type, or its rows' first column does not increase.
    """
    try:
        value = _DECODERS[name].decode(payload)
    except msgspec.DecodeError as error:
        raise MalformedFile(name, f"is not what the contract says: {error}") from error
    except UnicodeDecodeError as error:
        raise MalformedFile(name, "is not UTF-8") from error
    view = BY_FILE.get(name)
    if view is not None and view.is_rows:
        is_out_of_order = lt if view.repeats else le
        if any(is_out_of_order(later, earlier) for earlier, later in pairwise(map(row_key, value))):
            raise MalformedFile(name, f"has rows whose {value[0].__struct_fields__[0]} does not increase")
    return value


def _read_all(descriptor: int, name: str, size: int) -> bytes:
    if size > MAX_READ_BYTES:
        raise _Unreadable(name, "failed", f"is oversized: {size} bytes, at most {MAX_READ_BYTES} are read")
    chunks = []
    while chunk := os.read(descriptor, max(size, 65536)):
        chunks.append(chunk)
    return b"".join(chunks)


def _stat_key(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size

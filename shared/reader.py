"""The cached, tolerant reader: nothing broken on disk ever reaches who asks, and nothing unchanged is read twice."""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
import structlog

from shared.contract import MAX_READ_BYTES, STATUS_FILE, FileEntry, Status
from shared.decoding import decode
from shared.disk import Mark, mark, mark_of, opened, previous_of, read_at_most
from shared.errors import ContractError, MalformedFile
from shared.views import FILE_TYPES, VIEWS
from shared.views.depth import DEPTH, Depth
from shared.views.metrics import METRICS, MetricsRow
from shared.views.ohlc import OHLC, OhlcRow

if TYPE_CHECKING:
    from pathlib import Path

    from shared.views.base import T, View

_log = structlog.get_logger()

_ATTEMPTS: Final = 3
"""A publication takes about a millisecond, so a picture caught in the middle of one is whole at the next look."""

_SETTLED_S: Final = 0.1
"""A refused file that is as it was for so long is not being written, and not read again before it changes."""


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
        """Whether this picture follows the one so described.

        Of another session, by the generation or the wall clock: a new directory counts from 1, and a clock may be set
        back.
        """
        if self.status.generation > generation:
            return True
        return session != self.status.session and self.status.published_at_ms >= published_at_ms


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
    """One file as last seen on disk, its last sound content, and what was last refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.key: Mark | None = None
        self.entry: tuple[int, int] | None = None
        self.value: Any = None
        self.complained_of: tuple[object, ...] | None = None
        self._refused: tuple[Mark, FileEntry | None] | None = None
        self._refused_since_s = 0.0
        self._reason: tuple[str, str] | None = None

    def refuse(self, key: Mark | None, wanted: FileEntry | None, kind: str, reason: str) -> _Unreadable:
        """Remember that what lies there, if it could be looked at, will not do; return the error to raise."""
        if key is not None:
            if self._refused != (key, wanted):
                self._refused, self._refused_since_s = (key, wanted), time.monotonic()
                self._reason = None
            elif time.monotonic() - self._refused_since_s >= _SETTLED_S:
                self._reason = kind, reason
        return _Unreadable(self.path.name, kind, reason)

    def refused_if(self, key: Mark, wanted: FileEntry | None) -> None:
        """Raise the refusal of before where the file is as it was then, and has been for long enough."""
        if self._reason is not None and self._refused == (key, wanted):
            raise _Unreadable(self.path.name, *self._reason)


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
        """The value of file `name`, as the entry `wanted` of a status describes it.

        While a publication is under way, and after a writer was killed in one, its file of before has another name.
        """
        file = self._files[name]
        if wanted is not None and file.entry == (wanted.bytes, wanted.crc32):
            return file.value
        try:
            return self._read_from(file.path, name, wanted)
        except _Unreadable as problem:
            if wanted is None:
                raise
            try:
                return self._read_from(previous_of(file.path), name, wanted)
            except _Unreadable:
                raise problem from None

    def _read_from(self, path: Path, name: str, wanted: FileEntry | None) -> Any:  # noqa: ANN401 - the file's own type
        file = self._files[name]
        key = None
        try:
            with opened(path) as (descriptor, found):
                key = mark_of(found)
                if wanted is None and key == file.key:
                    return file.value
                file.refused_if(key, wanted)
                payload = read_at_most(descriptor, MAX_READ_BYTES)
            entry = (len(payload), zlib.crc32(payload))
            if wanted is not None and entry != (wanted.bytes, wanted.crc32):
                raise _Unreadable(name, "mixed", "is from another publication than status.json")
            begun = time.perf_counter()
            value = decode(name, payload)
        except FileNotFoundError:
            raise _Unreadable(name, "failed", "is missing") from None
        except OSError as error:
            raise file.refuse(key, wanted, "failed", f"cannot be read: {error.strerror}") from error
        except MalformedFile as error:
            raise file.refuse(key, wanted, "partial", error.reason) from error
        self._observer.parsed(name, time.perf_counter() - begun)
        file.key, file.entry, file.value = key, entry, value
        return value

    def _complain(self, problem: _Unreadable) -> None:
        self._observer.failed(problem.name, problem.kind)
        self.problem = f"{problem.name} {problem.reason}"
        file = self._files[problem.name]
        seen = (mark(file.path), problem.kind, problem.reason)
        if seen != file.complained_of:
            file.complained_of = seen
            _log.warning("read_refused", file=problem.name, kind=problem.kind, reason=problem.reason)

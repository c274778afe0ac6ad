"""Opens a dataset of any vendor: the format of each file is recognised by its content."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from processor.core.merge.ordering import in_time_order
from processor.errors import DatasetError, Disordered, NothingToReplay, SettingError, UnknownFormat
from processor.formats import own
from processor.formats.disk.dataset_files import files_of, on_disk
from processor.formats.mapped import FILE_NAME
from processor.formats.opening import source_choice, stores
from processor.formats.opening.described import Ignored
from processor.formats.opening.equal_files import FileStart, repeated_files
from processor.formats.opening.sorting import sorted_part
from processor.formats.registry import formats
from processor.names import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from processor.core.merge.chunk import Chunk
    from processor.core.merge.parts import Part
    from processor.core.report import Report
    from processor.formats.base import Format
    from processor.formats.disk.files import SourceFile
    from processor.formats.opening.stores import Store

T = TypeVar("T")

_LISTED: Final = 10
_UNEXPLAINED: Final = f"left out: a table of unknown format that no {FILE_NAME} describes"
_KEPT_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class OpenedDataset:
    """One instrument of a dataset, ready to be read: `parts` to merge, `size_bytes` of all files together.

    `time_range` is the first and last exchange time in ns, if the files state it before they are read.
    """

    format: str
    instrument: str
    instruments: tuple[str, ...]
    parts: list[Part]
    size_bytes: int
    time_range: tuple[int, int] | None

    def chunks(self, report: Report) -> Iterator[Chunk]:
        """All chunks in time order; findings go to `report`.

        Raises:
            DatasetError: while reading, when a file turns out unusable.
        """
        return in_time_order(self.parts, report)


@dataclass(frozen=True, slots=True)
class Content:
    """A file of a dataset, its format, and the instruments in it."""

    file: SourceFile
    format: Format
    instruments: frozenset[str]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A recognised folder or file: its files, and the names of ignored files.

    The name of an ignored file is followed by the reason in brackets, if it is known. `unused` are files that add
    nothing to another file, with their instruments and a phrase that names the other file; also tables that no
    mapping describes, which may be of any instrument. `stores` are the stores below `path`. With `sort`, every part is
    first sorted on disk, in the folder `scratch`: see `in_order`.
    """

    path: Path
    contents: tuple[Content, ...]
    ignored: tuple[str, ...]
    unused: tuple[tuple[SourceFile, frozenset[str], str], ...] = ()
    stores: tuple[Store, ...] = ()
    sort: bool = False
    scratch: Path | None = None
    _of: dict[str, list[Content]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the contents by instrument: there may be thousands of both."""
        of: dict[str, list[Content]] = {}
        for content in self.contents:
            for name in content.instruments:
                of.setdefault(name, []).append(content)
        object.__setattr__(self, "_of", {name: of[name] for name in sorted(of)})

    @property
    def format(self) -> str:
        """The names of its formats."""
        return " + ".join(known.name for known in _tried_formats(self.contents))

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """All files that are read, by name."""
        return tuple(content.file for content in self.contents)

    @property
    def instruments(self) -> tuple[str, ...]:
        """All instruments, sorted."""
        return tuple(self._of)

    @property
    def by_activity(self) -> tuple[str, ...]:
        """All instruments, the one with the largest files first; files of several instruments count in equal shares."""

        def bytes_of(name: str) -> float:
            return sum(_size_of(content.file) / len(content.instruments) for content in self._of[name])

        return tuple(sorted(self._of, key=lambda name: (-bytes_of(name), name)))

    def resolved(self, instrument: str | None) -> str:
        """The full name of an instrument (None: the most active).

        `symbol` matches `exchange:symbol`, in any case, if it is unique.

        Raises:
            SettingError: no instrument or several match.
        """
        if instrument is None:
            return self.by_activity[0]
        if instrument in self._of:
            return instrument
        wanted = instrument.casefold()
        fitting = [name for name in self.instruments if wanted in {name.casefold(), name.casefold().partition(":")[2]}]
        if len(fitting) == 1:
            return fitting[0]
        expected = f"one of {_listed(fitting or self.instruments)}"
        nearest = get_close_matches(instrument, self.instruments, 1, 0.4)
        if nearest and not fitting:
            expected += f"; did you mean {nearest[0]}?"
        raise SettingError("instrument", instrument, expected)

    def files_of(self, instrument: str) -> list[SourceFile]:
        """The files that hold `instrument`, by name."""
        return [content.file for content in self._contents_of(instrument)]

    def _contents_of(self, instrument: str) -> list[Content]:
        return self._of.get(instrument, [])

    def is_all_of(self, known: Format, instrument: str) -> bool:
        """Whether all files of `instrument` are of this format."""
        return all(content.format is known for content in self._contents_of(instrument))

    def unused_of(self, instrument: str) -> list[tuple[SourceFile, str]]:
        """The files that add nothing to other files of `instrument`, each with a phrase that names the other file."""
        return [(file, reason) for file, instruments, reason in self.unused if instrument in instruments]

    def marks(self) -> dict[Path, tuple[int, int]]:
        """Size and time of change (ns) of every visible file now, of any format."""
        return {path: (status.st_size, status.st_mtime_ns) for path, status in on_disk(self.path).items()}

    def open(self, instrument: str | None, clock: str, report: Report) -> OpenedDataset:
        """Start reading an instrument (None: the most active); `report` collects findings while the streams are read.

        Raises:
            SettingError: there is no such instrument.
            DatasetError: its files do not fit together, or files of a store are missing.
        """
        name = self.resolved(instrument)
        stores.checked(self.stores, name)
        for file, reason in self.unused_of(name):
            report.add("unused", file.name, None, None, reason)
        contents = self._contents_of(name)
        files = {
            known: [content.file for content in contents if content.format is known]
            for known in _tried_formats(contents)
        }
        parts = source_choice.chosen_parts(
            {known.name: known.parts(of_format, name, clock, report) for known, of_format in files.items()}, report
        )
        for other in source_choice.namesakes(name, self.instruments):
            report.add("assumptions", "", None, None, f"{name} and {other} are read as different instruments")
        if self.sort:
            # Parts with equal times keep the order that they have without sorting.
            parts.sort(key=lambda part: (part.rank, part.first_ns or 0))
            parts = [sorted_part(part, self.scratch) for part in parts]
        is_own = self.is_all_of(own.FORMAT, name)
        return OpenedDataset(
            format=self.format,
            instrument=name,
            instruments=self.instruments,
            parts=parts,
            size_bytes=sum(part.size_bytes for part in parts),
            time_range=own.time_range(files[own.FORMAT], name) if is_own and clock == "exchange" else None,
        )


def changes(before: dict[Path, tuple[int, int]], after: dict[Path, tuple[int, int]]) -> str:
    """The differences between two results of `Dataset.marks`, in words; empty if there are none."""
    found = {
        "new": [path.name for path in sorted(after.keys() - before.keys())],
        "removed": [path.name for path in sorted(before.keys() - after.keys())],
        "changed": [path.name for path in sorted(before.keys() & after.keys()) if before[path] != after[path]],
    }
    return "; ".join(f"{what}: {_listed(names)}" for what, names in found.items() if names)


def open_dataset(path: Path, check: Callable[[], None] = lambda: None) -> Dataset:
    """Recognise the files of a folder, with its subfolders and archives, or a single file.

    Hidden files are skipped. Of equal files, one is read. `check` is called with every folder and file; what it raises
    is raised.

    Raises:
        UnknownFormat: no file is of a known format.
        DatasetError: it cannot be read.
    """
    contents: list[Content] = []
    starts: list[FileStart] = []
    ignored: list[Ignored] = []
    unexplained: list[SourceFile] = []
    try:
        for file in files_of(path, lambda name, reason: ignored.append(Ignored(name, None, b"", reason)), check):
            check()
            head = file.head()
            try:
                found = _recognised(file, head)
            except NothingToReplay as reason:
                ignored.append(Ignored(file.name, file, head[:_KEPT_BYTES], str(reason)))
                continue
            if found is None:
                ignored.append(Ignored(file.name, file, head[:_KEPT_BYTES], None))
                if _is_table(file, head):
                    unexplained.append(file)
            else:
                known, instruments = found
                contents.append(Content(file, known, instruments))
                starts.append(FileStart.of(file, head, known.name, instruments))
    except OSError as error:
        msg = f"{printable(str(error.filename or path))} cannot be read: {error.strerror or error}"
        raise DatasetError(msg) from error
    ignored.sort(key=lambda each: each.name)
    if not contents:
        raise UnknownFormat(_unknown(path, ignored))
    # Members of an archive come in the order in which it holds them.
    contents.sort(key=lambda each: (each.file.path, each.file.member or ""))
    starts.sort(key=lambda each: (each.file.path, each.file.member or ""))
    again = repeated_files(starts)
    everything = frozenset().union(*(each.instruments for each in contents))
    return Dataset(
        path=path,
        contents=tuple(each for each in contents if each.file not in again),
        ignored=tuple(f"{each.name} ({each.reason})" if each.reason else each.name for each in ignored),
        unused=(
            *((each.file, each.instruments, again[each.file]) for each in contents if each.file in again),
            *((file, everything, _UNEXPLAINED) for file in sorted(unexplained, key=lambda file: file.name)),
        ),
        stores=stores.below(path, [each.file for each in contents if each.format is own.FORMAT]),
    )


def in_order(dataset: Dataset, attempt: Callable[[Dataset], T]) -> T:
    """The result of `attempt` on `dataset`; if its rows are too far out of order, on the same dataset sorted first."""
    try:
        return attempt(dataset)
    except Disordered:
        if dataset.sort:
            raise
        return attempt(replace(dataset, sort=True))


def _size_of(file: SourceFile) -> int:
    """Its size; 0 where it is gone by now."""
    try:
        return file.size_bytes
    except OSError:
        return 0


def _tried_formats(contents: Iterable[Content]) -> list[Format]:
    """The formats of these files, in the order in which formats are tried."""
    wanted = {content.format for content in contents}
    # Stop at the last of them, so that the rest is not imported.
    return list(islice((known for known in formats() if known in wanted), len(wanted)))


def _recognised(file: SourceFile, head: bytes) -> tuple[Format, frozenset[str]] | None:
    for known in formats():
        instruments = known.instruments(file, head)
        if instruments:
            return known, instruments
    return None


def _is_table(file: SourceFile, head: bytes) -> bool:
    from processor.formats.opening.unknown import is_table  # noqa: PLC0415 - imports all formats

    return is_table(file, head)


def _unknown(path: Path, ignored: list[Ignored]) -> str:
    from processor.formats.opening.unknown import unknown  # noqa: PLC0415 - imports all formats

    return unknown(path, ignored)


def _listed(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more

"""Opens a dataset, whatever its vendor: which files are of which format is seen in their content."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from textwrap import indent
from typing import TYPE_CHECKING, Final

from processor.errors import DatasetError, NothingToReplay, SettingError, UnknownFormat
from processor.formats import (
    binance_archive,
    binance_raw,
    bitstamp_raw,
    bybit_raw,
    bybit_trades,
    coinbase_raw,
    databento_csv,
    dbn,
    hftbacktest,
    kraken_raw,
    lobster,
    mapping,
    okx_raw,
    okx_trades,
    own,
    sqlite_tables,
    tardis,
)
from processor.formats.described import described, may_be_mapped
from processor.formats.same import Content, repeated
from processor.formats.walk import files_of, on_disk
from processor.names import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from processor.formats.base import Batch, Format
    from processor.formats.files import SourceFile
    from processor.report import Report

FORMATS: Final[tuple[Format, ...]] = (
    mapping.FORMAT,
    own.FORMAT,
    tardis.FORMAT,
    lobster.FORMAT,
    binance_raw.FORMAT,
    okx_raw.FORMAT,
    bybit_raw.FORMAT,
    kraken_raw.FORMAT,
    coinbase_raw.FORMAT,
    bitstamp_raw.FORMAT,
    binance_archive.FORMAT,
    bybit_trades.FORMAT,
    okx_trades.FORMAT,
    databento_csv.FORMAT,
    dbn.FORMAT,
    sqlite_tables.FORMAT,
    hftbacktest.FORMAT,
)

_LISTED: Final = 10
_KEPT_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class OpenedDataset:
    """One instrument of a dataset, ready to be read: `streams` in parallel, `size_bytes` of files together.

    `time_range` is the first and last exchange time in ns where the files say so before they are read.
    """

    format: str
    instrument: str
    instruments: tuple[str, ...]
    streams: list[Iterator[Batch]]
    size_bytes: int
    time_range: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder or file that was recognised: its files with the instruments in each, and the names of the others.

    Where it is known why a file is ignored, its name has the reason behind it, in brackets. `unused` are files of the
    format that tell nothing that is not in another one, with their instruments and a sentence that names it.
    """

    path: Path
    format: Format
    contents: tuple[tuple[SourceFile, frozenset[str]], ...]
    ignored: tuple[str, ...]
    unused: tuple[tuple[SourceFile, frozenset[str], str], ...] = ()

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files of the format, by name."""
        return tuple(file for file, _ in self.contents)

    @property
    def instruments(self) -> tuple[str, ...]:
        """All instruments, sorted."""
        return tuple(sorted(frozenset().union(*(instruments for _, instruments in self.contents))))

    def resolved(self, instrument: str | None) -> str:
        """The instrument meant: the first for None; `symbol` will do for `exchange:symbol`, and any case, if one fits.

        Raises:
            SettingError: there is none of this name, or several fit.
        """
        if instrument is None:
            return self.instruments[0]
        if instrument in self.instruments:
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
        return [file for file, instruments in self.contents if instrument in instruments]

    def unused_of(self, instrument: str) -> list[tuple[SourceFile, str]]:
        """The files that tell nothing of `instrument` that others do not, with the sentence that names these."""
        return [(file, reason) for file, instruments, reason in self.unused if instrument in instruments]

    def marks(self) -> dict[Path, tuple[int, int]]:
        """What `stat` says now of every file that is not hidden, of whatever format: size and time of change in ns."""
        return {path: (status.st_size, status.st_mtime_ns) for path, status in on_disk(self.path).items()}

    def open(self, instrument: str | None, clock: str, report: Report) -> OpenedDataset:
        """Begin to read an instrument (None: the first); `report` collects while the streams are read.

        Raises:
            SettingError: there is no such instrument.
            DatasetError: its files do not make sense together.
        """
        name = self.resolved(instrument)
        files = self.files_of(name)
        for file, reason in self.unused_of(name):
            report.add("unused", file.name, None, None, reason)
        return OpenedDataset(
            format=self.format.name,
            instrument=name,
            instruments=self.instruments,
            streams=self.format.streams(files, name, clock, report),
            size_bytes=sum(file.size_bytes for file in files),
            time_range=own.time_range(files, name) if self.format is own.FORMAT else None,
        )


def changes(before: dict[Path, tuple[int, int]], after: dict[Path, tuple[int, int]]) -> str:
    """What differs between two `Dataset.marks`, in words; empty where nothing does."""
    found = {
        "new": [path.name for path in sorted(after.keys() - before.keys())],
        "gone": [path.name for path in sorted(before.keys() - after.keys())],
        "other content": [path.name for path in sorted(before.keys() & after.keys()) if before[path] != after[path]],
    }
    return "; ".join(f"{what}: {_listed(names)}" for what, names in found.items() if names)


def open_dataset(path: Path) -> Dataset:
    """Recognise the files of a folder, of its subfolders, and of zip archives in them; or a single file.

    Hidden files are passed over. Of files that are the same, one is taken.

    Raises:
        UnknownFormat: nothing in it is of a format that is understood.
        DatasetError: it cannot be read, or holds files of two formats.
    """
    contents: list[Content] = []
    ignored: list[_Ignored] = []
    try:
        for file in files_of(path, lambda name, reason: ignored.append(_Ignored(name, None, b"", reason))):
            head = file.head()
            try:
                found = _recognised(file, head)
            except NothingToReplay as reason:
                ignored.append(_Ignored(file.name, file, head[:_KEPT_BYTES], str(reason)))
                continue
            if found is None:
                ignored.append(_Ignored(file.name, file, head[:_KEPT_BYTES], None))
            else:
                known, instruments = found
                contents.append(Content.of(file, head, known.name, instruments))
    except OSError as error:
        msg = f"{printable(str(error.filename or path))} cannot be read: {error.strerror or error}"
        raise DatasetError(msg) from error
    ignored.sort(key=lambda each: each.name)
    if not contents:
        raise UnknownFormat(_unknown(path, ignored))
    # Members of an archive come in the order in which it holds them.
    contents.sort(key=lambda each: (each.file.path, each.file.member or ""))
    of_formats: dict[str, list[str]] = {}
    for each in contents:
        of_formats.setdefault(each.format_name, []).append(each.file.name)
    if len(of_formats) > 1:
        listed = "; ".join(f"{name}: {_listed(files)}" for name, files in of_formats.items())
        msg = f"{printable(str(path))} holds files of several formats ({listed}): give each a folder of its own"
        raise DatasetError(msg)
    again = repeated(contents)
    return Dataset(
        path=path,
        format=next(known for known in FORMATS if known.name in of_formats),
        contents=tuple((each.file, each.instruments) for each in contents if each.file not in again),
        ignored=tuple(f"{each.name} ({each.reason})" if each.reason else each.name for each in ignored),
        unused=tuple((each.file, each.instruments, again[each.file]) for each in contents if each.file in again),
    )


@dataclass(frozen=True, slots=True)
class _Ignored:
    """A file of no format: how it begins, and why it is left out where that is known; or what is no file (None)."""

    name: str
    file: SourceFile | None
    start: bytes
    reason: str | None


def _recognised(file: SourceFile, head: bytes) -> tuple[Format, frozenset[str]] | None:
    for known in FORMATS:
        instruments = known.instruments(file, head)
        if instruments:
            return known, instruments
    return None


def _unknown(path: Path, ignored: list[_Ignored]) -> str:
    shown = printable(str(path))
    understood = "\n".join(f"  {known.title}" for known in FORMATS)
    if not ignored:
        return f"{shown} is empty\nUnderstood are:\n{understood}"
    found = "\n".join(f"  {each.name}: {_reason(each)}" for each in ignored[:_LISTED])
    more = f"\n  and {len(ignored) - _LISTED} more" if len(ignored) > _LISTED else ""
    msg = f"nothing in {shown} is of a format that is understood\nFound:\n{found}{more}\nUnderstood are:\n{understood}"
    tables = (each.file for each in ignored if each.file and each.reason is None and may_be_mapped(each.start))
    table = next(tables, None)
    if table is None:
        return msg
    mapped = indent(mapping.example(table, table.head()), "  ")
    advice = f"If it is trades or book updates in columns, put a file {mapping.FILE_NAME} like this beside it:"
    return f"{msg}\n{advice}\n{mapped}"


def _reason(ignored: _Ignored) -> str:
    if ignored.reason is not None or ignored.file is None:
        return ignored.reason or ""
    return described(ignored.file, ignored.start)


def _listed(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more

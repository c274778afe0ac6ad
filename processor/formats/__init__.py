"""Opens a dataset, whatever its vendor: which files are of which format is seen in their content."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from stat import S_ISREG
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
    iex,
    itch,
    kraken_raw,
    lobster,
    mapping,
    okx_raw,
    okx_trades,
    own,
    sierra,
    sqlite_tables,
    tardis,
)
from processor.formats.base import ZIP_MAGIC, SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from processor.formats.base import Batch, Format
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
    itch.FORMAT,
    iex.FORMAT,
    sierra.FORMAT,
)

_LISTED: Final = 10
_KEPT_BYTES: Final = 1024
_QUOTED_BYTES: Final = 60


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

    Where a format knows what an ignored file is, its name has the reason behind it, in brackets.
    """

    path: Path
    format: Format
    contents: tuple[tuple[SourceFile, frozenset[str]], ...]
    ignored: tuple[str, ...]

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

    def marks(self) -> dict[Path, tuple[int, int]]:
        """What `stat` says now of every file that is not hidden, of whatever format: size and time of change in ns."""
        found = {}
        for path in self.path.rglob("*") if self.path.is_dir() else [self.path]:
            if any(part.startswith(".") for part in path.relative_to(self.path).parts):
                continue
            with suppress(OSError):
                status = path.stat()
                if S_ISREG(status.st_mode):
                    found[path] = status.st_size, status.st_mtime_ns
        return found

    def open(self, instrument: str | None, clock: str, report: Report) -> OpenedDataset:
        """Begin to read an instrument (None: the first); `report` collects while the streams are read.

        Raises:
            SettingError: there is no such instrument.
            DatasetError: its files do not make sense together.
        """
        name = self.resolved(instrument)
        files = self.files_of(name)
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

    Hidden files are passed over.

    Raises:
        UnknownFormat: nothing in it is of a format that is understood.
        DatasetError: it cannot be read, or holds files of two formats.
    """
    recognised: dict[str, list[tuple[SourceFile, frozenset[str]]]] = {}
    ignored: list[_Ignored] = []
    try:
        for file in _files(path):
            head = file.head()
            try:
                found = _recognised(file, head)
            except NothingToReplay as reason:
                ignored.append(_Ignored(file.name, head[:_KEPT_BYTES], str(reason)))
                continue
            if found is None:
                ignored.append(_Ignored(file.name, head[:_KEPT_BYTES], None))
            else:
                known, instruments = found
                recognised.setdefault(known.name, []).append((file, instruments))
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}"
        raise DatasetError(msg) from error
    if not recognised:
        raise UnknownFormat(_unknown(path, ignored))
    if len(recognised) > 1:
        listed = "; ".join(
            f"{name}: {_listed([file.name for file, _ in contents])}" for name, contents in recognised.items()
        )
        msg = f"{path} holds files of several formats ({listed}): give each a folder of its own"
        raise DatasetError(msg)
    ((name, contents),) = recognised.items()
    return Dataset(
        path=path,
        format=next(known for known in FORMATS if known.name == name),
        contents=tuple(contents),
        ignored=tuple(f"{each.name} ({each.reason})" if each.reason else each.name for each in ignored),
    )


@dataclass(frozen=True, slots=True)
class _Ignored:
    """A file of no format: how it begins, and why it is left out where a format knows."""

    name: str
    start: bytes
    reason: str | None


def _recognised(file: SourceFile, head: bytes) -> tuple[Format, frozenset[str]] | None:
    for known in FORMATS:
        instruments = known.instruments(file, head)
        if instruments:
            return known, instruments
    return None


def _files(path: Path) -> Iterator[SourceFile]:
    """Every file of a dataset, sorted by path; archives as their members."""
    if not path.exists():
        msg = f"{path} does not exist: give a folder of recorded data, or one file of it"
        raise DatasetError(msg)
    folder = path.is_dir()
    root = path if folder else path.parent
    for found in sorted(path.rglob("*")) if folder else [path]:
        inside = found.relative_to(root).parts
        if not found.is_file() or (folder and any(part.startswith(".") for part in inside)):
            continue
        file = SourceFile(found, root=root)
        with found.open("rb") as start:
            is_archive = start.read(len(ZIP_MAGIC)) == ZIP_MAGIC
        if is_archive:
            yield from _members(file)
        else:
            yield file


def _members(archive: SourceFile) -> Iterator[SourceFile]:
    try:
        with zipfile.ZipFile(archive.path) as opened:
            names = sorted(member.filename for member in opened.infolist() if not member.is_dir())
    except zipfile.BadZipFile as error:
        msg = f"{archive.name}: the zip archive is damaged: {error}"
        raise DatasetError(msg) from error
    for name in names:
        if not any(part.startswith((".", "__MACOSX")) for part in name.split("/")):
            yield SourceFile(archive.path, name, archive.root)


def _unknown(path: Path, ignored: list[_Ignored]) -> str:
    understood = "\n".join(f"  {known.title}" for known in FORMATS)
    if not ignored:
        return f"{path} is empty\nUnderstood are:\n{understood}"
    found = "\n".join(f"  {each.name}: {each.reason or _described(each.start)}" for each in ignored[:_LISTED])
    more = f"\n  and {len(ignored) - _LISTED} more" if len(ignored) > _LISTED else ""
    msg = f"nothing in {path} is of a format that is understood\nFound:\n{found}{more}\nUnderstood are:\n{understood}"
    tables = (each for each in ignored if each.reason is None and b"\n" in each.start and b"\0" not in each.start)
    table = next(tables, None)
    if table is None:
        return msg
    mapped = indent(mapping.example(table.name, table.start), "  ")
    advice = f"If it is trades or book updates in columns, put a file {mapping.FILE_NAME} like this beside it:"
    return f"{msg}\n{advice}\n{mapped}"


def _described(head: bytes) -> str:
    if not head:
        return "empty"
    if b"\0" in head:
        return "binary"
    first = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].rstrip(b"\r")[:_QUOTED_BYTES]
    return f"text that begins {first.decode('utf-8', 'backslashreplace')!r}"


def _listed(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more

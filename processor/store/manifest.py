"""The manifest: which files make up a store, in which order, and whether they are all of it.

It is written after the files it names, whole or not at all, so what it does not name does not count, whatever was
writing when the power went.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from processor.core.price_step import NO_STEP, PriceStep
from processor.errors import DatasetError
from processor.store.checksums import StoredFile, verified
from processor.store.files import INDEX_FOLDER, file_name
from shared import atomic_write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_T = TypeVar("_T")

MANIFEST_FILE: Final = f"{INDEX_FOLDER}/manifest.json"
STORE_VERSION: Final = "8"


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the dataset: every event after the segment before and up to `last_ns`, all of one UTC `day`.

    `files` are its files by their names, relative to the store. Decimals are of prices and of sizes:
    `trade_decimals` those of the trades and their bars, `book_decimals` those of the book events and of the best
    prices in the bars. `minute_lots` are the minutes with trades: number since the epoch and lots. `price_step` is that
    of all events up to its end.
    """

    day: str
    first_ns: int
    last_ns: int
    trades: int
    book_events: int
    trade_decimals: tuple[int, int]
    book_decimals: tuple[int, int]
    consumed_bytes: int
    minute_lots: tuple[tuple[int, int], ...]
    price_step: PriceStep
    files: dict[str, StoredFile]

    def path(self, folder: Path, name: str) -> Path:
        """One of its files in the store `folder`, which is what was written.

        Raises:
            DatasetError: it is damaged.
        """
        return verified(folder / name, self.files[name])


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A store: one instrument of a dataset in the order of one of its clocks.

    `key` is that of the source (`processor.sources.key`), `source_bytes` its size; `report` is the data report as
    `Report.to_json` gives it, empty until the store is complete.
    """

    version: str
    key: str
    format: str
    instrument: str
    clock: str
    source_bytes: int
    complete: bool = False
    first_ns: int | None = None
    first_trade_ns: int | None = None
    first_book_ns: int | None = None
    segments: tuple[Segment, ...] = ()
    report: str = ""

    @property
    def last_ns(self) -> int | None:
        """Time of the last event there is so far."""
        return self.segments[-1].last_ns if self.segments else None

    @property
    def price_step(self) -> PriceStep:
        """The price step of the events there are so far."""
        return self.segments[-1].price_step if self.segments else NO_STEP

    def index_path(self, folder: Path, kind: str, segment: int) -> Path:
        """What was made from a segment's events, in the store `folder`; it is what was written.

        Raises:
            DatasetError: it is damaged.
        """
        return self.segments[segment].path(folder, file_name(kind, segment))

    @property
    def size_bytes(self) -> int:
        """Of all its files."""
        return sum(file.size_bytes for segment in self.segments for file in segment.files.values())


class _Versioned(msgspec.Struct, frozen=True):
    version: str


def save(folder: Path, manifest: Manifest) -> None:
    """Write it.

    Raises:
        OSError, WriteFailed: the operating system refused; what was there still is.
    """
    (folder / INDEX_FOLDER).mkdir(exist_ok=True)
    atomic_write(folder / MANIFEST_FILE, msgspec.json.encode(manifest) + b"\n")


def load(folder: Path) -> Manifest | None:
    """What lies in `folder`, whose files must all be there; None where there is no manifest.

    Raises:
        DatasetError: it is of another version or damaged, or a file is missing or has another size.
    """
    path = folder / MANIFEST_FILE
    found = _decoded(path, _Versioned)
    if found is None:
        return None
    if found.version != STORE_VERSION:
        msg = (
            f"{path}: version {found.version!r}; this release understands version {STORE_VERSION}. "
            f"Convert the dataset again, or remove {INDEX_FOLDER} to have the events read alone"
        )
        raise DatasetError(msg)
    manifest = _decoded(path, Manifest)
    if manifest is None:
        return None
    files = (each for segment in manifest.segments for each in segment.files.items())
    check_files(folder, {name: file.size_bytes for name, file in files})
    return manifest


def check_files(folder: Path, sizes: Mapping[str, int]) -> None:
    """Check that files of a store, named relative to it, are there with these sizes.

    Raises:
        DatasetError: one is missing or has another size.
    """
    for name, size in sizes.items():
        try:
            found = (folder / name).stat().st_size
        except OSError as error:
            msg = f"{folder / name}, which {MANIFEST_FILE} names, cannot be read: {error.strerror}"
            raise DatasetError(msg) from error
        if found != size:
            msg = f"{folder / name} has {found} bytes, {MANIFEST_FILE} says {size}"
            raise DatasetError(msg)


class _Files(msgspec.Struct, frozen=True):
    """A segment's files; until version 4 there were only their sizes."""

    files: dict[str, int | StoredFile]


class Contents(msgspec.Struct, frozen=True):
    """What a manifest of any version says of the events of its store."""

    instrument: str
    complete: bool = False
    segments: tuple[_Files, ...] = ()

    @property
    def event_files(self) -> dict[str, int]:
        """The files that hold the events, named relative to the store, with their sizes."""
        files = ((name, file) for segment in self.segments for name, file in segment.files.items())
        return {
            name: file if isinstance(file, int) else file.size_bytes
            for name, file in files
            if not name.startswith(f"{INDEX_FOLDER}/")
        }


def contents(folder: Path) -> Contents:
    """What the store in `folder` holds.

    Raises:
        DatasetError: there is none, or its manifest is damaged.
    """
    path = folder / MANIFEST_FILE
    found = _decoded(path, Contents)
    if found is None:
        msg = f"{path} cannot be read: it is gone"
        raise DatasetError(msg)
    return found


def _decoded(path: Path, kind: type[_T]) -> _T | None:
    """What the manifest says; None where there is none."""
    try:
        payload = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise DatasetError(msg) from error
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.MsgspecError as error:
        msg = f"{path} is damaged: {error}"
        raise DatasetError(msg) from error

"""The files of a dataset: on disk, or members of archives, which may be nested.

A member of a zip archive or of a plain tar is read in place. A compressed tar is unpacked from its start to the member;
reading its members in order unpacks it once. An archive in an archive, and any other content that a library needs
as a file, is copied to a temporary file.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from stat import S_ISLNK
from typing import TYPE_CHECKING, Final

from processor.errors import DatasetError
from processor.formats.disk import tar
from processor.formats.disk.file_cache import DiskReader, FileCache, Limited, Place
from processor.formats.disk.packing import DAMAGE, HEAD_BYTES, Block, as_utf8, unpacked
from processor.names import openable, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from processor.formats.disk.file_cache import Readable
    from processor.formats.disk.tar import ForwardReader

    LeftOut = Callable[[str, str], None]
    """Gets the name of a skipped file and the reason."""

_PLAIN_READ_BYTES: Final = 768 << 10
"""Bytes of content per block: small enough for a core's cache, large enough to be worth a handover."""
_PACKED_READ_BYTES: Final = 256 << 10
"""The most bytes read of a packed file at once; fewer if they unpack to more content than a block."""
_MOST_BESIDE_BYTES: Final = 1 << 20
_MOST_ARCHIVES: Final = 3
_ZIPS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ZIP: Final = "zip"
_TAR: Final = "tar"
_ENCRYPTED: Final = 1
"""The bit of a zip member's flags that marks an encrypted member."""
_DOCUMENT: Final = "[Content_Types].xml"
"""A member of every Microsoft Office document, which is a zip archive but counts as one file."""
_RESOURCES: Final = "__MACOSX"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a dataset: on disk, or a member of an archive. `root` is the dataset's folder.

    `member` is the path within the archive, such as "inner.zip/trades.csv" for a nested archive. Files of one dataset
    share their `cache`.
    """

    path: Path
    member: str | None = None
    root: Path | None = None
    cache: FileCache = field(default_factory=FileCache, kw_only=True, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The file's name in reports: its path within the dataset, with characters escaped that cannot be shown."""
        shown = self.path.name if self.root is None else self.path.relative_to(self.root).as_posix()
        return printable(shown if self.member is None else f"{shown}/{self.member}")

    @property
    def base_name(self) -> str:
        """The file's name without its folders."""
        return (self.member or self.path.name).rpartition("/")[2]

    @property
    def size_bytes(self) -> int:
        """Bytes on disk; for a member, its share of the archive."""
        return self.path.stat().st_size if self.member is None else self._place().stored_bytes

    @property
    def is_plain(self) -> bool:
        """Whether a file on disk has exactly this content, byte for byte."""
        if self.member is not None:
            return False
        with self.path.open("rb") as raw:
            first = Block(raw.read(tar.HEADER_BYTES), 0)
        return next(unpacked(iter([first]))) is first

    def blocks(self, read_bytes: int | None = None) -> Iterator[Block]:
        """The file's unpacked content, about a megabyte at a time; its packing is recognised by content, not by name.

        UTF-16 text becomes UTF-8, and quotes around all values are removed (see `as_utf8`). `read_bytes` is the number
        of bytes of the file to read at once; by default an estimate of what unpacks to one block.

        Raises:
            DatasetError: the file cannot be read, or its packing is damaged.
        """
        yield from as_utf8(self.content(read_bytes))

    def content(self, read_bytes: int | None = None) -> Iterator[Block]:
        """The unpacked content as it is, without the changes to text that `blocks` makes."""
        place = None if self.member is None else self._place()
        with self._opened(place) as raw:
            yield from self.content_of(raw, place, read_bytes)

    def content_of(self, raw: Readable, place: Place | None, read_bytes: int | None = None) -> Iterator[Block]:
        """The unpacked content of a file that is already open."""
        pace = _Pace(read_bytes)
        try:
            for block in unpacked(_packed(raw, place, pace)):
                pace.unpacked += len(block.data)
                yield block
        except DAMAGE as error:
            reason = printable(str(error))
            msg = f"{self.name}: cannot be read after byte {pace.consumed}: {reason}"
            raise DatasetError(msg) from error

    def head(self) -> bytes:
        """The first 64 KiB of the content.

        Raises:
            DatasetError: the file cannot be read.
        """
        head = self.cache.head(self)
        if head is None:
            head = _first(self.blocks(HEAD_BYTES))
            self.cache.keep_head(self, head)
        return head

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """A file with the content that any library can open: itself, or a temporary copy if it is packed or a member.

        Raises:
            DatasetError: the file cannot be read, or there is no room for the copy.
        """
        if self.is_plain:
            with openable(self.path) as path:
                yield path
        else:
            copy = self.cache.copy(self)
            yield copy.path

    @contextmanager
    def _opened(self, place: Place | None) -> Iterator[Readable]:
        try:
            if place is None:
                with self.path.open("rb") as raw:
                    yield raw
                return
            archive = replace(self, member=place.archive)
            if place.offset is None:
                with self.cache.archive(archive).open(place.name) as raw:
                    yield raw
            elif archive.is_plain:
                with archive.path.open("rb") as raw:
                    raw.seek(place.offset)
                    yield Limited(raw, place.size_bytes)
            else:
                with self.cache.stream(archive, place.offset) as stream:
                    yield Limited(stream, place.size_bytes)
        except DAMAGE as error:
            msg = f"{self.name}: cannot be read: {printable(str(error))}"
            raise DatasetError(msg) from error

    def _place(self) -> Place:
        places = _places(self)
        if self.member not in places:
            msg = f"{self.name}: the archive has no such member"
            raise DatasetError(msg)
        return places[self.member]


@dataclass(slots=True)
class _Pace:
    """How many bytes to read of a file at once, estimated from the content they unpacked to so far."""

    asked_bytes: int | None
    consumed: int = 0
    unpacked: int = 0

    @property
    def read_bytes(self) -> int:
        if self.asked_bytes:
            return self.asked_bytes
        if not self.unpacked:
            return max(min(_PACKED_READ_BYTES // 4, _PLAIN_READ_BYTES), 1)
        if self.unpacked == self.consumed:
            return _PLAIN_READ_BYTES
        return min(max(_PLAIN_READ_BYTES * self.consumed // self.unpacked, 1), _PACKED_READ_BYTES)


def _packed(raw: Readable, place: Place | None, pace: _Pace) -> Iterator[Block]:
    """The packed bytes of a file on disk (no place) or of a member."""
    share = 1.0 if place is None else place.stored_bytes / max(place.size_bytes, 1)
    while data := raw.read(pace.read_bytes):
        pace.consumed += len(data)
        yield Block(data, int(pace.consumed * share))
    if place is not None and pace.consumed < place.size_bytes:
        yield Block(b"", int(pace.consumed * share), cut_off=True)


def _first(blocks: Iterator[Block]) -> bytes:
    head = b""
    for block in blocks:
        head = head + block.data if head else block.data
        if len(head) >= HEAD_BYTES:
            break
    return head[:HEAD_BYTES]


def opened(file: SourceFile, left_out: LeftOut, depth: int = 0) -> Iterator[SourceFile]:
    """The file itself, or if it is an archive, its visible members, including those of nested archives.

    Raises:
        DatasetError: an archive is damaged, encrypted, or nested too deeply.
    """
    kind = _archive_kind(file)
    if kind is None:
        yield file
        return
    if depth == _MOST_ARCHIVES:
        msg = f"{file.name} is nested in {_MOST_ARCHIVES} archives: unpack the outer ones first"
        raise DatasetError(msg)
    found = _zip_members(file, left_out) if kind == _ZIP else _tar_members(file, left_out)
    if found is None:
        yield file
        return
    if not found:
        left_out(file.name, "an archive without files")
    file.cache.places.setdefault(file.path, {}).update(found)
    for member in found:
        yield from opened(replace(file, member=member), left_out, depth + 1)


def nearest_content(file: SourceFile, name: str) -> bytes | None:
    """The content of the nearest file called `name`: beside `file` or above it in its archive, then in the dataset.

    Raises:
        DatasetError: it cannot be read, or is too large.
    """
    if file.member is not None:
        places = _places(file)
        above = file.member.split("/")[:-1]
        for depth in range(len(above), -1, -1):
            member = "/".join((*above[:depth], name))
            if member in places:
                return _small(replace(_unmapped(file), member=member))
    folder = file.path.parent
    while True:
        found = folder / name
        if found.is_file():
            return _small(replace(_unmapped(file), path=found, member=None))
        if file.root is None or folder in {file.root, folder.parent}:
            return None
        folder = folder.parent


def _unmapped(file: SourceFile) -> SourceFile:
    """The plain file, without the fields that a format adds."""
    return SourceFile(file.path, file.member, file.root, cache=file.cache)


def _small(file: SourceFile) -> bytes:
    content = b""
    for block in file.blocks():
        content += block.data
        if len(content) > _MOST_BESIDE_BYTES:
            msg = f"{file.name} is larger than {_MOST_BESIDE_BYTES >> 20} MiB: too large for a file of this name"
            raise DatasetError(msg)
    return content


def _places(file: SourceFile) -> dict[str, Place]:
    """The members of an archive on disk, by their paths in it."""
    if file.path not in file.cache.places:
        for _ in opened(SourceFile(file.path, root=file.root, cache=file.cache), lambda _name, _reason: None):
            pass
    return file.cache.places.setdefault(file.path, {})


def _archive_kind(file: SourceFile, blocks: Iterator[Block] | None = None) -> str | None:
    """The kind of archive that the file is; None if it is not an archive. Caches the file's head if that is free."""
    key = file.path, file.member
    if key not in file.cache.kinds:
        begin = _first(file.content(HEAD_BYTES) if blocks is None else blocks)
        kind = _ZIP if begin.startswith(_ZIPS) else _TAR if tar.is_header(begin) else None
        file.cache.kinds[key] = kind
        if kind is None:
            known = [block.data for block in as_utf8(iter([Block(begin, 0)]))]
            if len(begin) < HEAD_BYTES or known[:1] == [begin]:
                file.cache.keep_head(file, b"".join(known))
    return file.cache.kinds[key]


def _path(name: str) -> str | None:
    """The name of a member as a path of readable parts; None if it is hidden."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    return None if any(part.startswith((".", _RESOURCES)) for part in parts) else "/".join(parts)


class _Listing:
    """The members of an archive found so far, by their paths in the file on disk."""

    def __init__(self, archive: SourceFile, left_out: LeftOut) -> None:
        self.places: dict[str, Place] = {}
        self._archive = archive
        self._left_out = left_out

    def add(self, place: Place, fault: str | None) -> SourceFile | None:
        """Add a member, unless it is hidden or has a fault.

        A later member replaces an earlier one of the same name, as unpacking the archive would.
        """
        shown = _path(place.name)
        if not shown:
            return None
        member = shown if self._archive.member is None else f"{self._archive.member}/{shown}"
        file = replace(self._archive, member=member)
        if fault is not None:
            self._left_out(file.name, printable(fault))
            return None
        if self.places.pop(member, None) is not None:
            self._left_out(file.name, "occurs twice in the archive: the later one is read")
            file.cache.forget(file)
        self.places[member] = place
        return file


def _zip_members(archive: SourceFile, left_out: LeftOut) -> dict[str, Place] | None:
    """The members of a zip archive by path, sorted; None for an Office document, which is also a zip archive."""
    try:
        found = archive.cache.archive(archive)
    except (*DAMAGE, UnicodeDecodeError) as error:
        msg = f"{archive.name}: the zip archive is damaged: {printable(str(error))}"
        raise DatasetError(msg) from error
    if _DOCUMENT in found.NameToInfo:
        return None
    share = 1.0 if archive.is_plain else archive.size_bytes / max(Path(str(found.filename)).stat().st_size, 1)
    listing = _Listing(archive, left_out)
    for info in found.infolist():
        if info.is_dir():
            continue
        if info.flag_bits & _ENCRYPTED:
            msg = (
                f"{archive.name}: its member {printable(info.filename)} is encrypted: unpack it with its password first"
            )
            raise DatasetError(msg)
        place = Place(archive.member, info.filename, info.file_size, int(info.compress_size * share))
        listing.add(place, "a link" if S_ISLNK(info.external_attr >> 16) else None)
    return dict(sorted(listing.places.items()))


def _tar_members(archive: SourceFile, left_out: LeftOut) -> dict[str, Place]:
    """The members of a tar by path: sorted if each can be read in place, otherwise in the order of the archive.

    The heads of members that would have to be unpacked again are read on the way.

    Raises:
        DatasetError: the archive is damaged.
    """
    if archive.is_plain:
        with archive.path.open("rb") as file:
            return dict(sorted(_listed(archive, DiskReader(file), left_out, look=False).items()))
    with archive.cache.stream(archive, 0) as raw:
        listing = _listed(archive, raw, left_out, look=True)
    share = archive.size_bytes / max(raw.at, 1)
    return {name: replace(place, stored_bytes=int(place.size_bytes * share)) for name, place in listing.items()}


def _listed(archive: SourceFile, raw: ForwardReader, left_out: LeftOut, *, look: bool) -> dict[str, Place]:
    listing = _Listing(archive, left_out)
    try:
        for entry in tar.entries(raw):
            place = Place(archive.member, entry.name, entry.size_bytes, entry.size_bytes, entry.offset)
            file = listing.add(place, entry.fault)
            if file is not None and look:
                _archive_kind(file, file.content_of(Limited(raw, entry.size_bytes), place, HEAD_BYTES))
    except tar.DamagedTar as error:
        msg = f"{archive.name}: the tar archive is damaged: {error}"
        raise DatasetError(msg) from error
    except tar.CutOffTar:
        left_out(archive.name, "has no end marker: if the archive is cut off, the rest is lost")
    return listing.places

"""The files of a dataset: on disk, or members of archives there, which may lie in other archives.

A member of a zip archive or of a plain tar is read at its place. A packed tar is unpacked from its begin to the member;
who reads its members one after the other unpacks it once. An archive in an archive, and whatever else a library wants
to have as a file, is copied to a temporary one.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from stat import S_ISLNK
from typing import TYPE_CHECKING, Final

from processor.errors import DatasetError
from processor.formats.disk import tar
from processor.formats.disk.keeping import Kept, Limited, OnDisk, Place
from processor.formats.disk.packing import DAMAGE, HEAD_BYTES, Block, as_utf8, unpacked
from processor.names import openable, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from processor.formats.disk.keeping import Readable
    from processor.formats.disk.tar import Onwards

    LeftOut = Callable[[str, str], None]
    """Is told the name of what is left out, and why."""

_PLAIN_READ_BYTES: Final = 768 << 10
"""Content that is handed on at once: it stays in a core's cache, and is worth the handing."""
_PACKED_READ_BYTES: Final = 256 << 10
"""The most that is read of a packed file at once; less where it unpacks to more than that content."""
_MOST_BESIDE_BYTES: Final = 1 << 20
_MOST_ARCHIVES: Final = 3
_ZIPS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ZIP: Final = "zip"
_TAR: Final = "tar"
_ENCRYPTED: Final = 1
"""Of a zip member's flags."""
_DOCUMENT: Final = "[Content_Types].xml"
"""A member of every document of Microsoft's Office: a zip archive, but a file to whoever wrote it."""
_RESOURCES: Final = "__MACOSX"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a dataset: on disk, or a member of an archive there. `root` is the dataset's folder.

    `member` is the path within the archive: "inner.zip/trades.csv" where an archive lies in it. Files of one dataset
    share what they have `kept`.
    """

    path: Path
    member: str | None = None
    root: Path | None = None
    kept: Kept = field(default_factory=Kept, kw_only=True, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The file as reports show it: its path within the dataset, escaped where that cannot be shown."""
        shown = self.path.name if self.root is None else self.path.relative_to(self.root).as_posix()
        return printable(shown if self.member is None else f"{shown}/{self.member}")

    @property
    def base_name(self) -> str:
        """Its name without the folders."""
        return (self.member or self.path.name).rpartition("/")[2]

    @property
    def size_bytes(self) -> int:
        """Bytes on disk: of a member, what it takes of the archive there."""
        return self.path.stat().st_size if self.member is None else self._place().stored_bytes

    @property
    def is_plain(self) -> bool:
        """Whether the content is that of a file on disk, byte for byte."""
        if self.member is not None:
            return False
        with self.path.open("rb") as raw:
            first = Block(raw.read(tar.HEADER_BYTES), 0)
        return next(unpacked(iter([first]))) is first

    def blocks(self, read_bytes: int | None = None) -> Iterator[Block]:
        """The file's content, unpacked whatever its packing (by content, not by name), about a megabyte at a time.

        Text of UTF-16 comes as UTF-8, and values that are all in quotes come without them (`as_utf8`). `read_bytes` is
        how much is read of the file at once; otherwise what makes so much content, as far as is known.

        Raises:
            DatasetError: the file cannot be read, or its packing is damaged.
        """
        yield from as_utf8(self.content(read_bytes))

    def content(self, read_bytes: int | None = None) -> Iterator[Block]:
        """The same as it is, without a change to text."""
        place = None if self.member is None else self._place()
        with self._opened(place) as raw:
            yield from self.content_of(raw, place, read_bytes)

    def content_of(self, raw: Readable, place: Place | None, read_bytes: int | None = None) -> Iterator[Block]:
        """The same of a file that is opened already."""
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
        head = self.kept.head(self)
        if head is None:
            head = _first(self.blocks(HEAD_BYTES))
            self.kept.keep_head(self, head)
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
            copy = self.kept.copy(self)
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
                with self.kept.archive(archive).open(place.name) as raw:
                    yield raw
            elif archive.is_plain:
                with archive.path.open("rb") as raw:
                    raw.seek(place.offset)
                    yield Limited(raw, place.size_bytes)
            else:
                with self.kept.stream(archive, place.offset) as stream:
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
    """How much is read of a file at once, by how much content that made so far."""

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
    """The bytes of a file on disk (no place) or of a member as they lie there."""
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
    """The file itself, or the members of the archive that it is, those of archives in it too; hidden ones are not.

    Raises:
        DatasetError: an archive is damaged, encrypted, or lies in too many others.
    """
    kind = _looked_at(file)
    if kind is None:
        yield file
        return
    if depth == _MOST_ARCHIVES:
        msg = f"{file.name} is nested in {_MOST_ARCHIVES} archives: unpack the outer ones first"
        raise DatasetError(msg)
    found = _of_zip(file, left_out) if kind == _ZIP else _of_tar(file, left_out)
    if found is None:
        yield file
        return
    if not found:
        left_out(file.name, "an archive without files")
    file.kept.places.setdefault(file.path, {}).update(found)
    for member in found:
        yield from opened(replace(file, member=member), left_out, depth + 1)


def beside(file: SourceFile, name: str) -> bytes | None:
    """The content of the nearest file of this name: beside `file` or above it in its archive, then in the dataset.

    Raises:
        DatasetError: it cannot be read, or is no small file.
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
    """The file without what a format adds to it."""
    return SourceFile(file.path, file.member, file.root, kept=file.kept)


def _small(file: SourceFile) -> bytes:
    content = b""
    for block in file.blocks():
        content += block.data
        if len(content) > _MOST_BESIDE_BYTES:
            msg = f"{file.name} is larger than {_MOST_BESIDE_BYTES >> 20} MiB: too large for a file of this name"
            raise DatasetError(msg)
    return content


def _places(file: SourceFile) -> dict[str, Place]:
    """The members of an archive on disk by their paths in it."""
    if file.path not in file.kept.places:
        for _ in opened(SourceFile(file.path, root=file.root, kept=file.kept), lambda _name, _reason: None):
            pass
    return file.kept.places.setdefault(file.path, {})


def _looked_at(file: SourceFile, blocks: Iterator[Block] | None = None) -> str | None:
    """Which kind of archive the file is, None if it is none: then its head is kept where that costs nothing more."""
    key = file.path, file.member
    if key not in file.kept.kinds:
        begin = _first(file.content(HEAD_BYTES) if blocks is None else blocks)
        kind = _ZIP if begin.startswith(_ZIPS) else _TAR if tar.is_header(begin) else None
        file.kept.kinds[key] = kind
        if kind is None:
            known = [block.data for block in as_utf8(iter([Block(begin, 0)]))]
            if len(begin) < HEAD_BYTES or known[:1] == [begin]:
                file.kept.keep_head(file, b"".join(known))
    return file.kept.kinds[key]


def _path(name: str) -> str | None:
    """The name of a member as a path of readable parts; None for what is hidden."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    return None if any(part.startswith((".", _RESOURCES)) for part in parts) else "/".join(parts)


class _Listing:
    """The members of an archive as they are found, by their paths in the file on disk."""

    def __init__(self, archive: SourceFile, left_out: LeftOut) -> None:
        self.places: dict[str, Place] = {}
        self._archive = archive
        self._left_out = left_out

    def add(self, place: Place, fault: str | None) -> SourceFile | None:
        """One more, unless it is hidden or has a fault.

        A later one of a name takes the place of an earlier one, as it does where an archive is unpacked.
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
            file.kept.forget(file)
        self.places[member] = place
        return file


def _of_zip(archive: SourceFile, left_out: LeftOut) -> dict[str, Place] | None:
    """The members of a zip archive by path, sorted; None for a document that is one."""
    try:
        found = archive.kept.archive(archive)
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


def _of_tar(archive: SourceFile, left_out: LeftOut) -> dict[str, Place]:
    """The members of a tar by path: sorted where each can be read at its place, else in the order they lie in.

    What comes by is looked at where it would have to be unpacked again.

    Raises:
        DatasetError: the archive is damaged.
    """
    if archive.is_plain:
        with archive.path.open("rb") as file:
            return dict(sorted(_listed(archive, OnDisk(file), left_out, look=False).items()))
    with archive.kept.stream(archive, 0) as raw:
        listing = _listed(archive, raw, left_out, look=True)
    share = archive.size_bytes / max(raw.at, 1)
    return {name: replace(place, stored_bytes=int(place.size_bytes * share)) for name, place in listing.items()}


def _listed(archive: SourceFile, raw: Onwards, left_out: LeftOut, *, look: bool) -> dict[str, Place]:
    listing = _Listing(archive, left_out)
    try:
        for entry in tar.entries(raw):
            place = Place(archive.member, entry.name, entry.size_bytes, entry.size_bytes, entry.offset)
            file = listing.add(place, entry.fault)
            if file is not None and look:
                _looked_at(file, file.content_of(Limited(raw, entry.size_bytes), place, HEAD_BYTES))
    except tar.DamagedTar as error:
        msg = f"{archive.name}: the tar archive is damaged: {error}"
        raise DatasetError(msg) from error
    except tar.CutOffTar:
        left_out(archive.name, "has no end marker: if the archive is cut off, the rest is lost")
    return listing.places

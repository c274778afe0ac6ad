"""The headers of a tar archive in order, as POSIX and GNU write them."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER_BYTES: Final = 512

_MOST_EXTENSION_BYTES: Final = 1 << 20
_SPARSE_GOES_ON: Final = 482, 504
"""Offsets of the flag for a following header: in GNU's header of a sparse file, and in each continuation."""
_WITHOUT_CONTENT: Final = (
    tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE,
)  # fmt: skip
_FAULTS: Final = {
    tarfile.LNKTYPE: "the same file as {}",
    tarfile.SYMTYPE: "a link to {}",
    tarfile.GNUTYPE_SPARSE: "a sparse file: pack it again without holes",
}
_SPARSE: Final = "GNU.sparse."


class ForwardReader(Protocol):
    """A file that is read forwards; the next byte is `at`."""

    at: int

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end."""

    def skip_to(self, offset: int) -> None:
        """Skip forwards to byte `offset`, or to the end if the file is shorter."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A member whose content starts at byte `offset`; `fault` says why it cannot be read, None for a regular file."""

    name: str
    size_bytes: int
    offset: int
    fault: str | None


class DamagedTar(Exception):
    """The archive has an invalid header; the message says where."""


class CutOffTar(Exception):
    """The archive stops too early: within a header, or where a header or the end marker is expected."""


def is_header(begin: bytes) -> bool:
    """Whether content starts with a header, by the checksum, which also the oldest kind has."""
    try:
        _header(begin)
    except tarfile.HeaderError:
        return False
    return True


def entries(raw: ForwardReader) -> Iterator[Entry]:
    """All members but folders, in order; ask for the next one before `raw` has passed the content of the last one.

    Raises:
        DamagedTar: a header is damaged.
        CutOffTar: the archive ends too early.
    """
    fields: dict[str, str] = {}
    while True:
        begin = _whole(raw, HEADER_BYTES)
        if not any(begin):
            return
        try:
            info = _header(begin)
        except tarfile.HeaderError as error:
            msg = f"{error} at byte {raw.at - HEADER_BYTES}"
            raise DamagedTar(msg) from error
        if info.type == tarfile.GNUTYPE_SPARSE:
            _skip_map(raw, begin)
        offset = raw.at
        size = 0 if info.type in _WITHOUT_CONTENT else int(fields.get("size", info.size))
        if info.type in {tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}:
            fields |= _extension(info.type, _whole(raw, size))
        elif info.type not in {tarfile.GNUTYPE_LONGLINK, tarfile.XGLTYPE}:
            if info.type != tarfile.DIRTYPE:
                yield Entry(fields.get("path", info.name), size, offset, _fault(info, fields))
            fields = {}
        raw.skip_to(offset + -(-size // HEADER_BYTES) * HEADER_BYTES)


def _header(begin: bytes) -> tarfile.TarInfo:
    return tarfile.TarInfo.frombuf(begin[:HEADER_BYTES], "utf-8", "surrogateescape")


def _whole(raw: ForwardReader, size: int) -> bytes:
    """The next `size` bytes."""
    if size > _MOST_EXTENSION_BYTES:
        msg = f"a name of {size} bytes at byte {raw.at}"
        raise DamagedTar(msg)
    content = b""
    while len(content) < size:
        more = raw.read(size - len(content))
        if not more:
            raise CutOffTar
        content += more
    return content


def _skip_map(raw: ForwardReader, begin: bytes) -> None:
    at, at_next = _SPARSE_GOES_ON
    while begin[at]:
        begin, at = _whole(raw, HEADER_BYTES), at_next


def _extension(kind: bytes, content: bytes) -> dict[str, str]:
    """The extended header of the next member: a long name (GNU), or any fields (POSIX)."""
    if kind == tarfile.GNUTYPE_LONGNAME:
        return {"path": _text(content.partition(b"\0")[0])}
    fields = {}
    while content:
        length, _, rest = content.partition(b" ")
        if not length.isdigit() or not len(length) < int(length) <= len(content):
            break
        key, _, value = rest[: int(length) - len(length) - 2].partition(b"=")
        fields[_text(key)] = _text(value)
        content = content[int(length) :]
    if not fields.get("size", "0").isdecimal():
        del fields["size"]
    return fields


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _fault(info: tarfile.TarInfo, fields: dict[str, str]) -> str | None:
    if any(key.startswith(_SPARSE) for key in fields):
        return _FAULTS[tarfile.GNUTYPE_SPARSE]
    if info.type in {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE}:
        return None
    return _FAULTS.get(info.type, "not a regular file").format(fields.get("linkpath", info.linkname))

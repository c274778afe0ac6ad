"""What a way of exchange offers: a writer that publishes pictures, and a reader that gives the newest one decoded."""

from __future__ import annotations

import random
import struct
import time
import zlib
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import msgspec

from shared import STATUS_FILE, FileEntry, Held, Picture, Status, decode, encode
from shared.views import BY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_FRAME: Final = struct.Struct("<HI")


class Broken(Exception):
    """What came is no whole picture."""


class Publication(msgspec.Struct, frozen=True):
    """One picture to publish: its status, which lists the files, and their bytes."""

    status: Status
    files: dict[str, bytes]


class Writer(Protocol):
    """The one writer."""

    def publish(self, publication: Publication) -> int:
        """Make it the current picture; return the bytes that one reader has to take in for it."""

    def close(self) -> None:
        """End it in good order."""


class Reader(Protocol):
    """One of the readers."""

    def next(self, timeout_s: float) -> Picture | None:
        """The newest picture that was not given yet; None where none comes in time.

        Raises:
            Broken: what came is no whole picture.
            OSError: the way is not there, or no longer.
        """

    def close(self) -> None:
        """Give it up."""


def _never_missing() -> str | None:
    return None


def _no_service(_place: Path) -> AbstractContextManager[int | None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Way:
    """A way of exchange between processes of one machine that know a folder, `place`, and nothing else of each other.

    `missing` says what it lacks here. `service` runs what it needs besides and gives its process id. `sources` are the
    modules of its code.
    """

    name: str
    writer: Callable[[Path], Writer]
    reader: Callable[[Path], Reader]
    sources: tuple[str, ...]
    missing: Callable[[], str | None] = _never_missing
    service: Callable[[Path], AbstractContextManager[int | None]] = _no_service
    needs: str = "nothing"
    place: Literal["disk", "memory"] = "disk"
    fills_disk: bool = True
    cat: str = "no"
    language: str = "a library"


def framed(files: Mapping[str, bytes]) -> bytes:
    """Several files as one message."""
    pieces: list[bytes] = []
    for name, payload in files.items():
        pieces += [_FRAME.pack(len(name), len(payload)), name.encode(), payload]
    return b"".join(pieces)


def unframed(message: bytes | memoryview) -> dict[str, memoryview]:
    """The files of a message.

    Raises:
        Broken: it is cut.
    """
    view, at = memoryview(message), 0
    files: dict[str, memoryview] = {}
    while at < len(view):
        try:
            name_bytes, size = _FRAME.unpack_from(view, at)
        except struct.error as error:
            raise Broken from error
        at += _FRAME.size + name_bytes
        files[str(view[at - name_bytes : at], "utf-8")] = view[at : at + size]
        at += size
    if at != len(view):
        raise Broken
    return files


def message_of(publication: Publication) -> bytes:
    """A whole picture as one message."""
    return framed({STATUS_FILE: encode(publication.status), **publication.files})


class Assembler:
    """Makes pictures of files that came together; a file is decoded when it has changed.

    As the reader of files does, it holds all bytes against the checksums of the status.
    """

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, int]] = {}
        self._held: dict[str, Held] = {}

    def picture(self, files: Mapping[str, Any]) -> Picture:
        """The picture of a status and the files that it lists, of which those that have not changed may be left out.

        Raises:
            Broken: they do not belong together.
        """
        status: Status = decode(STATUS_FILE, files[STATUS_FILE])
        for name, entry in status.files.items():
            key = entry.bytes, entry.crc32
            if self._entries.get(name) == key:
                continue
            payload = files.get(name)
            if payload is None or (len(payload), zlib.crc32(payload)) != key:
                raise Broken(name)
            self._held[BY_FILE[name].name] = Held(decode(name, payload), entry.crc32)
            self._entries[name] = key
        return Picture(status, dict(self._held))


class Polled:
    """Looks for a new picture at a fixed pace; readers that start together do not look together."""

    def __init__(self, look: Callable[[], Picture | None], every_s: float) -> None:
        self._look = look
        self._every_s = every_s
        self._due_s = time.monotonic() + random.uniform(0, every_s)
        self._last: Picture | None = None

    def next(self, timeout_s: float) -> Picture | None:
        """As `Reader.next`."""
        ends_s = time.monotonic() + timeout_s
        while self._due_s <= ends_s:
            time.sleep(max(0.0, self._due_s - time.monotonic()))
            found = self._look()
            self._due_s = time.monotonic() + self._every_s
            if found is not None and found is not self._last:
                self._last = found
                return found
        time.sleep(max(0.0, ends_s - time.monotonic()))
        return None


def entries_of(files: Mapping[str, bytes], generation: int) -> dict[str, FileEntry]:
    """What a status says of these files."""
    return {
        name: FileEntry(generation=generation, bytes=len(payload), crc32=zlib.crc32(payload))
        for name, payload in files.items()
    }

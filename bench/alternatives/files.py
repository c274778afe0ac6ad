"""The files of the contract, as they are and with one thing changed at a time."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

import shared.reader
from bench.alternatives.base import Polled, Publication, Way
from shared import POLL_INTERVAL_MS, STATUS_FILE, DirectoryReader, DirectoryWriter, Picture, encode
from shared.watch import DirectoryWatch, can_watch

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore] # from 3.14 on
except ImportError:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

_FAST_POLL_S: Final = 0.005
_EVERY_PROCESS: Final = ("shared/writer.py", "shared/disk.py", "shared/lock.py", "shared/reader.py")

Codec = tuple["Callable[[bytes], bytes]", "Callable[[bytes], bytes]"]
_GZIP: Final[Codec] = (lambda payload: gzip.compress(payload, 1), gzip.decompress)
_ZSTD: Final[Codec] = (lambda payload: zstd.compress(payload, 1), zstd.decompress)


class _Writer:
    def __init__(self, place: Path, codec: Codec | None = None, *, is_synced: bool = True) -> None:
        if not is_synced:
            setattr(os, "fsync", _nothing)  # noqa: B010 - of this process only
        self._pack = codec[0] if codec else None
        self._writer = DirectoryWriter(place)

    def publish(self, publication: Publication) -> int:
        status = publication.status
        size = 0
        for name, payload in publication.files.items():
            packed = self._pack(payload) if self._pack else payload
            size += len(packed) * self._writer.write(name, packed, status.generation)
        written = encode(msgspec.structs.replace(status, files=dict(self._writer.files)))
        self._writer.commit(written)
        return size + len(written)

    def close(self) -> None:
        self._writer.close()


class _Reader:
    def __init__(self, place: Path, every_s: float, codec: Codec | None = None) -> None:
        if codec:
            _unpack_first(codec[1])
        self._reader = DirectoryReader(place)
        self._polled = Polled(self._reader.poll, every_s)

    def next(self, timeout_s: float) -> Picture | None:
        return self._polled.next(timeout_s)

    def close(self) -> None:
        pass


class _Told:
    def __init__(self, place: Path, codec: Codec | None = None) -> None:
        if codec:
            _unpack_first(codec[1])
        self._reader = DirectoryReader(place)
        self._watch = DirectoryWatch(place)
        self._last: Picture | None = None

    def next(self, timeout_s: float) -> Picture | None:
        found = self._reader.poll()
        if found is self._last and self._watch.wait(timeout_s):
            found = self._reader.poll()
        if found is self._last:
            return None
        self._last = found
        return found

    def close(self) -> None:
        self._watch.close()


def _unpack_first(unpack: Callable[[bytes], bytes]) -> None:
    """Let the reader of this process decode what was packed."""
    plain = shared.decode

    def decoded(name: str, payload: bytes) -> Any:  # noqa: ANN401 - the file's own type
        return plain(name, payload if name == STATUS_FILE else unpack(payload))

    setattr(shared.reader, "decode", decoded)  # noqa: B010 - of this process only


def _nothing(_descriptor: object) -> None:
    """In the place of fsync."""


def _in_memory() -> str | None:
    return None if Path("/dev/shm").is_dir() else "has no /dev/shm"  # noqa: S108 - only looked for


def _can_be_told() -> str | None:
    return None if can_watch() else "has no inotify"


_TODAY: Final = Way(
    "files as today, poll of 500 ms",
    _Writer,
    lambda place: _Reader(place, POLL_INTERVAL_MS / 1000),
    _EVERY_PROCESS,
    cat="yes",
    language="any",
)


def _told(codec: Codec | None) -> Callable[[Path], _Told]:
    return lambda place: _Told(place, codec)


def _packing(codec: Codec) -> Callable[[Path], _Writer]:
    return lambda place: _Writer(place, codec)


WAYS: Final = (
    _TODAY,
    replace(_TODAY, name="files, poll of 5 ms", reader=lambda place: _Reader(place, _FAST_POLL_S)),
    replace(
        _TODAY,
        name="files, inotify",
        reader=_told(None),
        sources=(*_EVERY_PROCESS, "shared/watch.py"),
        missing=_can_be_told,
    ),
    replace(
        _TODAY,
        name="files without fsync, inotify",
        writer=lambda place: _Writer(place, is_synced=False),
        reader=_told(None),
        sources=(*_EVERY_PROCESS, "shared/watch.py"),
        missing=_can_be_told,
    ),
    replace(
        _TODAY,
        name="files on tmpfs, inotify",
        reader=_told(None),
        sources=(*_EVERY_PROCESS, "shared/watch.py"),
        missing=lambda: _in_memory() or _can_be_told(),
        place="memory",
    ),
    *(
        replace(
            _TODAY,
            name=f"files of {name}, inotify",
            writer=_packing(codec),
            reader=_told(codec),
            sources=(*_EVERY_PROCESS, "shared/watch.py"),
            missing=_can_be_told,
            cat=f"with {cat}",
        )
        for name, codec, cat in (("gzip -1", _GZIP, "zcat"), ("zstd -1", _ZSTD, "zstdcat"))
    ),
)

"""Digests of whole files, remembered between starts: a file is hashed again only after it has changed."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from processor.units import NS_PER_SECOND
from shared import WriteFailed, atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import stat_result
    from pathlib import Path

DIGESTS_FILE: Final = ".digests.json"
SMALL_BYTES: Final = 64 << 10
"""A file up to this long is hashed sooner than looked up."""
_MOST_FILES: Final = 20_000
_SETTLED_NS: Final = 2 * NS_PER_SECOND
"""A file that changed later than this before it was hashed may change again without a change of its times."""


class _Known(msgspec.Struct, frozen=True, array_like=True):
    """What `stat` said of a file with this digest. No program can set `changed_ns` (ctime), as it can `written_ns`."""

    size: int
    written_ns: int
    changed_ns: int
    inode: int
    digest: str


class Digests:
    """The digests of files that one folder remembers. Several processes may use it, and may lose what others add."""

    def __init__(self, folder: Path, *, now_ns: Callable[[], int] = time.time_ns) -> None:
        """Nothing is read yet. `now_ns` is the wall clock, ns since the Unix epoch."""
        self._path = folder / DIGESTS_FILE
        self._now_ns = now_ns
        self._known: dict[str, _Known] | None = None
        self._new: dict[str, _Known] = {}

    def of(self, path: Path) -> bytes:
        """The digest of a file's content.

        Raises:
            OSError: it cannot be read.
        """
        before = path.stat()
        if before.st_size <= SMALL_BYTES:
            return digest_of(path)
        if self._known is None:
            self._known = self._load()
        name = path.resolve().as_uri()
        found = self._new.get(name) or self._known.get(name)
        if found is not None and found == _known(before, found.digest):
            return bytes.fromhex(found.digest)
        started_ns = self._now_ns()
        digest = digest_of(path)
        made = _known(before, digest.hex())
        is_settled = max(made.written_ns, made.changed_ns) < started_ns - _SETTLED_NS
        if is_settled and _known(path.stat(), made.digest) == made:
            self._new[name] = made
        return digest

    def save(self) -> None:
        """Remember what was hashed since the last time, if that can be written."""
        if not self._new:
            return
        self._known = self._load() | self._new
        self._new = {}
        newest = dict(list(self._known.items())[-_MOST_FILES:])
        with suppress(OSError, WriteFailed):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(self._path, msgspec.json.encode(newest), lone_writer=False)

    def _load(self) -> dict[str, _Known]:
        with suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, _Known])
        return {}


def digest_of(path: Path) -> bytes:
    """The digest of a file's content, computed.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _known(status: stat_result, digest: str) -> _Known:
    return _Known(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, digest)

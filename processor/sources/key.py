"""The key of a store: the same source, read by the same rules, has the same key, wherever it lies."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from processor.formats.mapped import FILE_NAME
from processor.store.digests import digest_of
from processor.store.manifest import STORE_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from processor.formats.disk.files import SourceFile

_WHOLE_BYTES: Final = 64 << 20
"""A file up to this long is hashed whole; of a longer one its ends and some places between, and its time of change."""
_SAMPLE_BYTES: Final = 64 << 10
_SAMPLES: Final = 64
_PACKAGE: Final = Path(__file__).resolve().parent.parent


def source_key(
    format_name: str,
    instrument: str,
    clock: str,
    files: Sequence[SourceFile],
    unused: Sequence[tuple[SourceFile, str]] = (),
    content: Callable[[Path], bytes] = digest_of,
) -> str:
    """A name for one instrument of these files in the order of one clock, as this program reads them.

    The report of a store names files that are `unused`, so what it says of them counts. `content` gives the digest of
    a whole file.

    Raises:
        OSError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for text in (STORE_VERSION, _rules(), format_name, instrument, clock):
        digest.update(_bytes(text) + b"\0")
    for path in sorted(_paths(files)):
        root = next((file.root for file in files if file.path == path and file.root is not None), path.parent)
        name = path.relative_to(root) if path.is_relative_to(root) else path.name
        digest.update(_bytes(str(name)) + b"\0")
        digest.update(_content(path, content))
    for file in files:
        digest.update(_bytes(file.member or "") + b"\0")
    for file, reason in unused:
        digest.update(_bytes(f"{file.name}\n{reason}") + b"\0")
    return digest.hexdigest()[:32]


def key_when_sorted(key: str) -> str:
    """The key of the same source read after its rows were sorted on disk."""
    return hashlib.sha256(f"{key} sorted".encode()).hexdigest()[:32]


def _bytes(text: str) -> bytes:
    """Bytes of a name, also where it is not valid Unicode."""
    return text.encode("utf-8", "surrogatepass")


def _paths(files: Iterable[SourceFile]) -> set[Path]:
    """The files on disk, and the mapping files that say how to read them; those in an archive are in its bytes."""
    paths = {file.path for file in files}
    folders = {path.parent for path in paths}
    for file in files:
        if file.root is not None:
            folders |= {folder for folder in file.path.parents if folder.is_relative_to(file.root)}
    return paths | {mapped for folder in folders if (mapped := folder / FILE_NAME).is_file()}


def _content(path: Path, whole: Callable[[Path], bytes]) -> bytes:
    status = path.stat()
    if status.st_size <= _WHOLE_BYTES:
        return whole(path)
    digest = hashlib.sha256(status.st_size.to_bytes(8) + status.st_mtime_ns.to_bytes(8))
    last = status.st_size - _SAMPLE_BYTES
    with path.open("rb") as file:
        for sample in range(_SAMPLES):
            file.seek(last * sample // (_SAMPLES - 1))
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.digest()


@cache
def _rules() -> str:
    """A digest of the code that turns files into a store, so that a store made by other code has another key."""
    rooms = ("core", "formats", "store", "sources")
    sources = [*_PACKAGE.glob("*.py"), *(source for room in rooms for source in (_PACKAGE / room).rglob("*.py"))]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sorted(sources))).hexdigest()

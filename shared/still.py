"""A still picture: what a replay has published at one moment as a zip, and back. Pure: bytes in, bytes out.

The zip holds status.json and the files that it names, nothing else. A picture always gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

import msgspec

from shared.contract import MAX_READ_BYTES, STATUS_FILE, ControlAnswer, FileEntry, IpcStats, encode
from shared.decoding import decode
from shared.errors import MalformedFile, MalformedStill
from shared.views import FILE_TYPES, VIEWS

if TYPE_CHECKING:
    from shared.contract import Status
    from shared.reader import Picture

MAX_STILL_BYTES: Final = 16_000_000
"""Of the zip; what is in it is bounded file by file."""

_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)
"""Of every zip: when it was packed would make two of one picture differ."""
_UNIX: Final = 3
_MODE: Final = 0o100644 << 16
_LEVEL: Final = 6
_ENCRYPTED: Final = 0x1
_MOST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Still:
    """A still picture: its status, and by name the bytes of the files that this names."""

    status: Status
    files: dict[str, bytes]


def packed(picture: Picture) -> bytes:
    """The zip of a picture."""
    files = {view.file: encode(picture.held[view.name].value) for view in VIEWS if view.name in picture.held}
    entries = {name: FileEntry(1, len(payload), zlib.crc32(payload)) for name, payload in files.items()}
    status = msgspec.structs.replace(_without_writer(picture.status), generation=1, files=entries)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, payload in ({STATUS_FILE: encode(status)} | files).items():
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            archive.writestr(entry, payload, zipfile.ZIP_DEFLATED, _LEVEL)
    return out.getvalue()


def unpacked(payload: bytes) -> Still:
    """The still picture in a zip. A zip of the files of a live replay becomes one.

    Raises:
        MalformedStill: it is none, or one of its files does not follow the contract.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            entries = archive.infolist()
            _check_names([entry.filename for entry in entries])
            files = {entry.filename: _content(archive, entry) for entry in entries}
        status: Status = decode(STATUS_FILE, files.pop(STATUS_FILE))
        for name, content in files.items():
            decode(name, content)
    except MalformedFile as error:
        raise MalformedStill(str(error)) from error
    # The last three are what zipfile raises where a zip is spoilt in its own ways.
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OverflowError,
    ) as error:
        _refuse(f"this is no zip that can be read: {error}")
    _check_entries(status, files)
    return Still(status if status.still_ms is not None else _without_writer(status), files)


def _without_writer(status: Status) -> Status:
    """The status without what only its writer is concerned with: its process, its commands, the dataset's path.

    The session is another one: a reader that has seen a later picture of the replay would not take an earlier one.
    """
    return msgspec.structs.replace(
        status,
        session=f"still-{status.generation}-{status.session}",
        state=status.state if status.state in {"finished", "failed"} else "paused",
        still_ms=status.published_at_ms,
        heartbeat_ms=status.published_at_ms,
        control=ControlAnswer(),
        ipc=IpcStats(),
        notice=None,
        pid=None,
        resume=None,
        boot_id=None,
        heartbeat_monotonic_ms=None,
        loop_ms=None,
    )


def _check_names(names: list[str]) -> None:
    """Nothing but files of the contract, by their plain names, each once: so nothing leads out of a folder."""
    for name in names:
        if name not in FILE_TYPES:
            _refuse(
                f"it holds {name[:_MOST_SHOWN]!r}, which is no file of the exchange: expected {STATUS_FILE} and others"
            )
    if len(names) != len(set(names)):
        _refuse("it holds a file twice")
    if STATUS_FILE not in names:
        _refuse(f"it holds no {STATUS_FILE}")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.flag_bits & _ENCRYPTED:
        _refuse(f"{entry.filename} is encrypted")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        _refuse(f"{entry.filename} is compressed by a method other than deflate")
    # What an entry says of its size may be wrong: no more than this is unpacked, whatever it says.
    with archive.open(entry) as file:
        content = file.read(MAX_READ_BYTES + 1)
    if len(content) > MAX_READ_BYTES:
        _refuse(f"{entry.filename} holds more than {MAX_READ_BYTES} bytes")
    return content


def _check_entries(status: Status, files: dict[str, bytes]) -> None:
    for name, entry in status.files.items():
        if name not in files:
            _refuse(f"{STATUS_FILE} names {name[:_MOST_SHOWN]}, which it does not hold")
        if (len(files[name]), zlib.crc32(files[name])) != (entry.bytes, entry.crc32):
            _refuse(f"{name} is from another publication than {STATUS_FILE}")
    for name in files:
        if name not in status.files:
            _refuse(f"it holds {name}, which {STATUS_FILE} does not name")


def _refuse(reason: str) -> NoReturn:
    raise MalformedStill(reason)

"""`python -m shared.validate DIR`: does an IPC directory keep the contract?

For people who write their own processor. Exit 0 if it does; 1 with a list of faults, one a line; 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import stat
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shared.contract import CONTRACT_VERSION, MAX_DATA_BYTES, MAX_READ_BYTES, STATUS_FILE
from shared.decoding import parsed, value_faults
from shared.disk import opened, previous_of, read_at_most
from shared.errors import MalformedFile
from shared.views import VIEWS

if TYPE_CHECKING:
    import os
    from collections.abc import Generator, Iterator

    from shared.contract import FileEntry

_ATTEMPTS: Final = 20
_PAUSE_S: Final = 0.05
_MODE: Final = 0o644
_OTHER_PUBLICATION: Final = "another publication"


def faults(directory: Path) -> list[str]:
    """What is wrong with the files in `directory`, a sentence each; empty if they keep the contract.

    A directory that is being written is looked at again for a second before files of different publications count as
    a fault.
    """
    if not directory.is_dir():
        return [f"{directory} is not a directory"]
    for _ in range(_ATTEMPTS):
        found = list(_faults(directory))
        if not any(_OTHER_PUBLICATION in fault for fault in found):
            break
        time.sleep(_PAUSE_S)
    return found


def _faults(directory: Path) -> Iterator[str]:
    status, _ = yield from _sound(directory, STATUS_FILE, None)
    entries = status.files if status else {}
    total = 0
    for view in VIEWS:
        name, is_data = view.file, view.presence == "data"
        optional = status is not None or not is_data
        if optional and name not in entries and not (directory / name).exists():
            continue
        value, payload = yield from _sound(directory, name, entries.get(name))
        total += len(payload) if is_data else 0
        if value is None:
            continue
        if name in entries:
            yield from _entry_faults(name, entries[name], payload)
        elif status and view.presence != "asked" and (entries or status.state != "loading"):
            # Before a session has published its first picture, files of the one before lie there.
            yield f"{name}: is not listed in the files of status.json"
    if total > MAX_DATA_BYTES:
        yield f"the data files hold {total} bytes together, at most {MAX_DATA_BYTES} are allowed"


def _sound(directory: Path, name: str, entry: FileEntry | None) -> Generator[str, None, tuple[Any, bytes]]:
    """Yield what is wrong with file `name` by itself; return its value, None if it has none, and its bytes."""
    path = directory / name
    try:
        payload, found = _read(path)
        if entry is not None and not _is(payload, entry):
            # A writer may have been killed, or be, between its files and status.json.
            with suppress(OSError):
                before = _read(previous_of(path))
                payload, found = before if _is(before[0], entry) else (payload, found)
        mode = stat.S_IMODE(found.st_mode)
        if mode != _MODE:
            yield f"{name}: has mode {mode:04o}, not {_MODE:04o}"
        value = parsed(name, payload)
    except FileNotFoundError:
        yield f"{name}: is missing"
    except OSError as error:
        yield f"{name}: cannot be read: {error.strerror}"
    except MalformedFile as error:
        yield str(error)
    else:
        yield from (f"{name}: {fault}" for fault in value_faults(name, value))
        return value, payload
    return None, b""


def _read(path: Path) -> tuple[bytes, os.stat_result]:
    with opened(path) as (descriptor, found):
        return read_at_most(descriptor, MAX_READ_BYTES), found


def _is(payload: bytes, entry: FileEntry) -> bool:
    return (len(payload), zlib.crc32(payload)) == (entry.bytes, entry.crc32)


def _entry_faults(name: str, entry: FileEntry, payload: bytes) -> Iterator[str]:
    if not _is(payload, entry):
        yield (
            f"{name}: is from {_OTHER_PUBLICATION} than status.json, which says {entry.bytes} bytes with CRC-32 "
            f"{entry.crc32}; found {len(payload)} and {zlib.crc32(payload)}"
        )


def main() -> int:
    """Check the directory named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m shared.validate", description=__doc__)
    parser.add_argument("directory", type=Path, metavar="DIR", help="an IPC directory")
    directory: Path = parser.parse_args().directory
    found = faults(directory)
    for fault in found:
        print(fault)  # noqa: T201 - the list is what was asked for
    if not found:
        print(f"{directory}: keeps contract {CONTRACT_VERSION}")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Pictures as a real replay published them, kept on disk, and publications made of them."""

from __future__ import annotations

import shutil
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bench.alternatives.base import Publication, entries_of
from shared import MAX_ROWS, STATUS_FILE, ContractError, Status, decode

if TYPE_CHECKING:
    from collections.abc import Sequence

Picture = dict[str, bytes]
"""The bytes of status.json and of the files that it lists, by name."""

_SPEED: Final = 10
_START_UP_S: Final = 30
_PATIENCE_S: Final = 60.0
_LOOK_AGAIN_S: Final = 0.003
_PACKED: Final = msgspec.msgpack.Decoder(list[Picture])


def recorded(cache: Path, count: int) -> Path:
    """A file of `count` pictures that follow each other, of full size; made by a replay if it is not in `cache`."""
    from bench import dataset, processes  # noqa: PLC0415 - a reader's process loads none of it
    from bench.figures import progress  # noqa: PLC0415 - as above

    path = cache / f"publications-{count}-{dataset.version(Path(__file__))}.msgpack"
    if path.exists():
        return path
    for outdated in cache.glob(f"publications-{count}-*"):
        outdated.unlink()
    progress(f"recording {count} publications of a replay into {path} (once)")
    played_s = MAX_ROWS + _SPEED * (_START_UP_S + count // 5)
    folder = dataset.prepared(cache, round(played_s / 3600 * dataset.EVENTS_AN_HOUR))
    directory, log = cache / "ipc", cache / "replay.log"
    shutil.rmtree(directory, ignore_errors=True)
    options = ("--out", str(directory), "--interval", "1s", "--start", f"+{MAX_ROWS}s", "--speed", str(_SPEED))
    with processes.running(log, "processor", "replay", str(folder), *options) as replay:
        processes.until(lambda: processes.plays(directory), replay, log)
        pictures = _looked_at(directory, count)
    path.write_bytes(msgspec.msgpack.encode(pictures))
    return path


def _looked_at(directory: Path, count: int) -> list[Picture]:
    found: list[Picture] = []
    last = -1
    ends_s = time.monotonic() + _PATIENCE_S
    while len(found) < count:
        if time.monotonic() > ends_s:
            msg = f"the replay published only {len(found)} pictures in {_PATIENCE_S:g} s"
            raise RuntimeError(msg)
        picture = _whole(directory)
        if picture is None or picture[0] == last:
            time.sleep(_LOOK_AGAIN_S)
            continue
        last = picture[0]
        found.append(picture[1])
    return found


def _whole(directory: Path) -> tuple[int, Picture] | None:
    """Generation and files of the picture that lies there; None while it is being replaced."""
    try:
        payload = (directory / STATUS_FILE).read_bytes()
        status: Status = decode(STATUS_FILE, payload)
        files = {name: (directory / name).read_bytes() for name in status.files}
    except (OSError, ContractError):
        return None
    is_whole = all(zlib.crc32(files[name]) == entry.crc32 for name, entry in status.files.items())
    return (status.generation, {STATUS_FILE: payload, **files}) if is_whole else None


class Recording:
    """Publications made of recorded pictures, as many as wanted: after the last one the first follows again."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self._pictures = [
            (decode(STATUS_FILE, files[STATUS_FILE]), {name: files[name] for name in files if name != STATUS_FILE})
            for files in pictures
        ]
        self._entries = [entries_of(files, 1) for _, files in self._pictures]

    def publication(self, generation: int) -> Publication:
        """The one of this number, from 1."""
        index = (generation - 1) % len(self._pictures)
        status, files = self._pictures[index]
        now_ms = time.time_ns() // 1_000_000
        made = msgspec.structs.replace(
            status,
            session="bench",
            generation=generation,
            published_at_ms=now_ms,
            heartbeat_ms=now_ms,
            files=self._entries[index],
        )
        return Publication(made, files)


def loaded(path: Path) -> Recording:
    """The recording of a file."""
    return Recording(_PACKED.decode(path.read_bytes()))

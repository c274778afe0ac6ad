"""Slots in a mapped file that writer and readers share, and the number of the newest: a ring in memory, or a file."""

from __future__ import annotations

import mmap
import os
import struct
from typing import TYPE_CHECKING, Final

from bench.alternatives.base import Assembler, Polled, Publication, Way, message_of, unframed

if TYPE_CHECKING:
    from pathlib import Path

    from shared import Picture

_NAME: Final = "slots"
_NEWEST: Final = struct.Struct("<Q")
_SLOT: Final = struct.Struct("<QQ")
"""Twice its number, and one more while it is written; and its size."""
_CAPACITY: Final = 4_000_000
_POLL_S: Final = 0.001
_FIRST: Final = mmap.PAGESIZE


class _Writer:
    def __init__(self, place: Path, slots: int, *, is_synced: bool) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self._slots, self._is_synced = slots, is_synced
        size = _FIRST + slots * _CAPACITY
        # What readers have mapped stays the file, whoever writes it next.
        descriptor = os.open(place / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.ftruncate(descriptor, size)
            self._map = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)

    def publish(self, publication: Publication) -> int:
        message = message_of(publication)
        if len(message) > _CAPACITY - _SLOT.size:
            msg = f"a picture of {len(message)} bytes does not fit into a slot of {_CAPACITY}"
            raise ValueError(msg)
        number = int(_NEWEST.unpack_from(self._map)[0]) + 1
        at = _FIRST + number % self._slots * _CAPACITY
        _SLOT.pack_into(self._map, at, 2 * number + 1, len(message))
        self._map[at + _SLOT.size : at + _SLOT.size + len(message)] = message
        _SLOT.pack_into(self._map, at, 2 * number, len(message))
        if self._is_synced:
            self._map.flush()
        _NEWEST.pack_into(self._map, 0, number)
        if self._is_synced:
            self._map.flush(0, _FIRST)
        return len(message)

    def close(self) -> None:
        self._map.close()


class _Reader:
    def __init__(self, place: Path, slots: int) -> None:
        self._path, self._slots = place / _NAME, slots
        self._map: mmap.mmap | None = None
        self._taken = 0
        self._assembler = Assembler()
        self._picture: Picture | None = None
        self._polled = Polled(self._look, _POLL_S)

    def next(self, timeout_s: float) -> Picture | None:
        return self._polled.next(timeout_s)

    def close(self) -> None:
        if self._map is not None:
            self._map.close()

    def _look(self) -> Picture | None:
        if self._map is None:
            try:
                with self._path.open("rb") as file:
                    self._map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            except (FileNotFoundError, ValueError):
                return None
        number = int(_NEWEST.unpack_from(self._map)[0])
        if number == self._taken:
            return self._picture
        at = _FIRST + number % self._slots * _CAPACITY
        mark, size = _SLOT.unpack_from(self._map, at)
        message = self._map[at + _SLOT.size : at + _SLOT.size + size]
        # Where the writer has come round meanwhile, the next look finds a newer one.
        if mark == 2 * number and _SLOT.unpack_from(self._map, at)[0] == mark:
            self._taken = number
            self._picture = self._assembler.picture(unframed(message))
        return self._picture


def _way(name: str, slots: int, place: str, *, is_synced: bool) -> Way:
    return Way(
        name,
        lambda place: _Writer(place, slots, is_synced=is_synced),
        lambda place: _Reader(place, slots),
        ("bench/alternatives/mapped.py", "bench/alternatives/base.py:framed,unframed,message_of,Assembler,Polled"),
        place="memory" if place == "memory" else "disk",
        language="own code for the layout",
    )


WAYS: Final = (
    _way("shared memory ring of 4, poll of 1 ms", 4, "memory", is_synced=False),
    _way("mapped file of 2 slots, msync, poll of 1 ms", 2, "disk", is_synced=True),
)

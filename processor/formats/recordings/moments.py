"""What recordings tell that has no id: known by its content, where they overlap in time.

A venue sends all of a moment to every recorder. So at one moment one recording may have less than another, when it was
away, but not each something that the other has not: then one of them is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.formats.recordings.told import Told, refuse
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WAIT_NS: Final = 60 * NS_PER_SECOND
"""After so long nothing of a moment follows."""


class Moments:
    """Finds what earlier files tell, and moments of which each file tells what the other does not.

    Of an overlap, 32 bytes are kept of each thing told (`Told`), and what the earlier files lack for a minute.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._told = Told()
        self._matched: NDArray[np.bool_] = np.empty(0, np.bool_)
        """Which of what earlier files tell this file tells, too."""
        self._by_time: NDArray[np.intp] = np.empty(0, np.intp)
        self._times: NDArray[np.int64] = np.empty(0, np.int64)
        """The order of these in time, and their times by the exchange, in this order."""
        self._waiting: list[tuple[int, tuple[str, int]]] = []
        """Times and places of what earlier files lack, as far as it is not judged yet."""

    def next_file(self, name: str, next_ns: int | None) -> None:
        """Another file begins; the one after it begins at `next_ns` by either clock (None: there is none).

        Raises:
            DatasetError: as `end` does.
        """
        self.end()
        self._told.next_file(name, next_ns)
        times = self._told.contents
        self._matched = np.zeros(len(times), np.bool_)
        self._by_time = np.argsort(times, kind="stable")
        self._times = times[self._by_time]

    def concerns(self, known_ns: int) -> bool:
        """Whether a later file may tell what is of this time (the later of both clocks), or an earlier one has."""
        return self._told.concerns(known_ns)

    def keep(self, known_ns: int, key: int, sent_ns: int, line: int) -> None:
        """This file tells this in a line, at this time by the exchange; `known_ns` is the later one of both clocks."""
        self._told.keep(known_ns, key, sent_ns, line)

    def has(self, key: int) -> bool:
        """Whether an earlier file tells it."""
        found = self._told.find(key)
        self._matched[found.start : found.stop] = True
        return bool(found)

    def is_told(self, key: int, sent_ns: int, place: tuple[str, int]) -> bool:
        """Whether an earlier file tells it; if not, it is held against what they have of its moment.

        Raises:
            DatasetError: of a moment a minute before, each has what the other has not.
        """
        if self._waiting and sent_ns - self._waiting[0][0] > _WAIT_NS:
            self._judge(sent_ns - _WAIT_NS)
        is_told = self.has(key)
        if not is_told and self.is_within(sent_ns):
            self._waiting.append((sent_ns, place))
        return is_told

    def is_within(self, sent_ns: int) -> bool:
        """Whether it is between the first and the last time of what is kept of earlier files."""
        return bool(len(self._times)) and bool(self._times[0] <= sent_ns <= self._times[-1])

    def end(self) -> None:
        """The file has been read.

        Raises:
            DatasetError: of a moment, it and an earlier file each have what the other has not.
        """
        self._judge(None)

    def compared(self, first_ns: int, last_ns: int) -> tuple[int, NDArray[np.int64]]:
        """How much earlier files and this one both tell, and the times between these of what this one lacks."""
        matched = self._matched[self._by_time]
        within = (self._times > first_ns) & (self._times < last_ns)
        return int(matched.sum()), self._times[within & ~matched]

    def first_file(self) -> str:
        """The file that tells the first of what is kept of earlier files, of which there must be something."""
        return self._told.place(int(self._by_time[0]))[0]

    def _judge(self, until_ns: int | None) -> None:
        """Judge what waits, up to this time."""
        later = []
        for sent_ns, place in self._waiting:
            if until_ns is not None and sent_ns >= until_ns:
                later.append((sent_ns, place))
                continue
            start, beyond = np.searchsorted(self._times, (sent_ns, sent_ns + 1)).tolist()
            for at in self._by_time[start:beyond].tolist():
                if not self._matched[at]:
                    refuse(self._what, self._told.place(at), place)
        self._waiting = later

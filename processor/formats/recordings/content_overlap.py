"""Messages without ids in recordings that overlap in time, recognised by their content.

A venue sends all messages of one time to every recorder. So at one time a recording may lack messages that another has,
if it was disconnected. If each has messages that the other lacks, one of them is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.formats.recordings.seen_messages import SeenMessages, refuse_contradiction
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WAIT_NS: Final = 60 * NS_PER_SECOND
"""After this delay no more messages of a time follow."""


class ContentOverlap:
    """Finds messages that earlier files have, and times at which each file has messages that the other lacks.

    It keeps 32 bytes per message of an overlap (`SeenMessages`), and messages that earlier files lack for a minute.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._seen = SeenMessages()
        self._matched: NDArray[np.bool_] = np.empty(0, np.bool_)
        """Which messages of earlier files this file also has."""
        self._by_time: NDArray[np.intp] = np.empty(0, np.intp)
        self._times: NDArray[np.int64] = np.empty(0, np.int64)
        """The order of these messages by exchange time, and these times in this order."""
        self._waiting: list[tuple[int, tuple[str, int]]] = []
        """Times and places of messages that earlier files lack and that are not judged yet."""

    def next_file(self, name: str, next_ns: int | None) -> None:
        """Start another file; the one after it starts at `next_ns` by either clock (None: there is none).

        Raises:
            DatasetError: as for `end`.
        """
        self.end()
        self._seen.next_file(name, next_ns)
        times = self._seen.contents
        self._matched = np.zeros(len(times), np.bool_)
        self._by_time = np.argsort(times, kind="stable")
        self._times = times[self._by_time]

    def may_overlap(self, known_ns: int) -> bool:
        """Whether a later file may have messages of this time (the later of both clocks), or an earlier file has."""
        return self._seen.may_overlap(known_ns)

    def keep(self, known_ns: int, key: int, sent_ns: int, line: int) -> None:
        """Keep a message of this file by its line and its exchange time; `known_ns` is the later of both clocks."""
        self._seen.keep(known_ns, key, sent_ns, line)

    def has(self, key: int) -> bool:
        """Whether an earlier file has the message."""
        found = self._seen.find(key)
        self._matched[found.start : found.stop] = True
        return bool(found)

    def is_repeated(self, key: int, sent_ns: int, place: tuple[str, int]) -> bool:
        """Whether an earlier file has the message; if not, compare it later with what they have of its time.

        Raises:
            DatasetError: at a time a minute before, each file has messages that the other lacks.
        """
        if self._waiting and sent_ns - self._waiting[0][0] > _WAIT_NS:
            self._judge(sent_ns - _WAIT_NS)
        is_repeated = self.has(key)
        if not is_repeated and self.is_within(sent_ns):
            self._waiting.append((sent_ns, place))
        return is_repeated

    def is_within(self, sent_ns: int) -> bool:
        """Whether a time is between the first and the last time kept of earlier files."""
        return bool(len(self._times)) and bool(self._times[0] <= sent_ns <= self._times[-1])

    def end(self) -> None:
        """Finish the file.

        Raises:
            DatasetError: at one time, this file and an earlier one each have messages that the other lacks.
        """
        self._judge(None)

    def compared(self, first_ns: int, last_ns: int) -> tuple[int, NDArray[np.int64]]:
        """How many messages both have, and the times, between these two, of the messages that this file lacks."""
        matched = self._matched[self._by_time]
        within = (self._times > first_ns) & (self._times < last_ns)
        return int(matched.sum()), self._times[within & ~matched]

    def first_file(self) -> str:
        """The file of the first message kept of earlier files; there must be one."""
        return self._seen.place(int(self._by_time[0]))[0]

    def _judge(self, until_ns: int | None) -> None:
        """Judge the waiting messages up to this time."""
        later = []
        for sent_ns, place in self._waiting:
            if until_ns is not None and sent_ns >= until_ns:
                later.append((sent_ns, place))
                continue
            start, beyond = np.searchsorted(self._times, (sent_ns, sent_ns + 1)).tolist()
            for at in self._by_time[start:beyond].tolist():
                if not self._matched[at]:
                    refuse_contradiction(self._what, self._seen.place(at), place)
        self._waiting = later

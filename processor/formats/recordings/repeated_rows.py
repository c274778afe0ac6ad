"""Rows that occur in two files that are read in sequence: where the files overlap in time, both must agree.

Of each file, the rows from the next file's first time on are kept as 64-bit keys of their content, so memory grows with
the overlap, not with the files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.core.merge.overlaps import iso
from processor.core.merge.runs import mixed
from processor.errors import DatasetError
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Times = NDArray[np.int64]
    Keys = NDArray[np.uint64]
    Mask = NDArray[np.bool_]

_SEAM_NS: Final = NS_PER_SECOND
"""Files that continue each other may overlap by this much without repeating rows, because clocks run backwards."""
_END: Final = int(np.iinfo(np.int64).max)


def keys_of(rows: NDArray[Any]) -> Keys:
    """A key for each row, equal for equal bytes: `rows` are records or table rows of a multiple of 8 bytes."""
    words = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), -1).view(np.uint64)
    keys = np.zeros(len(rows), np.uint64)
    for column in words.T:
        keys = mixed(keys, column)
    return keys


@dataclass(frozen=True, slots=True)
class _FileRows:
    """The rows of a file that a later file may also have, and the time range of all its rows."""

    name: str
    first_ns: int
    last_ns: int
    times: Times
    keys: Keys

    def since(self, first_ns: int) -> _FileRows:
        """The same without the rows before `first_ns`."""
        later = self.times >= first_ns
        return replace(self, times=self.times[later], keys=self.keys[later])


class RepeatedRows:
    """Finds repeated rows in files given in the order of their first times."""

    def __init__(self) -> None:
        self._earlier: list[_FileRows] = []
        self._name = ""
        self._keep_from_ns = _END
        self._kept: list[tuple[Times, Keys]] = []
        self._span: tuple[int, int] | None = None
        """Times of the first and the last row of this file so far; None before the first."""
        self._times = np.empty(0, np.int64)
        """Times of the rows that earlier files have from about this file's first time on, ordered by key."""
        self._keys = np.empty(0, np.uint64)
        self._seen: Mask = np.empty(0, np.bool_)
        """Which of these rows this file also has."""
        self._until_ns = -_END
        """Last time of all earlier files."""
        self._is_seam: bool | None = None
        """Whether this file continues the others although it starts a little before their end; None: not known yet."""

    def next_file(self, name: str, keep_from_ns: int | None) -> None:
        """Start another file; the one after it starts at `keep_from_ns` or later (None: there is none).

        Raises:
            DatasetError: the previous file lacks rows that an earlier one has at the same time.
        """
        self._settle()
        if self._span is not None:
            self._earlier.append(_FileRows(self._name, *self._span, *_joined(self._kept)))
            self._until_ns = max(self._until_ns, self._span[1])
        self._earlier = [each.since(self._keep_from_ns) for each in self._earlier]
        self._name = name
        self._keep_from_ns = _END if keep_from_ns is None else keep_from_ns
        self._kept, self._span, self._is_seam = [], None, None
        times, keys = _joined([(each.times, each.keys) for each in self._earlier])
        order = np.argsort(keys, kind="stable")
        self._times, self._keys = times[order], keys[order]
        self._seen = np.zeros(len(order), np.bool_)

    @property
    def is_needed(self) -> bool:
        """Whether there are other files."""
        return bool(self._earlier) or self._keep_from_ns != _END

    @property
    def until_ns(self) -> int:
        """The last time of the earlier files, which cover this file up to that time."""
        return self._until_ns

    def repeated(self, times: Times, rows: NDArray[Any], lines: Times) -> Mask:
        """Which of the next rows of this file an earlier file also has; `rows` as for `keys_of`.

        Raises:
            DatasetError: an earlier file covers their time but lacks some of them.
        """
        again = np.zeros(len(times), np.bool_)
        if not len(times):
            return again
        first_ns = int(times[0]) if self._span is None else self._span[0]
        self._span = first_ns, max(int(times.max()), self._span[1] if self._span else first_ns)
        # Files that continue each other may share a time: equal rows at the seam are real.
        overlaps = first_ns < self._until_ns and not self._is_seam
        within = np.flatnonzero(times <= self._until_ns) if overlaps else np.empty(0, np.intp)
        if len(within):
            again[within] = self._found(keys_of(rows[within]))
        if overlaps and self._is_seam is None:
            self._is_seam = self._until_ns - first_ns <= _SEAM_NS and not again[0]
        if self._is_seam:
            again[:] = False
        else:
            self._check(times, lines, within[~again[within] & (times[within] < self._until_ns)])
        later = np.flatnonzero((times >= self._keep_from_ns) & ~again)
        if len(later):
            self._kept.append((times[later], keys_of(rows[later])))
        return again

    def _check(self, times: Times, lines: Times, fresh: NDArray[np.intp]) -> None:
        """Refuse rows that no earlier file has although it covers their time."""
        if len(fresh):
            at_ns = int(times[fresh[0]])
            earlier = self._earlier_file(at_ns)
            self._refuse(earlier, f"row {lines[fresh[0]]} of {self._name} ({iso(at_ns)}) is not in {earlier}")

    def end(self) -> None:
        """Finish the last file.

        Raises:
            DatasetError: it lacks rows that an earlier file has at the same time.
        """
        self._settle()

    def _found(self, keys: Keys) -> Mask:
        """Which keys earlier files have as often as this file, up to and including this row."""
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(keys)])
        lengths = np.diff(np.append(starts, len(keys)))
        first = np.searchsorted(self._keys, ordered, side="left")
        beyond = np.searchsorted(self._keys, ordered, side="right")
        seen_before = np.concatenate(([0], np.cumsum(self._seen)))
        nth = np.arange(len(keys)) - np.repeat(starts, lengths)
        place = seen_before[beyond] - seen_before[first] + first + nth
        found = np.zeros(len(keys), np.bool_)
        found[order] = place < beyond
        self._seen[place[place < beyond]] = True
        return found

    def _settle(self) -> None:
        """Check that this file has all rows that earlier files have within its time, except at its edges."""
        if self._span is None or self._is_seam or self._span[0] >= self._until_ns or not len(self._times):
            return
        first_ns, last_ns = self._span
        left_out = ~self._seen & (self._times > first_ns) & (self._times < min(last_ns, self._until_ns))
        if left_out.any():
            at_ns = int(self._times[left_out].min())
            earlier = self._earlier_file(at_ns)
            self._refuse(earlier, f"a row of {earlier} at {iso(at_ns)} is not in {self._name}")

    def _earlier_file(self, time_ns: int) -> str:
        """The earlier file that covers this time."""
        within = (each.name for each in self._earlier if each.first_ns <= time_ns <= each.last_ns)
        return next(within, self._earlier[-1].name)

    def _refuse(self, earlier: str, difference: str) -> None:
        msg = (
            f"{earlier} and {self._name} cover the same time, but differ: {difference}, and nothing shows "
            f"which is right: keep one of the files"
        )
        raise DatasetError(msg)


def _joined(kept: list[tuple[Times, Keys]]) -> tuple[Times, Keys]:
    if not kept:
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    times, keys = zip(*kept, strict=True)
    return np.concatenate(times), np.concatenate(keys)

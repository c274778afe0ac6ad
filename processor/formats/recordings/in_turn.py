"""Changes of which each depends on those before it: in which order they are applied, and when they take effect.

They are applied in the order of receipt. Where the chosen clock runs backwards in that order, a change takes effect at
the time of the latest one before it, so that the state at every later moment is right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import numpy as np

from processor.core.events import END_OF_TIME, Columns, concatenated
from processor.core.merge.held import Held
from processor.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from processor.core.events import BookEvents
    from processor.core.report import Report

    Ints = NDArray[np.int64]

ROWS_HELD: Final = 1 << 17
"""Rows out of the order of receipt are put into it where no more rows than these stand between."""
_MOST_BACK_NS: Final = 3_600 * 10**9
"""A change that takes effect later than this after its time is damaged, or the one before it is."""
_BEGINNING: Final = int(np.iinfo(np.int64).min)
_HELD_BACK: Final = "{:.9f} s earlier than a change before it, so it takes effect at the time of that change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Columns):
    """Changes at their times of receipt, with the number of their file and the 1-based lines in it."""

    file: NDArray[np.int64]
    line: Ints


ReceivedT = TypeVar("ReceivedT", bound=Received)


class ReceiptOrder(Generic[ReceivedT]):
    """Puts changes into the order of receipt, also over the borders of files; equal times keep the order of the rows.

    `advice` says what its user can do about files in which they are further from it.
    """

    def __init__(self, advice: str) -> None:
        self._advice = advice
        self._held: Held[ReceivedT] = Held()
        self._names: list[str] = []
        self._last: tuple[int, str] | None = None
        """Time of the last change given out, and where that stands."""

    @property
    def held(self) -> tuple[ReceivedT, ...]:
        """Those that wait for earlier ones."""
        return self._held.parts

    def next_file(self, name: str, *, anew: bool) -> None:
        """Another file begins; `anew`: nothing that was given out until now had an effect."""
        self._names.append(name)
        if anew:
            self._last = None

    def file_of(self, rows: int) -> NDArray[np.int64]:
        """The column that says of which file so many rows are: the present one."""
        return np.broadcast_to(np.int64(len(self._names) - 1), rows)

    def add(self, rows: ReceivedT) -> Iterator[tuple[str, ReceivedT]]:
        """Take in the next rows of the file; give out those that no others come before, each with its file's name.

        Raises:
            DatasetError: one belongs before what has been given out.
        """
        if len(rows):
            earliest_ns = self._held.add(rows)
            if self._last is not None and earliest_ns < self._last[0]:
                self._refuse(rows, *self._last)
        return self.release(self._held.releasable_ns(ROWS_HELD))

    def release(self, until_ns: int = END_OF_TIME) -> Iterator[tuple[str, ReceivedT]]:
        """Give out what was received up to this time."""
        for part in self._held.release(until_ns):
            name = self._names[int(part.file[-1])]
            self._last = int(part.time_ns[-1]), f"row {part.line[-1]} of {name}"
            borders = np.flatnonzero(part.file[1:] != part.file[:-1]) + 1
            for start, end in zip([0, *borders.tolist()], [*borders.tolist(), len(part)], strict=True):
                yield self._names[int(part.file[start])], part.rows(slice(start, end))

    def _refuse(self, rows: ReceivedT, last_ns: int, last: str) -> None:
        row = int(np.flatnonzero(rows.time_ns < last_ns)[0])
        back_s = (last_ns - int(rows.time_ns[row])) / 1e9
        msg = (
            f"{self._names[-1]}: row {rows.line[row]} was received {back_s:.9f} s before {last}, which is far "
            f"above it, and the effect of a row depends on the rows before it: {self._advice}"
        )
        raise DatasetError(msg)


class InTurn:
    """When changes that are applied one after the other take effect: none before one above it."""

    def __init__(self, report: Report, advice: str = "") -> None:
        self._report = report
        self._advice = advice
        self._last_ns = _BEGINNING
        self._last = 0, ""
        """The line and the file of the change of that time."""

    def begin_at(self, name: str, time_ns: int, line: int) -> None:
        """What follows does not depend on what there was before this time, that of this line of the file."""
        self._last_ns, self._last = time_ns, (line, name)

    def time(self, name: str, time_ns: int, line: int) -> int:
        """When the next change takes effect, which stands on this line of the file of this name.

        Raises:
            DatasetError: as `times` does.
        """
        if time_ns >= self._last_ns:
            self._last_ns, self._last = time_ns, (line, name)
            return time_ns
        return int(self.times(name, np.array([time_ns]), np.array([line]))[0])

    def times(self, name: str, times: Ints, lines: Ints) -> Ints:
        """When the next changes take effect, from their own times and their lines in the file of this name.

        Raises:
            DatasetError: one is so far behind that its time, or the one before it, is damaged.
        """
        if not len(times):
            return times
        if times[0] >= self._last_ns and (times[1:] >= times[:-1]).all():
            self._last_ns, self._last = int(times[-1]), (int(lines[-1]), name)
            return times
        effective = np.maximum(np.maximum.accumulate(times), self._last_ns)
        self._tell(name, times, effective - times, lines)
        latest = int(np.argmax(times))
        if times[latest] > self._last_ns:
            self._last_ns, self._last = int(times[latest]), (int(lines[latest]), name)
        return effective

    def of_events(self, name: str, times: Ints, lines: Ints, events: BookEvents) -> BookEvents:
        """What changes came to, at the times at which it takes effect.

        The `time_ns` of an event is the place of its change in `times` and `lines`. A change without an effect, as one
        of an order that is not known, holds nothing back.

        Raises:
            DatasetError: as `times` does.
        """
        made = events.time_ns
        first = np.flatnonzero(made[1:] != made[:-1]) + 1 if len(made) else made
        first = np.concatenate(([0], first)) if len(made) else first
        effective = self.times(name, times[made[first]], lines[made[first]])
        return replace(events, time_ns=np.repeat(effective, np.diff(np.append(first, len(made)))))

    def _tell(self, name: str, times: Ints, back_ns: Ints, lines: Ints) -> None:
        rows = np.flatnonzero(back_ns)
        furthest = int(np.argmax(back_ns))
        if back_ns[furthest] > _MOST_BACK_NS:
            before = int(np.argmax(times[: furthest + 1]))
            line, file = self._last
            above = f"row {lines[before]}" if times[before] > self._last_ns else f"row {line} of {file}"
            msg = (
                f"{name}: row {lines[furthest]} happened {back_ns[furthest] / 1e9:.0f} s before {above}, but it "
                f"comes after it: one of the two times is damaged; {self._advice}"
            )
            raise DatasetError(msg)
        found = (
            (
                int(lines[row]),
                int(times[row]),
                _HELD_BACK.format(back_ns[row] / 1e9),
            )
            for row in rows
        )
        self._report.add_all("held_back", name, found, len(rows))


def begun_by(emptied: BookEvents, times: Ints, events: BookEvents) -> BookEvents:
    """The event that empties a book before its first changes: none of these, at their `times`, is earlier."""
    begin_ns = np.concatenate((times[:1], events.time_ns[:1])).min(keepdims=True)
    return concatenated([replace(emptied, time_ns=begin_ns), events])

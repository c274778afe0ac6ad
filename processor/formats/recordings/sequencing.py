"""Changes that depend on the changes before them: the order in which they are applied, and their effective times.

Changes are applied in the order of receipt. Where the chosen clock runs backwards in that order, a change takes effect
at the latest time of the changes before it, so that the state at every later time is right.
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
"""Rows are sorted into the order of receipt across at most this many rows."""
_MOST_BACK_NS: Final = 3_600 * 10**9
"""If a change would take effect later than this after its own time, one of the two times is damaged."""
_BEGINNING: Final = int(np.iinfo(np.int64).min)
_HELD_BACK: Final = "{:.9f} s earlier than a change before it, so it takes effect at the time of that change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Columns):
    """Changes with their times of receipt (ns), the number of their file, and their 1-based lines in it."""

    file: NDArray[np.int64]
    line: Ints


ReceivedT = TypeVar("ReceivedT", bound=Received)


class ReceiptOrder(Generic[ReceivedT]):
    """Sorts changes into the order of receipt, also across files; equal times keep the order of the rows.

    `advice` tells the user what to do about files that are too far out of order.
    """

    def __init__(self, advice: str) -> None:
        self._advice = advice
        self._held: Held[ReceivedT] = Held()
        self._names: list[str] = []
        self._last: tuple[int, str] | None = None
        """Time and place of the last change released."""

    @property
    def held(self) -> tuple[ReceivedT, ...]:
        """The changes that wait for earlier ones."""
        return self._held.parts

    def next_file(self, name: str, *, restart: bool) -> None:
        """Start another file; `restart`: forget the released changes, because none had an effect."""
        self._names.append(name)
        if restart:
            self._last = None

    def file_of(self, rows: int) -> NDArray[np.int64]:
        """The `file` column for `rows` rows of the current file."""
        return np.broadcast_to(np.int64(len(self._names) - 1), rows)

    def add(self, rows: ReceivedT) -> Iterator[tuple[str, ReceivedT]]:
        """Add the next rows of the file; release those that no later row can precede, each with its file's name.

        Raises:
            DatasetError: a row belongs before rows that were already released.
        """
        if len(rows):
            earliest_ns = self._held.add(rows)
            if self._last is not None and earliest_ns < self._last[0]:
                self._refuse(rows, *self._last)
        return self.release(self._held.releasable_ns(ROWS_HELD))

    def release(self, until_ns: int = END_OF_TIME) -> Iterator[tuple[str, ReceivedT]]:
        """Release the changes received up to this time."""
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


class EffectiveTimes:
    """The effective times of changes applied in order: none is before that of an earlier change."""

    def __init__(self, report: Report, advice: str = "") -> None:
        self._report = report
        self._advice = advice
        self._last_ns = _BEGINNING
        self._last = 0, ""
        """The line and the file of the change with that time."""

    def begin_at(self, name: str, time_ns: int, line: int) -> None:
        """Restart at the time of this line: the changes that follow do not depend on earlier ones."""
        self._last_ns, self._last = time_ns, (line, name)

    def time(self, name: str, time_ns: int, line: int) -> int:
        """The effective time of the next change, which is on this line of the file `name`.

        Raises:
            DatasetError: as for `times`.
        """
        if time_ns >= self._last_ns:
            self._last_ns, self._last = time_ns, (line, name)
            return time_ns
        return int(self.times(name, np.array([time_ns]), np.array([line]))[0])

    def times(self, name: str, times: Ints, lines: Ints) -> Ints:
        """The effective times of the next changes, by their own times; `lines` are their lines in the file `name`.

        Raises:
            DatasetError: a change is so far back that its time or an earlier one is damaged.
        """
        if not len(times):
            return times
        if times[0] >= self._last_ns and (times[1:] >= times[:-1]).all():
            self._last_ns, self._last = int(times[-1]), (int(lines[-1]), name)
            return times
        effective = np.maximum(np.maximum.accumulate(times), self._last_ns)
        self._report_delays(name, times, effective - times, lines)
        latest = int(np.argmax(times))
        if times[latest] > self._last_ns:
            self._last_ns, self._last = int(times[latest]), (int(lines[latest]), name)
        return effective

    def of_events(self, name: str, times: Ints, lines: Ints, events: BookEvents) -> BookEvents:
        """The events of changes, at their effective times.

        The `time_ns` of an event is the index of its change in `times` and `lines`. A change without an effect, such as
        one of an unknown order, delays nothing.

        Raises:
            DatasetError: as for `times`.
        """
        made = events.time_ns
        first = np.flatnonzero(made[1:] != made[:-1]) + 1 if len(made) else made
        first = np.concatenate(([0], first)) if len(made) else first
        effective = self.times(name, times[made[first]], lines[made[first]])
        return replace(events, time_ns=np.repeat(effective, np.diff(np.append(first, len(made)))))

    def _report_delays(self, name: str, times: Ints, back_ns: Ints, lines: Ints) -> None:
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


def emptied_before(emptied: BookEvents, times: Ints, events: BookEvents) -> BookEvents:
    """The event that empties a book, not later than any of its first changes at their `times`."""
    begin_ns = np.concatenate((times[:1], events.time_ns[:1])).min(keepdims=True)
    return concatenated([replace(emptied, time_ns=begin_ns), events])

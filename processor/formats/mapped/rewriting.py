"""Rewrites lines of values with any separator and in any form into lines that the kernels read.

A line becomes one line, so its number stays. A field that cannot be rewritten is kept, with a remark that makes it
invalid, so that the kernel that reads the line reports which field and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.formats.lines.fields import pointer_to
from processor.formats.mapped.time_forms import fresh_state
from processor.formats.mapped.time_kernels import NO_SUCH_TIME, PARTS, READ, STATE_FIELDS, date_of, read_time
from processor.with_numba import ZERO as START
from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from processor.formats.mapped.time_forms import TimeForm
    from processor.formats.mapped.zones import Zone

    Bytes: TypeAlias = NDArray[np.uint8]
    Ints: TypeAlias = NDArray[np.int64]

SKIP: Final = 0
"""The field becomes empty."""
COPY: Final = 1
POINT: Final = 2
"""A number with a decimal point: commas in it separate thousands."""
COMMA: Final = 3
"""A number with a decimal comma: points in it separate thousands."""
UNSURE: Final = 4
"""A number in a file that does not show the meaning of a comma."""
TIME: Final = 5
"""A time, or its date; ARGUMENT is its number among the times."""
ID: Final = 7
"""A trade id: digits stay, other text becomes a hash, an empty field becomes -1."""
SPAN: Final = 6
"""A list; ARGUMENT is its number among the lists. The field becomes empty; its position is returned separately."""

_ACTION: Final = 0
_ARGUMENT: Final = 1
_COLUMN_FIELDS: Final = 2

# For each time: start and end of its program and of its zone among all of them, and the columns of its date and its
# time of day (equal if there is one column).
_PROGRAM: Final = 0
_ZONE: Final = 2
_DATE: Final = 4
_CLOCK: Final = 5
_TIME_FIELDS: Final = 6

_NEWLINE: Final = ord("\n")
_RETURN: Final = ord("\r")
_QUOTE: Final = ord('"')
_APOSTROPHE: Final = ord("'")
_FIELD_COMMA: Final = ord(",")
_FIELD_POINT: Final = ord(".")
_SPACE: Final = ord(" ")
_TAB: Final = ord("\t")
_HASH: Final = ord("#")
_MINUS: Final = ord("-")
_PLUS: Final = ord("+")
_T: Final = ord("T")
_COLON: Final = ord(":")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_GROUP: Final = 3
_NS_PER_DAY: Final = 86_400_000_000_000
_NS_PER_SECOND: Final = 1_000_000_000
_REMARK: Final = b" (a decimal comma?)"
_REMARK_BYTES: Final = len(_REMARK)
_ROOM_OF_FIELD: Final = 24
"""A comma, two quotes, and the longest remark."""
_MOST_TIME_BYTES: Final = 128
_FNV_BASIS: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_PLAIN_DIGITS: Final = 18
_ID_DIGITS: Final = 19
_LEAST_ROOM: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A time in one column, or date and time of day in two, by their indices; added columns come after the others."""

    date: int
    clock: int
    form: TimeForm
    zone: Zone


class Rewriting:
    """How the lines of one kind of file are rewritten.

    `actions` has the action of each column (a `TimeColumn` overrides it with TIME); the fields
    `added` are appended to every line. The first `header_lines` lines become empty lines.
    """

    def __init__(
        self,
        actions: Sequence[int],
        times: Sequence[TimeColumn],
        *,
        delimiter: str,
        added: Sequence[str] = (),
        header_lines: int = 0,
    ) -> None:
        self.header_lines = header_lines
        self.spans = sum(action == SPAN for action in actions)
        self.times = len(times)
        self._delimiter = ord(delimiter)
        self._columns = np.zeros((len(actions), _COLUMN_FIELDS), np.int64)
        lists = 0
        for number, action in enumerate(actions):
            self._columns[number] = action, lists
            lists += action == SPAN
        self._times = np.zeros((len(times), _TIME_FIELDS), np.int64)
        programs = [np.array(time.form.program, np.int64) for time in times]
        program_ends = np.cumsum([0, *map(len, programs)])
        zone_ends = np.cumsum([0, *(len(time.zone.begins_s) for time in times)])
        for number, time in enumerate(times):
            for place in (time.clock, time.date):
                if place < len(actions):
                    self._columns[place] = SKIP, 0
            self._columns[time.date if time.date < len(actions) else time.clock] = TIME, number
            self._times[number, _PROGRAM:_ZONE] = program_ends[number : number + 2]
            self._times[number, _ZONE:_DATE] = zone_ends[number : number + 2]
            self._times[number, _DATE:] = time.date, time.clock
        nothing = np.empty(0, np.int64)
        self._programs = np.concatenate([nothing, *programs])
        self._begins = np.concatenate([nothing, *(time.zone.begins_s for time in times)])
        self._offsets = np.concatenate([nothing, *(time.zone.offsets_s for time in times)])
        remarks = [_REMARK]
        for time in times:
            remarks += [f" (not {time.form.shown})".encode(), f" (no such time in {time.zone.name})".encode()]
        self._remarks = np.frombuffer(b"".join(remarks), np.uint8)
        self._remark_ends = np.cumsum([0, *map(len, remarks)])
        self._added = np.frombuffer("".join(f",{_quoted(field)}" for field in added).encode(), np.uint8)
        fields = [field.encode() for field in added]
        self._fields_added = np.frombuffer(b"".join(fields), np.uint8)
        self._field_ends = np.cumsum([0, *map(len, fields)])

    def rewriter(self) -> Rewriter:
        """A rewriter that starts with the first line of a file."""
        return Rewriter(self)

    def rewritten(
        self, text: bytes, lines: int, states: NDArray[np.int64], *, header_lines: int
    ) -> tuple[bytes, NDArray[np.int64]]:
        """The rewritten lines of a text; the first `header_lines` are not rows, `states` is kept from text to text.

        Also returns the position of each list: int64 of shape (lines, lists, 2).
        """
        buffer = np.frombuffer(text, np.uint8)
        spans = np.zeros((lines, self.spans, 2), np.int64)
        pieces: list[bytes] = []
        room = _LEAST_ROOM + len(text) + len(text) // 2
        at = line = 0
        while at < len(text):
            found = np.empty(room, np.uint8)
            length, at, line = _rewrite(
                buffer, at, line, self._delimiter, self._columns, self._times, self._programs, self._begins,
                self._offsets, self._remarks, self._remark_ends, self._added,
                self._fields_added, self._field_ends, header_lines, states, spans, found,
            )  # fmt: skip
            pieces.append(found[:length].tobytes())
            room *= 2
        return b"".join(pieces), spans


class Rewriter:
    """Rewrites a file's lines, piece by piece."""

    def __init__(self, rewriting: Rewriting) -> None:
        self._rewriting = rewriting
        self._states = np.array([fresh_state()] * rewriting.times).reshape(-1, STATE_FIELDS)
        self._header_lines = rewriting.header_lines

    @property
    def ambiguous(self) -> int:
        """How many ambiguous local times there were so far: the clocks of their zone show them twice."""
        return int(self._states[:, 1].sum())

    def rewrite(self, text: bytes, lines: int) -> tuple[bytes, NDArray[np.int64]]:
        """The next `lines` lines, each ending with a newline, and the places of the lists: int64 (lines, lists, 2)."""
        header_lines = min(self._header_lines, lines)
        self._header_lines -= header_lines
        return self._rewriting.rewritten(text, lines, self._states, header_lines=header_lines)


def _quoted(field: str) -> str:
    return '"' + field.replace('"', '""') + '"' if set(field) & set('",\n\r') else field


@njit()
def _is_digit(byte: int) -> bool:
    return _ZERO <= byte <= _NINE


@njit()
def _is_blank(byte: int) -> bool:
    return byte == _SPACE or byte == _TAB  # noqa: PLR1714 - a tuple would be searched


@njit()
def _split(  # noqa: C901 - quotes
    text: Bytes, at: int, end: int, delimiter: int, fields: Ints, room: int
) -> int:
    """Split a line that ends at `end` into `fields` (start, stop of each), without surrounding quotes and blanks.

    Returns the number of fields: `room` + 1 if there are more than `room`.
    """
    count = 0
    while True:
        start = at
        while start < end and text[start] == _SPACE and delimiter != _SPACE:
            start += 1
        closed = False
        if start < end and text[start] == _QUOTE:
            stop = start + 1
            while stop < end and (text[stop] != _QUOTE or (stop + 1 < end and text[stop + 1] == _QUOTE)):
                stop += 2 if text[stop] == _QUOTE else 1
            after = stop + 1
            while after < end and text[after] != delimiter and _is_blank(text[after]):
                after += 1
            closed = stop < end and (after >= end or text[after] == delimiter)
        if closed:
            start += 1
        else:
            after = at
            while after < end and text[after] != delimiter:
                after += 1
            stop = after
        while start < stop and _is_blank(text[start]):
            start += 1
        while stop > start and _is_blank(text[stop - 1]):
            stop -= 1
        if count < room:
            fields[2 * count] = start
            fields[2 * count + 1] = stop
        count += 1
        if after >= end or count > room:
            return count
        at = after + 1


@njit(forceinline=True)
def _copy(text: Bytes, start: int, stop: int, found: Bytes, to: int) -> int:
    for at in range(start, stop):
        found[to] = text[at]
        to += 1
    return to


@njit(forceinline=True)
def _write_field(
    text: Bytes, start: int, stop: int, remarks: Bytes, remark: int, remark_end: int, found: Bytes, to: int
) -> int:
    """Write a field followed by a remark, in quotes if it needs them."""
    plain = to
    at = start
    while at < stop and text[at] != _FIELD_COMMA and text[at] != _QUOTE:
        found[plain] = text[at]
        plain += 1
        at += 1
    if at == stop and remark == remark_end:
        return plain
    found[to] = _QUOTE
    to += 1
    for at in range(start, stop):
        found[to] = _APOSTROPHE if text[at] == _QUOTE else text[at]
        to += 1
    to = _copy(remarks, remark, remark_end, found, to)
    found[to] = _QUOTE
    return to + 1


@njit()
def _is_grouped(text: Bytes, start: int, stop: int, between: int, decimal: int) -> bool:
    """Whether a number has `decimal` before its decimals, and `between` only between thousands."""
    at = start + 1 if start < stop and (text[start] == _MINUS or text[start] == _PLUS) else start
    digits = 0
    groups = 0
    while at < stop and (_is_digit(text[at]) or text[at] == between):
        if text[at] == between:
            if digits == 0 or digits > _GROUP or (groups and digits != _GROUP):
                return False
            groups += 1
            digits = 0
        else:
            digits += 1
        at += 1
    if groups and digits != _GROUP:
        return False
    if at < stop and text[at] == decimal:
        at += 1
        while at < stop and _is_digit(text[at]):
            at += 1
    return at == stop


@njit()
def _write_number(text: Bytes, start: int, stop: int, action: int, remarks: Bytes, found: Bytes, to: int) -> int:
    """Write a number with a decimal point and no thousands separators; with a remark if a comma may be either."""
    commas = points = 0
    for at in range(start, stop):
        commas += text[at] == _FIELD_COMMA
        points += text[at] == _FIELD_POINT
    if commas == 0 and (action != COMMA or points == 0):
        return _copy(text, start, stop, found, to)
    between, decimal = (_FIELD_POINT, _FIELD_COMMA) if action == COMMA else (_FIELD_COMMA, _FIELD_POINT)
    if action == UNSURE or not _is_grouped(text, start, stop, between, decimal):
        return _write_field(text, start, stop, remarks, START, START + _REMARK_BYTES, found, to)
    for at in range(start, stop):
        if text[at] != between:
            found[to] = _FIELD_POINT if text[at] == decimal else text[at]
            to += 1
    return to


@njit(forceinline=True)
def _write_digits(number: int, digits: int, found: Bytes, to: int) -> int:
    for at in range(to + digits - 1, to - 1, -1):
        found[at] = _ZERO + number % 10
        number //= 10
    return to + digits


@njit()
def _write_time(time_ns: int, found: Bytes, to: int) -> int:
    """Write a time as 2025-08-01T00:00:00.123456789."""
    days = time_ns // _NS_PER_DAY
    rest = time_ns - days * _NS_PER_DAY
    second = rest // _NS_PER_SECOND
    year, month, day = date_of(days)
    to = _write_digits(year, 4, found, to)
    found[to] = _MINUS
    to = _write_digits(month, 2, found, to + 1)
    found[to] = _MINUS
    to = _write_digits(day, 2, found, to + 1)
    found[to] = _T
    to = _write_digits(second // 3600, 2, found, to + 1)
    found[to] = _COLON
    to = _write_digits(second // 60 % 60, 2, found, to + 1)
    found[to] = _COLON
    to = _write_digits(second % 60, 2, found, to + 1)
    found[to] = _FIELD_POINT
    return _write_digits(rest % _NS_PER_SECOND, 9, found, to + 1)


@njit()
def _write_id(text: Bytes, start: int, stop: int, found: Bytes, to: int) -> int:
    number = np.uint64(_FNV_BASIS)
    digits = stop > start and stop - start <= _PLAIN_DIGITS
    for at in range(start, stop):
        digits = digits and _is_digit(text[at])
        number = (number ^ np.uint64(text[at])) * np.uint64(_FNV_PRIME)
    if digits:
        return _copy(text, start, stop, found, to)
    if start == stop:
        found[to] = _MINUS
        found[to + 1] = _ZERO + 1
        return to + 2
    short: int = np.int64(number >> np.uint64(2))  # type: ignore[assignment]
    return _write_digits(short, _ID_DIGITS, found, to)


@njit()
def _put(text: Bytes, start: int, stop: int, scratch: Bytes, to: int) -> int:
    return _copy(text, start, min(stop, start + _MOST_TIME_BYTES // 2 - 1), scratch, to)


@njit(cache=True, nogil=True)
def _rewrite(  # noqa: C901, PLR0912, PLR0915 - one loop over lines and fields
    buffer: Bytes,
    at: int,
    line: int,
    delimiter: int,
    columns: Ints,
    times: Ints,
    programs: Ints,
    begins: Ints,
    offsets: Ints,
    remarks: Bytes,
    remark_ends: Ints,
    added: Bytes,
    added_fields: Bytes,
    added_ends: Ints,
    header_lines: int,
    states: Ints,
    spans: Ints,
    found: Bytes,
) -> tuple[int, int, int]:
    """Rewrite lines of `buffer` from `at` on (line number `line`), as many as fit into `found`.

    Returns the number of bytes written, the start of the next line, and its number.
    """
    text = pointer_to(buffer)
    fields_array = np.zeros(2 * len(columns), np.int64)
    parts_array = np.zeros(PARTS, np.int64)
    scratch_array = np.zeros(_MOST_TIME_BYTES, np.uint8)
    fields, parts, scratch = pointer_to(fields_array), pointer_to(parts_array), pointer_to(scratch_array)
    programs_at, begins_at, offsets_at = pointer_to(programs), pointer_to(begins), pointer_to(offsets)
    remarks_at, written = pointer_to(remarks), pointer_to(found)
    room_of_line = len(added) + len(remarks) + len(times) * _MOST_TIME_BYTES + len(columns) * _ROOM_OF_FIELD
    to = 0
    while at < len(buffer):
        end = at
        while text[end] != _NEWLINE:
            end += 1
        if to + 2 * (end - at) + room_of_line > len(found):
            break
        next_line = end + 1
        if end > at and text[end - 1] == _RETURN:
            end -= 1
        if line < header_lines:
            written[to] = _HASH
            to += 1
        elif end > at:
            count = _split(text, at, end, delimiter, fields, len(columns))
            for column in range(min(count, len(columns))):
                if column:
                    written[to] = _FIELD_COMMA
                    to += 1
                start, stop = fields[2 * column], fields[2 * column + 1]
                action, argument = columns[column, _ACTION], columns[column, _ARGUMENT]
                if action == COPY:
                    to = _write_field(text, start, stop, remarks_at, START, START, written, to)
                elif action == ID:
                    to = _write_id(text, start, stop, written, to)
                elif action == SPAN:
                    spans[line, argument, 0] = start
                    spans[line, argument, 1] = stop
                elif action == TIME:
                    length = START
                    complete = True
                    for part in range(_DATE, _TIME_FIELDS):
                        place = times[argument, part]
                        if part == _CLOCK and place == times[argument, _DATE]:
                            continue
                        if part == _CLOCK:
                            scratch[length] = _SPACE
                            length += 1
                        if place >= len(columns):
                            place -= len(columns)
                            length = _put(
                                pointer_to(added_fields), added_ends[place], added_ends[place + 1], scratch, length
                            )
                        else:
                            complete = complete and place < count and fields[2 * place] < fields[2 * place + 1]
                            length = (
                                _put(text, fields[2 * place], fields[2 * place + 1], scratch, length) if complete else 0
                            )
                    if not complete:
                        continue
                    time_ns, fault = read_time(
                        scratch, START, length, programs_at, begins_at, offsets_at, pointer_to(times[argument]), parts,
                        pointer_to(states[argument]),
                    )  # fmt: skip
                    if fault == READ:
                        to = _write_time(time_ns, written, to)
                    else:
                        remark = 1 + 2 * argument + (fault == NO_SUCH_TIME)
                        begin, beyond = remark_ends[remark], remark_ends[remark + 1]
                        to = _write_field(scratch, START, length, remarks_at, begin, beyond, written, to)
                elif action != SKIP:
                    to = _write_number(text, start, stop, action, remarks_at, written, to)
            if count > len(columns):
                written[to] = _FIELD_COMMA
                to += 1
            if count >= len(columns):
                to = _copy(pointer_to(added), 0, len(added), written, to)
        written[to] = _NEWLINE
        to += 1
        at = next_line
        line += 1
    return to, at, line

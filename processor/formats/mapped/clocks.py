"""How times in one or two columns (date, time of day) are read: as the mapping says, or as the values show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.errors import DatasetError
from processor.formats.mapped.mapping_file import ISO, quoted
from processor.formats.mapped.time_forms import UNITS_NS, TimeForm, of_format, of_unit, read
from processor.formats.mapped.time_kernels import READ
from processor.formats.mapped.time_shapes import digits_vary, forms_of, is_date_alone
from processor.formats.mapped.zones import UTC_ZONE, Zone, zone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_FIRST_YEAR: Final = 1990
_MOST_VALUES: Final = 2000
_ENOUGH: Final = 0.9
"""The share of a column's values that a form or a unit must fit."""
_NUMBER: Final = re.compile(r"\+?(\d+)(?:\.(\d*))?")
_PLAIN_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|\+00:00)?")
"""The form of times that the kernel reads directly."""
_TICKS: Final = range(620 * 10**15, 660 * 10**15)
"""Times of .NET, which counts 100 ns since the year 1: as nanoseconds since 1970 they would be in 1989 and 1990."""
_OTHER_COUNTS: Final = (
    (range(30_000, 60_000), "a spreadsheet's count of days since 1899-12-30"),
    (range(122 * 10**15, 136 * 10**15), "Windows' count of 100 ns since the year 1601"),
)
"""Numbers that are before 1990 in every unit since 1970, with what they look like."""
_POINTED: Final = re.compile(r"(%a,? )?%d\.%m\.%Y")
"""A date with dots: nobody writes it with the month first."""
_TIME_OF_DAY: Final = re.compile(r"\d{1,2}:\d\d(:\d\d([.,:]\d+)?)?(\s*[AaPp][Mm])?")
_CALLED: Final = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}


@dataclass(frozen=True, slots=True)
class Clock:
    """How times are read: by the kernel as a number of `unit` since 1970 or as ISO (`unit` is "iso"), or by a `form`.

    `assumption` is a phrase for an assumption that nobody wrote down; None for no assumption.
    """

    unit: str | None
    form: TimeForm | None
    zone: Zone = UTC_ZONE
    assumption: str | None = None


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A column of times of a file, to find out how the times are written.

    `first` are a few of its first values, `more` gives more values if these are not enough, `last` gives the last ones.

    `in_two`: dates and times of day are in two columns, joined here with a space.
    """

    file: str
    name: str
    first: Sequence[str]
    more: Callable[[], Sequence[str]]
    last: Callable[[], Sequence[str]]
    in_two: bool = False


def clock_for(column: TimeColumn, given: str | None, zone_name: str | None) -> Clock:
    """How a column is read, by the unit or format (None: not given) and the zone of the mapping.

    Raises:
        DatasetError: the mapping contradicts the values, or nothing shows how they are written.
    """
    zone = zone_of(zone_name) if zone_name is not None else None
    if given is not None and given in UNITS_NS:
        if column.in_two:
            msg = f"{column.file}: {column.name} is a date and a time of day: leave out time_unit"
            raise DatasetError(msg)
        return _of_unit(column, given)
    if given is not None and given != ISO:
        return _of_format(column, given, zone)
    values = column.first
    if not values and column.in_two:
        return Clock(None, of_format("%Y-%m-%d %H:%M:%S.%f"))
    iso = [value for value in values if _PLAIN_ISO.fullmatch(value)]
    if zone is None and not column.in_two and len(iso) >= _ENOUGH * len(values):
        return Clock(ISO, None, assumption=None if given else f"{column.name} is read as ISO, in UTC")
    found = _found(column, zone)
    if found is None and given and iso and zone is None and not column.in_two:
        return Clock(ISO, None)
    if found is None:
        raise _unknown(column)
    return found


@cache
def sane_ns() -> tuple[int, int]:
    """The range of plausible times in ns: from 1990 to the end of the next year, exclusive."""
    first, beyond = (datetime(year, 1, 1, tzinfo=UTC) for year in (_FIRST_YEAR, datetime.now(UTC).year + 2))
    return int(first.timestamp()) * 10**9, int(beyond.timestamp()) * 10**9


def unit_of(values: Iterable[str]) -> str | None:
    """The only unit in which nearly all of these numbers are plausible times since 1970; None if there is none."""
    numbers = [int(found[1]) for value in values if (found := _NUMBER.fullmatch(value))]
    if not numbers or any(number in _TICKS for number in numbers):
        return None
    fitting = [
        unit
        for unit, unit_ns in UNITS_NS.items()
        if sum(_is_sane(number * unit_ns) for number in numbers) >= _ENOUGH * len(numbers)
    ]
    return fitting[0] if len(fitting) == 1 else None


def advice(column: TimeColumn) -> str | None:
    """The mapping line for a column: empty if its values show more than a format; None if they show nothing."""
    values = column.more()[:_MOST_VALUES]
    if values and all(map(_PLAIN_ISO.fullmatch, values)):
        return f'time_unit = "{ISO}"'
    try:
        found = _found(column, None)
    except DatasetError:
        return None
    if found is None:
        return None
    if found.form is None:
        return f'time_unit = "{found.unit}"'
    if found.form.shown not in UNITS_NS and _score(values, of_format(found.form.shown), None) < len(values):
        return ""  # times of day as numbers, some of which lack the leading zeros that a format needs
    return _as_key(found.form)


def _as_key(form: TimeForm) -> str:
    return f'time_unit = "{form.shown}"' if form.shown in UNITS_NS else f'format = "{form.shown}"'


def _is_sane(time_ns: int) -> bool:
    first, beyond = sane_ns()
    return first <= time_ns < beyond


def _of_unit(column: TimeColumn, unit: str) -> Clock:
    """The clock for numbers of a unit; the times must be plausible.

    Raises:
        DatasetError: the unit does not fit, and another one does.
    """
    found = [match for value in column.first if (match := _NUMBER.fullmatch(value))]
    if column.first and not found:
        better = advice(column)
        if better:
            shown = quoted(column.first[0])
            msg = f"{column.file}: {column.name} {shown} is not a number of {_CALLED[unit]}: write {better}"
            raise DatasetError(msg)
    numbers = [int(match[1]) for match in found]
    if numbers and not any(_is_sane(number * UNITS_NS[unit]) for number in numbers):
        better = unit_of(map(str, numbers))
        if better is not None:
            msg = (
                f"{column.file}: {column.name} {numbers[0]} is in {_year(numbers[0] * UNITS_NS[unit])} as "
                f"{_CALLED[unit]}, and in {_year(numbers[0] * UNITS_NS[better])} as {_CALLED[better]}: "
                f'write time_unit = "{better}"'
            )
            raise DatasetError(msg)
    if unit == "ns" and any(number in _TICKS for number in numbers):
        raise _ticks(column)
    if unit != "s" and any(match[2] is not None for match in found):
        return Clock(None, of_unit(unit))
    return Clock(unit, None)


def _year(time_ns: int) -> str:
    try:
        return str(datetime.fromtimestamp(time_ns // 10**9, UTC).year)
    except (ValueError, OverflowError, OSError):
        return "no valid year"


def _of_format(column: TimeColumn, shown: str, zone: Zone | None) -> Clock:
    """The clock for a format, which must fit some value.

    Raises:
        DatasetError: the format fits no value.
    """
    form = of_format(shown)
    if column.first and not _score(column.first, form, zone):
        better = advice(column)
        is_shown = better == ""
        hint = f": write {better}" if better else ": leave it out, the values show how they are written" * is_shown
        msg = f"{column.file}: {column.name} {quoted(column.first[0])} is not of the format {shown}{hint}"
        raise DatasetError(msg)
    return Clock(None, form, zone or UTC_ZONE)


def _found(column: TimeColumn, zone: Zone | None) -> Clock | None:
    """The clock that the values themselves show; None if they show none.

    Raises:
        DatasetError: two readings fit equally well.
    """
    values = column.more()[:_MOST_VALUES]
    numbers = [match for value in values if (match := _NUMBER.fullmatch(value))]
    if numbers and len(numbers) >= _ENOUGH * len(values):
        if any(int(match[1]) in _TICKS for match in numbers):
            raise _ticks(column)
        unit = unit_of(values)
        if unit is not None and zone is not None:
            msg = f"{column.file}: {column.name} {values[0]} is a number since 1970, in UTC: leave out zone"
            raise DatasetError(msg)
        if unit is not None:
            assumption = f"{column.name} is read as {_CALLED[unit]} since 1970, by its {len(numbers[0][1])} digits"
            has_decimals = unit != "s" and any(match[2] is not None for match in numbers)
            return (
                Clock(None, of_unit(unit), assumption=assumption)
                if has_decimals
                else Clock(unit, None, assumption=assumption)
            )
    more = column.last() if digits_vary(values) else ()
    best = _best(values, forms_of(values, more), zone)
    if len(best) > 1:
        best = _best([*values, *column.last()], best, zone)
    if len(best) > 1:
        best = [form for form in best if _POINTED.match(form.shown)] or best
    if len(best) > 1:
        raise _ambiguous(column, best)
    if not best:
        return None
    form = best[0]
    where = "" if "%z" in form.shown else f", in {zone.name}" if zone else ", in UTC, because no other zone is given"
    return Clock(None, form, zone or UTC_ZONE, f"{column.name} is read as {form.shown}{where}")


def _score(values: Sequence[str], form: TimeForm, zone: Zone | None) -> int:
    """How many of the values are plausible times of this form."""
    times, faults = read(values, form, zone or UTC_ZONE)
    first, beyond = sane_ns()
    return int(np.count_nonzero((faults == READ) & (times >= first) & (times < beyond)))


def _best(values: Sequence[str], forms: Sequence[TimeForm], zone: Zone | None) -> list[TimeForm]:
    """The forms that fit the most values, if these are nearly all values."""
    scores = {form: _score(values, form, zone) for form in forms}
    most = max(scores.values(), default=0)
    return [form for form, score in scores.items() if score == most] if most >= _ENOUGH * len(values) else []


def _ambiguous(column: TimeColumn, forms: Sequence[TimeForm]) -> DatasetError:
    value = column.first[0]
    readings = []
    for form in forms:
        times, _ = read([value], form)
        day = datetime.fromtimestamp(int(times[0]) // 10**9, UTC).strftime("%d %B %Y").lstrip("0")
        readings.append(f'format = "{form.shown}" for {day}')
    return DatasetError(
        f"{column.file}: {column.name} {quoted(value)} can be read in {len(forms)} ways, and no date in the file "
        f"settles which: write {' or '.join(readings)}"
    )


def _ticks(column: TimeColumn) -> DatasetError:
    return DatasetError(
        f"{column.file}: {column.name} {column.first[0]} looks like .NET's count of 100 ns since the year 1, which is "
        "not supported: write it in ISO, or as nanoseconds since 1970 (621355968000000000 less, times 100)"
    )


def _unknown(column: TimeColumn) -> DatasetError:
    shown = quoted(column.first[0]) if column.first else "''"
    if column.first and _TIME_OF_DAY.fullmatch(column.first[0]):
        return DatasetError(
            f"{column.file}: {column.name} {shown} is only a time of day: also name the column of the date, "
            'time = ["date", "time"]'
        )
    if column.first and is_date_alone(column.first[0]):
        return DatasetError(
            f"{column.file}: {column.name} {shown} is only a date: also name the column of the time of day, "
            'time = ["date", "time"]'
        )
    other = _other_unit(column)
    if other is not None:
        return DatasetError(
            f"{column.file}: {column.name} {shown} is a number of {_CALLED[other[0]]} since 1970, and "
            f"{quoted(other[1])} is not: write all times of a file in one unit"
        )
    number = _NUMBER.fullmatch(column.first[0]) if column.first else None
    for counted, what in _OTHER_COUNTS:
        if number is not None and int(number[1]) in counted:
            return DatasetError(
                f"{column.file}: {column.name} {shown} looks like {what}, which is not supported: write it in ISO, "
                "such as 2025-08-31T23:59:59.5Z, or as a number since 1970"
            )
    return DatasetError(
        f"{column.file}: {column.name} {shown} is not in a known time format: give its format, as in "
        'format = "%d.%m.%Y %H:%M:%S.%f" or time_unit = "ms"'
    )


def _other_unit(column: TimeColumn) -> tuple[str, str] | None:
    """The unit of the first value, and the first number that does not fit the unit; None if all fit."""
    unit = unit_of(column.first[:1])
    numbers = (value for value in column.more()[:_MOST_VALUES] if _NUMBER.fullmatch(value))
    other = next((value for value in numbers if unit_of([value]) != unit), None)
    return None if unit is None or other is None else (unit, other)

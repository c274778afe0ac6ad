"""Guesses which columns of an unknown table hold times, how they are written, and their zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from processor.formats.mapped.clocks import TimeColumn, advice
from processor.formats.mapped.samples import place
from processor.formats.mapped.time_shapes import is_date_alone
from processor.formats.mapped.zones import zone_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.mapped.samples import Sample

_TIME_OF_DAY: Final = re.compile(r"\d{1,2}:\d\d(:\d\d([.,:]\d+)?)?(\s*[AaPp][Mm])?|\d{5,15}")
_TIMES: Final = "timestamp time datetime ts t date local gmt exchange event transact created trade utc".split()  # noqa: SIM905
_RECEIVED: Final = re.compile(r"local|recv|rcv|recei[vp]|arriv|captur|collect|ingest|insert|coinapi|databento")
"""Words in the name of a column of the recorder's times."""
_OFFSET: Final = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
_ZONES: Final = {
    "eet": "EET", "cet": "CET", "wet": "WET", "msk": "Europe/Moscow", "est": "-05:00", "edt": "-04:00", "jst": "+09:00",
    "kst": "+09:00", "hkt": "+08:00", "sgt": "+08:00", "eastern": "America/New_York", "new_york": "America/New_York",
    "chicago": "America/Chicago", "london": "Europe/London", "berlin": "Europe/Berlin", "tokyo": "Asia/Tokyo",
}  # fmt: skip
"""Zones as they appear in the names of columns."""
_FROM_UTC: Final = re.compile(r"(?:UTC|GMT)\s*([+-])(\d\d?)(?::?(\d\d))?", re.IGNORECASE)
_IANA: Final = re.compile(r"[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+|[+-]\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Times:
    """Columns of times (one, or date and time of day), how they are written, and the zone in their names.

    `line` is a line of a mapping, empty if the values show more; None if it is unknown. `local` is the
    recorder's clock, if there is one in the same form.
    """

    columns: tuple[str, ...] = ()
    line: str | None = None
    zone: str | None = None
    local: str | None = None


def times_of(sample: Sample, names: Sequence[str], file_name: str) -> Times:
    """The times of a table; the exchange's are preferred to a recorder's."""
    if sample.header:
        by_name = sorted(names, key=lambda name: (_is_received(name), place(name, _TIMES)))
    else:  # an id may look like seconds
        by_name = sorted(names, key=lambda name: -len(next(iter(sample.values(name)), "")))
    for name in by_name:
        if name in sample.typed:
            return Times((name,), local=_local(sample, by_name, name, None, file_name))
        line = _line(sample, name, file_name)
        if line is not None and (not sample.header or _is_time(name)):
            zone = _zone(name, sample.values(name), line)
            return Times((name,), line, zone, _local(sample, by_name, name, line, file_name))
    for date in names:
        values = sample.values(date)
        if not values or not all(map(is_date_alone, values)):
            continue
        for clock in names:
            clocks = sample.values(clock)
            if clock == date or len(clocks) != len(values) or not all(map(_TIME_OF_DAY.fullmatch, clocks)):
                continue
            joined = [f"{day} {time}" for day, time in zip(values, clocks, strict=True)]
            line = advice(_column(file_name, date, joined, in_two=True))
            if line is not None or ":" in clocks[0]:  # the user must say whether day or month is first
                return Times((date, clock), line, _zone(f"{date} {clock}", joined, line))
    likely = [name for name in by_name if _is_time(name)] if sample.header else list(names)
    return Times(tuple(likely[:1]))


def _is_time(name: str) -> bool:
    return place(name, _TIMES) < len(_TIMES)


def _is_received(name: str) -> bool:
    return _RECEIVED.search(name.lower()) is not None


def _line(sample: Sample, name: str, file_name: str) -> str | None:
    return advice(_column(file_name, name, sample.values(name)))


def _column(file_name: str, name: str, values: list[str], *, in_two: bool = False) -> TimeColumn:
    return TimeColumn(file_name, name, values, lambda: values, list, in_two=in_two)


def _local(sample: Sample, names: Sequence[str], chosen: str, line: str | None, file_name: str) -> str | None:
    """The column of a recorder's times in the same form as the exchange's, if every row has one."""
    for name in names:
        if name == chosen or not sample.header or not _is_received(name) or not _is_time(name):
            continue
        alike = name in sample.typed if line is None else _line(sample, name, file_name) == line
        if alike and len(sample.values(name)) == len(sample.values(chosen)):
            return name
    return None


def _zone(name: str, values: Sequence[str], line: str | None) -> str | None:
    """The zone in a column's name, if its values have no zone and are not numbers."""
    if line is not None and ("%z" in line or ("time_unit" in line and "iso" not in line)):
        return None
    if any(map(_OFFSET.search, values)):
        return None
    offset = _FROM_UTC.search(name)
    if offset is not None:
        return f"{offset[1]}{int(offset[2]):02}:{offset[3] or '00'}"
    spelt = [_IANA.search(name), *(re.search(rf"(?<![a-z]){word}(?![a-z])", name.lower()) for word in _ZONES)]
    found = next((match[0] for match in spelt if match), None)
    zone = None if found is None else _ZONES.get(found, found)
    return zone if zone is not None and zone_of(zone) is not None else None

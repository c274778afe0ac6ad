"""Time zones as arrays: the UTC offsets of their clocks, and when each starts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FIXED: Final = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?")
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2100
_MOST_HOURS: Final = 15
_LONG_AGO: Final = -(1 << 40)
"""A time in seconds before every time that is read."""


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """A zone whose clocks are `offsets_s` ahead of UTC, each from `begins_s` (UTC) on; the first start is long ago."""

    name: str
    begins_s: NDArray[np.int64]
    offsets_s: NDArray[np.int64]


def _fixed(name: str, seconds: int) -> Zone:
    return Zone(name, np.array([_LONG_AGO]), np.array([seconds]))


UTC_ZONE: Final = _fixed("UTC", 0)


@cache
def zone_of(name: str) -> Zone | None:
    """The zone of an IANA name (Europe/Berlin) or a fixed offset (-05:00); None if it does not exist."""
    if name.upper() in {"UTC", "Z", "GMT"}:
        return UTC_ZONE
    fixed = _FIXED.fullmatch(name)
    if fixed is not None:
        hours, minutes = int(fixed[2]), int(fixed[3] or 0)
        if hours >= _MOST_HOURS or minutes >= 60:  # noqa: PLR2004 - an hour
            return None
        seconds = hours * 3600 + minutes * 60
        return _fixed(name, -seconds if fixed[1] == "-" else seconds)
    try:
        found = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return _with_changes(name, found)


def _with_changes(name: str, zone: ZoneInfo) -> Zone:
    """The zone with every change of its offset, to the second: found day by day, then within the day."""
    moment = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)
    begins, offsets = [_LONG_AGO], [_offset_s(zone, moment)]
    while moment.year < _LAST_YEAR:
        later = moment + timedelta(days=1)
        if _offset_s(zone, later) != offsets[-1]:
            low, high = int(moment.timestamp()), int(later.timestamp())
            while high - low > 1:
                middle = (low + high) // 2
                same = _offset_s(zone, datetime.fromtimestamp(middle, UTC)) == offsets[-1]
                low, high = (middle, high) if same else (low, middle)
            begins.append(high)
            offsets.append(_offset_s(zone, later))
        moment = later
    return Zone(name, np.array(begins), np.array(offsets))


def _offset_s(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())

"""Times and distances as commands write them, in nanoseconds."""

from __future__ import annotations

from typing import Final

from msgspec import UnsetType

from processor.errors import SettingError
from processor.settings import Offset, moment
from processor.units import NS_PER_MS

_LAST_NS: Final = 2**63 - 1


def time_ns(name: str, text: str | UnsetType, time_ms: int | UnsetType) -> int:
    """The time that one of the two is, ns since the Unix epoch.

    Raises:
        SettingError: `text` is not a time, or not one that 64 bits hold.
    """
    if not isinstance(time_ms, UnsetType):
        return time_ms * NS_PER_MS
    expected = "a time from 1970 to 2262, like 2024-08-09T00:01:00Z"
    try:
        at_ns = moment(name, str(text))
    except SettingError:
        raise SettingError(name, text, expected) from None
    if not isinstance(at_ns, int) or not 0 <= at_ns <= _LAST_NS:
        raise SettingError(name, text, expected)
    return at_ns


def distance_ns(text: str) -> int:
    """A signed distance in time such as +10m or -1h30m, ns.

    Raises:
        SettingError: it is not one.
    """
    expected = "a distance like +10m or -1h30m"
    if not text.startswith(("+", "-")):
        raise SettingError("by", text, expected)
    try:
        offset = moment("by", f"+{text[1:]}")
    except SettingError:
        raise SettingError("by", text, expected) from None
    if not isinstance(offset, Offset) or offset.ns > _LAST_NS:
        raise SettingError("by", text, expected)
    return -offset.ns if text.startswith("-") else offset.ns

"""Finds the forms that a time may have, from the way it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from processor.formats.mapped.time_forms import TimeForm, clock_of, of_format

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHAPES: Final = 20
"""The most values that forms are tried on."""
_WIDTHS: Final = (6, 9, 12, 15)
"""Digits of HHMMSS, and with ms, us and ns."""

_DATE: Final = re.compile(
    r"(?:(?P<weekday>[A-Za-z]{3,9})(?P<comma>,?)\s+)?(?:"
    r"\d{4}(?P<s1>[-/. ])(?P<month1>[A-Za-z]{3,9}|\d{1,2})(?P=s1)\d{1,2}(?!\d)"
    r"|\d{1,2}(?P<s2>[-/. ])(?P<month2>[A-Za-z]{3,9}|\d{1,2})(?P=s2)(?P<year2>\d{4}|\d\d)(?!\d)"
    r"|(?P<month3>[A-Za-z]{3,9})\s+\d{1,2}(?P<comma3>,?)\s+\d{4}(?!\d)"
    r"|(?P<digits>\d{8})"
    r")"
)
_CLOCK: Final = re.compile(
    r"(?P<between>[T_D:-]|,?\s+)?(?:"
    r"\d{1,2}(?P<s>[:.-])\d\d(?P<seconds>(?P=s)\d\d(?:(?P<point>[.,:])\d{1,9})?)?"
    r"|(?P<run>\d{1,15})(?:(?P<run_point>[., ])\d{1,9})?"
    r")"
    r"(?P<half>(?P<half_gap>\s*)[AaPp]\.?[Mm]\.?)?"
    r"(?P<offset>(?P<gap>\s*)(?:Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d\d)?))?"
)


def forms_of(values: Sequence[str], more: Sequence[str] = ()) -> list[TimeForm]:
    """The forms that times may have, by some `values` and `more` others."""
    found: dict[TimeForm, None] = {}
    for value in values[:_SHAPES]:
        found |= dict.fromkeys(_forms_of(value, [*values, *more]))
    return list(found)


def is_date_alone(value: str) -> bool:
    """Whether there is no time of day."""
    return _DATE.fullmatch(value) is not None


def digits_vary(values: Sequence[str]) -> bool:
    """Whether times of day are numbers without leading zeros, so a few of them do not show the full length."""
    lengths = {len(value.rpartition(" ")[2]) for value in values if value.rpartition(" ")[2].isdecimal()}
    return len(lengths) > 1 or bool(lengths - set(_WIDTHS))


def _forms_of(value: str, values: Sequence[str]) -> list[TimeForm]:
    date = _DATE.match(value)
    clock = _CLOCK.fullmatch(value, date.end()) if date else None
    if date is None or clock is None or not (clock["between"] or date["digits"]):
        return []
    dates = _dates(date)
    if clock["run"] is None or clock["run_point"] or clock["half"] or clock["offset"] or not clock["between"]:
        between = re.sub(r"\s+", " ", clock["between"] or "")
        return [of_format(shown + between + _time_of_day(clock)) for shown in dates]
    if not clock["between"].isspace():
        return [of_format(shown + clock["between"] + _time_of_day(clock)) for shown in dates]
    longest = max(len(other.rpartition(" ")[2]) for other in values)
    width = next((width for width in _WIDTHS if width >= longest), _WIDTHS[-1])
    return [clock_of(shown, width) for shown in dates]


def _dates(date: re.Match[str]) -> list[str]:
    """The formats that a date may have."""
    weekday = f"%a{date['comma']} " if date["weekday"] else ""
    if date["s1"]:
        s = date["s1"]
        found = [f"%Y{s}{'%b' if date['month1'].isalpha() else '%m'}{s}%d"]
    elif date["s2"]:
        s, year = date["s2"], "%Y" if len(date["year2"]) == len("2025") else "%y"
        if date["month2"].isalpha():
            found = [f"%d{s}%b{s}{year}"]
        else:
            found = [f"%d{s}%m{s}{year}", f"%m{s}%d{s}{year}"]
            found += [f"%y{s}%m{s}%d"] if year == "%y" else []
    elif date["month3"]:
        found = [f"%b %d{date['comma3']} %Y"]
    else:
        found = ["%Y%m%d", "%d%m%Y", "%m%d%Y"]
    return [weekday + shown for shown in found]


def _time_of_day(clock: re.Match[str]) -> str:
    hour = "%I" if clock["half"] else "%H"
    if clock["run"]:
        more = "%f" if len(clock["run"]) > _WIDTHS[0] else ""
        shown = f"{hour}%M%S{clock['run_point']}%f" if clock["run_point"] else f"{hour}%M%S{more}"
    else:
        s = clock["s"]
        shown = f"{hour}{s}%M" + (f"{s}%S{clock['point'] or '.'}%f" if clock["seconds"] else "")
    if clock["half"]:
        shown += " %p" if clock["half_gap"] else "%p"
    if clock["offset"]:
        shown += " %z" if clock["gap"] else "%z"
    return shown

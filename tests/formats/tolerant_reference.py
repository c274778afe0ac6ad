"""What dirty fields, rows and lists mean, slowly: Decimal, datetime and regular expressions, a field at a time."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any, Final

from processor.formats.lines.specs import (
    KIND_DECIMAL,
    KIND_INTEGER,
    KIND_ISO_TIME,
    KIND_ONLY,
    KIND_SECONDS,
    KIND_SKIP,
    KIND_WORD,
    PRICE_SLOT,
    SIZE_SLOT,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.lines.text import Column, Layout

MOST: Final = 2**63 - 1
ABSENT: Final = -(2**63)

_FIELD: Final = re.compile(rb'[ \t]*"((?:[^"]|"")*)"[ \t]*(?=,|\Z)|([^,]*)')
_NUMBER: Final = re.compile(
    rb"(?P<sign>[-+]?)(?:(?P<groups>[1-9]\d{0,2}(?:,\d{3})+)|(?P<whole>\d*))(?:\.(?P<fraction>\d*))?(?:[eE](?P<power>[-+]?\d+))?"
)
_NOTHING: Final = frozenset((b"nan", b"null", b"none", b"n/a", b"-"))
_ZONE: Final = rb"(?: ?(?:Z|UTC|GMT|(?P<ahead>[-+])(?P<zone_hours>\d\d)(?::?(?P<zone_minutes>\d\d))?))?"
_CLOCK: Final = rb"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?"
_TIMES: Final = (
    re.compile(rb"(?P<year>\d{4})([-./])(?P<month>\d\d)\2(?P<day>\d\d)[T D_]" + _CLOCK + _ZONE),
    re.compile(rb"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)[T D_-]" + _CLOCK + _ZONE),
    re.compile(
        rb"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)[T D_-]"
        rb"(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)(?:[., ]?(?P<fraction>\d+))?" + _ZONE
    ),
)
_EXACT: Final = Context(prec=20_000, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_EVEN)
_OF_FLOATS: Final = Context(prec=15, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_EVEN)


class FaultyError(Exception):
    """The field will not do: missing, damaged or malformed."""


class OtherError(Exception):
    """The row is another instrument's."""


@dataclass
class Table:
    """Good rows by line, with the values of the columns that are read; bad lines; lines of rounded values."""

    good: dict[int, list[int]] = field(default_factory=dict)
    bad: list[int] = field(default_factory=list)
    rounded: list[int] = field(default_factory=list)
    scales: tuple[int, int] = (0, 0)


def table(layout: Layout, content: bytes) -> Table:
    """The lines read as the layout says, on the scales that they need."""
    scales = [0, 0]
    while True:
        found, needed = Table(scales=(scales[0], scales[1])), list(scales)
        for number, line in enumerate(content.split(b"\n")[:-1], 1):
            if line in {b"", b"\r"}:
                continue
            decimals = list(needed)
            try:
                values, rounded = _row(layout.columns, line.removesuffix(b"\r"), scales, decimals)
            except OtherError:
                continue
            except FaultyError:
                found.bad.append(number)
                continue
            needed = decimals
            found.good[number] = values
            found.rounded += [number] * rounded
        if needed == scales:
            return found
        scales = needed


def _row(columns: Sequence[Column], line: bytes, scales: Sequence[int], needed: list[int]) -> tuple[list[int], int]:
    fields = split(line)
    values: list[int] = []
    rounded = 0
    other = False
    for number, column in enumerate(columns):
        if number >= len(fields):
            raise FaultyError
        try:
            value, decimals, is_rounded = _field(column, *fields[number], scales) if not other else (0, 0, False)
        except OtherError:
            other = True
            continue
        rounded += is_rounded
        needed[column.slot] = max(needed[column.slot], decimals)
        if column.kind not in {KIND_SKIP, KIND_ONLY}:
            values.append(value)
    if len(fields) > len(columns):
        raise FaultyError
    if other:
        raise OtherError
    return values, rounded


def split(line: bytes) -> list[tuple[bytes, bool]]:
    """The fields without the blanks around them, and whether each stood in quotes."""
    fields = []
    at = 0
    while True:
        found = _FIELD.match(line, at)
        assert found is not None
        quoted = found[1] is not None
        content = found[1].replace(b'""', b'"') if quoted else found[2]
        fields.append((content.strip(b" \t"), quoted))
        at = found.end() + 1
        if at > len(line):
            return fields


_Read = tuple[int, int, bool]
"""The value, the decimals that it needs, and whether it is another than the one written."""


def _field(column: Column, content: bytes, quoted: bool, scales: Sequence[int]) -> _Read:  # noqa: FBT001
    if column.kind == KIND_ONLY and content != column.words[0]:
        raise FaultyError if not content or damaged(content) else OtherError
    if column.kind in {KIND_ONLY, KIND_SKIP}:
        return 0, 0, False
    if column.kind == KIND_WORD:
        return word(column.words, content), 0, False
    if not content or content.lower() in _NOTHING:
        if not column.may_be_absent:
            raise FaultyError
        return ABSENT, 0, False
    if column.kind == KIND_DECIMAL:
        return _price_or_size(column, content, scales[column.slot], quoted=quoted)
    whole = {KIND_ISO_TIME: time_ns, KIND_SECONDS: seconds_ns, KIND_INTEGER: integer}[column.kind]
    return whole(column, content, quoted), 0, False


def _price_or_size(column: Column, content: bytes, scale: int, *, quoted: bool) -> _Read:
    if column.implied_decimals:
        whole, fraction = whole_number(content, quoted=quoted)
        if fraction.strip(b"0") or abs(whole) > MOST:
            raise FaultyError
        number, rounded = Decimal(whole).scaleb(-column.implied_decimals, _EXACT), False
    else:
        number, rounded = decimal(content, quoted=quoted, decimals=column.decimals)
    if column.may_be_absent and not rounded and _digits(number) == MOST:
        return ABSENT, 0, False
    if rounded and content.startswith(b"-") and not column.signed:
        raise FaultyError
    if rounded and column.decimals is not None and abs(number) > Decimal(MOST).scaleb(-column.decimals):
        raise FaultyError
    return *scaled(number, scale, signed=column.signed), rounded


def integer(column: Column, content: bytes, quoted: bool) -> int:  # noqa: FBT001
    """A whole number times the column's factor."""
    whole, fraction = whole_number(content, quoted=quoted)
    if fraction.strip(b"0") or abs(whole) * column.factor > MOST or (whole < 0 and not column.signed):
        raise FaultyError
    return whole * column.factor


def seconds_ns(_: Column, content: bytes, quoted: bool) -> int:  # noqa: FBT001
    """Seconds as nanoseconds, finer digits left off."""
    whole, fraction = whole_number(content, quoted=quoted)
    if content.startswith(b"-") or whole > MOST // 10**9 - 1:
        raise FaultyError
    return whole * 10**9 + int(fraction[:9].ljust(9, b"0"))


def word(words: Sequence[bytes], content: bytes) -> int:
    """Which of the words it is."""
    exact = len({one.lower() for one in words}) < len(set(words))
    for number, one in enumerate(words):
        if content == one or (not exact and content.lower() == one.lower()):
            return number
    raise FaultyError


def damaged(name: bytes) -> bool:
    """Whether a name holds what none does."""
    try:
        letters = name.decode("utf-8")
    except UnicodeDecodeError:
        return True
    unseen = [*range(0x20), *range(0x7F, 0xA0), 0xAD, 0xFEFF, 0xFFFD]
    unseen += [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
    return any(ord(letter) in unseen for letter in letters)


def _parts(content: bytes, *, quoted: bool) -> re.Match[bytes]:
    found = _NUMBER.fullmatch(content)
    if (
        found is None
        or (found["groups"] and not quoted)
        or not (found["groups"] or found["whole"] or found["fraction"])
    ):
        raise FaultyError
    return found


def whole_number(content: bytes, *, quoted: bool) -> tuple[int, bytes]:
    """The whole part, and the digits behind the point."""
    found = _parts(content, quoted=quoted)
    digits = (found["groups"] or found["whole"]).replace(b",", b"")
    if found["power"] or not digits or len(digits.lstrip(b"0")) > 30:
        raise FaultyError
    return int(found["sign"] + digits), found["fraction"] or b""


def decimal(content: bytes, *, quoted: bool, decimals: int | None) -> tuple[Decimal, bool]:
    """The number, and whether it is told: as another than the one written, or as perhaps one with a decimal comma."""
    found = _parts(content, quoted=quoted)
    power = max(min(int((found["power"] or b"0")[:8]), 10**6), -(10**6))
    digits = (found["groups"] or found["whole"]).replace(b",", b"") + b"." + (found["fraction"] or b"")
    number = Decimal((found["sign"] + digits).decode()).scaleb(power, _EXACT)
    if not number:
        return Decimal(0), False
    told = (found["groups"] or b"").count(b",") == 1 and found["fraction"] is None
    written = number.normalize(_EXACT).as_tuple()
    places = -int(written.exponent)
    if decimals is not None and places > decimals:
        return number.quantize(Decimal(1).scaleb(-decimals), context=_EXACT), True
    if decimals is None and places > 8 and len(written.digits) in {16, 17}:
        meant = _OF_FLOATS.plus(number).normalize(_EXACT)
        if len(meant.as_tuple().digits) <= 12:
            return meant, True
    return number, told


def _digits(number: Decimal) -> int:
    found = "".join(map(str, number.normalize(_EXACT).as_tuple().digits))
    return int(found[:30])


def scaled(number: Decimal, scale: int, *, signed: bool) -> tuple[int, int]:
    """The number on a scale, and the decimals that it needs."""
    if not number:
        return 0, 0
    written = number.normalize(_EXACT).as_tuple()
    decimals = max(-int(written.exponent), 0)
    if decimals > 12 or number.adjusted() > 20 or (number < 0 and not signed):
        raise FaultyError
    value = int(number.scaleb(max(scale, decimals), _EXACT))
    if abs(value) > MOST:
        raise FaultyError
    return value, decimals


def time_ns(_: Column | None, content: bytes, __: bool) -> int:  # noqa: FBT001
    """A time as nanoseconds since 1970."""
    found = next((match for form in _TIMES if (match := form.fullmatch(content))), None)
    if found is None:
        raise FaultyError
    said = found.groupdict()
    fraction = said["fraction"] or b""
    names = ("year", "month", "day", "hour", "minute", "second")
    ahead = timedelta(hours=int(said["zone_hours"] or 0), minutes=int(said["zone_minutes"] or 0))
    try:
        moment = datetime(*(int(said[name]) for name in names), tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        raise FaultyError from None
    too_fine = fraction[9:].strip(b"0")
    no_zone = int(said["zone_hours"] or 0) > 23 or int(said["zone_minutes"] or 0) > 59
    if too_fine or no_zone or not 1970 <= moment.year <= 2261:
        raise FaultyError
    seconds = moment - datetime(1970, 1, 1, tzinfo=UTC) + (ahead if said["ahead"] == b"-" else -ahead)
    found_ns = seconds // timedelta(seconds=1) * 10**9 + int(fraction[:9].ljust(9, b"0"))
    if found_ns < 0:
        raise FaultyError
    return found_ns


def levels(written: bytes) -> tuple[list[tuple[Decimal, Decimal]], int]:
    """The levels of a JSON list, and how many of their numbers are not those written."""
    decoded: Any = json.loads(written, parse_float=_Literal, parse_int=_Literal)
    if not isinstance(decoded, list):
        raise FaultyError
    found, rounded = [], 0
    for level in decoded:
        if not isinstance(level, list) or len(level) < 2:
            raise FaultyError
        pair = []
        for slot, part in zip((PRICE_SLOT, SIZE_SLOT), level, strict=False):
            if not isinstance(part, str):
                raise FaultyError
            content = part.encode("utf-8", "surrogatepass").strip(b" \t")
            number, is_rounded = decimal(content, quoted=False, decimals=None)
            scaled(number, 0, signed=slot == PRICE_SLOT)
            pair.append(number)
            rounded += is_rounded
        found.append((pair[0], pair[1]))
    return found, rounded


class _Literal(str):
    """A number of JSON as it is written."""

    __slots__ = ()

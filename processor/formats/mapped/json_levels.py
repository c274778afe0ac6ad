"""Levels in one column: lists, records or a map, in JSON or as Python prints them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

import msgspec

from processor.formats.mapped.frames import PRICES, SIZES

if TYPE_CHECKING:
    from collections.abc import Iterator

_DECODER: Final = msgspec.json.Decoder(float_hook=str)
"""Numbers with a decimal point stay text: a float would not hold all of them."""
_LISTS: Final = msgspec.json.Decoder(list[list[msgspec.Raw]])
_ENCODER: Final = msgspec.json.Encoder()
_MOST_DIGITS: Final = 40
"""Digits before or after the point: far beyond 64 bits, but far from filling the memory."""
_OF_PYTHON: Final = bytes.maketrans(b"'()", b'"[]')
_PAIR: Final = 2


def paired(lists: tuple[bytes, ...]) -> bytes | None:
    """The levels of a side as `[["price","size"],...]`, from one list of levels, or from lists of prices and sizes.

    Lists of lists are returned unchanged.

    Returns None for anything else.
    """
    try:
        if len(lists) == 1 and _is_plain(lists[0]):
            return lists[0]
        if len(lists) == _PAIR:
            prices, sizes = (_decoded(text) for text in lists)
            if not isinstance(prices, list) or not isinstance(sizes, list) or len(prices) != len(sizes):
                return None
            pairs = zip(prices, sizes, strict=True)
        else:
            pairs = _pairs(_decoded(lists[0]))  # type: ignore[assignment]
        return _ENCODER.encode([[_number(price), _number(size)] for price, size in pairs])
    except (msgspec.DecodeError, TypeError, ValueError, RecursionError):
        return None


def _is_plain(text: bytes) -> bool:
    """Whether it is JSON of lists that are already levels; more values may follow price and size."""
    try:
        return min(map(len, _LISTS.decode(text)), default=_PAIR) >= _PAIR
    except msgspec.DecodeError:
        return False


def _decoded(text: bytes) -> object:
    """The content of a field: JSON, JSON with doubled quotes as in CSV, or lists as Python prints them."""
    if not text:
        return []
    tries = (text, text.replace(b'""', b'"'), text.translate(_OF_PYTHON).replace(b",]", b"]"))
    for tried in tries[:-1]:
        try:
            return _DECODER.decode(tried)
        except msgspec.DecodeError:
            continue
    return _DECODER.decode(tries[-1])


def _pairs(levels: object) -> Iterator[tuple[object, object]]:
    """The price and the size of each level.

    Raises:
        ValueError: a level lacks one of the two.
        TypeError: it is not a list of levels.
    """
    if isinstance(levels, dict):
        yield from levels.items()
        return
    if not isinstance(levels, list):
        msg = "neither a list nor a map"
        raise TypeError(msg)
    for level in levels:
        if isinstance(level, dict):
            yield _of(level, PRICES), _of(level, SIZES)
        elif isinstance(level, list) and len(level) >= _PAIR:
            yield level[0], level[1]
        else:
            msg = "a level that is neither a list of two nor a record"
            raise TypeError(msg)


def _of(level: dict[str, object], keys: tuple[str, ...]) -> object:
    key = next((key for key in keys if key in level), None)
    if key is None:
        msg = "a level without a price or a size"
        raise ValueError(msg)
    return level[key]


def _number(value: object) -> str:
    """A number as text without an exponent, if that does not get too long."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        msg = "not a number"
        raise TypeError(msg)
    text = str(value).strip()
    if "e" not in text.lower():
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return format(number, "f") if number.is_finite() and abs(number.adjusted()) <= _MOST_DIGITS else text

"""A book of the texts that an exchange sent, for its checksums."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Final

import msgspec

from processor.core.events import ASK, BID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from processor.formats.recordings.messages import Level, Levels

_SIGN: Final = {BID: -1, ASK: 1}


class _Texts(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The first two fields of a level."""

    price: str
    size: str


class _Numbers(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The same without quotes; as floats they would not keep their digits."""

    price: msgspec.Raw
    size: msgspec.Raw


_TEXTS: Final = msgspec.json.Decoder(list[_Texts])
_NUMBERS: Final = msgspec.json.Decoder(list[_Numbers])


class TextBook:
    """The levels of both sides (BID and ASK), best first, as the texts of their prices and sizes."""

    def __init__(self) -> None:
        self._levels: dict[int, dict[int, Level]] = {BID: {}, ASK: {}}
        self._order: dict[int, list[int]] = {BID: [], ASK: []}

    def update(self, side: int, levels: Iterable[Level], prices: Iterable[int], sizes: Iterable[int]) -> None:
        """Set levels; `prices` and `sizes` are their numbers in any unit, and a size of zero removes a level."""
        held, order = self._levels[side], self._order[side]
        for level, price, size in zip(levels, prices, sizes, strict=True):
            key = _SIGN[side] * price
            if size:
                if key not in held:
                    insort(order, key)
                held[key] = level
            elif key in held:
                del held[key]
                del order[bisect_left(order, key)]

    def best(self, side: int, count: int) -> list[Level]:
        """The best levels of a side, at most `count`."""
        held = self._levels[side]
        return [held[key] for key in self._order[side][:count]]

    def cut(self, side: int, depth: int) -> list[int]:
        """Remove all levels beyond the best `depth`; returns their prices."""
        beyond = self._order[side][depth:]
        del self._order[side][depth:]
        for key in beyond:
            del self._levels[side][key]
        return [_SIGN[side] * key for key in beyond]


def texts_of(levels: Levels) -> Sequence[Level]:
    """The levels of a side as texts; they have been read as numbers before."""
    if not isinstance(levels, msgspec.Raw):
        return levels
    try:
        return [(level.price, level.size) for level in _TEXTS.decode(levels)]
    except msgspec.ValidationError:
        return [(unquoted(level.price), unquoted(level.size)) for level in _NUMBERS.decode(levels)]


def unquoted(text: msgspec.Raw) -> str:
    """A number as it was sent, without the quotes that it may have."""
    return bytes(text).decode().strip('"')

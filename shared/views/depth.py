"""depth_data.json: the book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import MAX_ROWS
from shared.views.base import View

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPTH_FILE: Final = "depth_data.json"


class Level(msgspec.Struct, array_like=True, frozen=True):
    """One price of one side of the book and the size resting there."""

    price: float
    size: float


class Depth(msgspec.Struct, frozen=True):
    """The book, best price first on both sides."""

    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()


def _depth_faults(depth: Depth) -> Iterator[str]:
    yield from _side_faults("bids", depth.bids, -1)
    yield from _side_faults("asks", depth.asks, 1)


def _side_faults(side: str, levels: tuple[Level, ...], direction: int) -> Iterator[str]:
    if len(levels) > MAX_ROWS:
        yield f"{side} holds {len(levels)} levels, at most {MAX_ROWS} are allowed"
    for i, level in enumerate(levels):
        if level.size <= 0:
            yield f"{side}[{i}]: size {level.size} is not positive"
        if i and (level.price - levels[i - 1].price) * direction <= 0:
            yield f"{side}[{i}]: price {level.price} is not worse than the one before; best comes first"


DEPTH: Final = View[Depth](
    name="depth",
    file=DEPTH_FILE,
    type=Depth,
    empty=Depth(),
    presence="data",
    is_rows=False,
    faults=_depth_faults,
    content='`{"bids": [[price, size], ...], "asks": [[price, size], ...]}`, best first',
    bound="`--depth-levels` per side, 50 by default",
)

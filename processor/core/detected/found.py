"""One thing that was detected, and the order in which such things are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["absorption", "divergence", "large", "sweep", "wall"]


class Found(NamedTuple):
    """One event: `time_ns` is when it became known, `from_ns` when it started.

    `price` and `size` are in the instrument's own units, the floats nearest to them; `detail` is a text.
    """

    time_ns: int
    kind: Kind
    side: str
    price: float
    size: float
    from_ns: int
    detail: str


ORDER: Final = Found._fields[:4]
"""The columns that they ascend by."""


def ordered(found: Iterable[Found]) -> list[Found]:
    """By time, then kind, side and price; what is equal in all of these keeps its order."""
    return sorted(found, key=lambda each: each[: len(ORDER)])

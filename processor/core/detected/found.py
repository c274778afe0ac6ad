"""One thing that was detected, and the order in which such things are told."""

from __future__ import annotations

from operator import itemgetter
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
    return sorted(found, key=itemgetter(slice(len(ORDER))))


def nearest_of(found: Iterable[Found], kind: Kind, at_ns: int, *, forward: bool) -> int | None:
    """When the first of a kind later than `at_ns` became known, or the last one earlier; None where there is none."""
    return nearest_time([each.time_ns for each in found if each.kind == kind], at_ns, forward=forward)


def nearest_time(times_ns: Iterable[int], at_ns: int, *, forward: bool) -> int | None:
    """The first time later than `at_ns`, or the last one earlier; None where there is none."""
    there = [time_ns for time_ns in times_ns if (time_ns > at_ns if forward else time_ns < at_ns)]
    return (min if forward else max)(there, default=None)

"""The content of a table in any kind of file: its columns, some of its rows, and all rows as lines of fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from processor.formats.disk.packing import Block

    Rows = tuple[tuple[str, ...], ...]

FEW: Final = 50
"""Rows."""


@dataclass(frozen=True, slots=True)
class Content:
    """A table as lines of fields separated by `delimiter`; the first `header_lines` lines are not rows.

    `names` are its columns in the order of the fields, `known` all columns, `rows` a few of its first rows, `head_rows`
    gives more of them if these are not enough, `last_rows` some of its last, and `unique` the distinct values of some
    columns together (in a text, of its first rows). `units` gives the unit of each column of times that comes as whole
    numbers. `as_they_are`: by the first rows, the kernels can read the lines without rewriting.
    """

    names: tuple[str, ...]
    known: tuple[str, ...]
    delimiter: str
    header_lines: int
    rows: Rows
    head_rows: Callable[[], Rows]
    unique: Callable[[tuple[str, ...]], frozenset[tuple[str, ...]]]
    blocks: Callable[[int | None], Iterator[Block]]
    last_rows: Callable[[], Rows] = tuple
    units: Mapping[str, str] = field(default_factory=dict)
    as_they_are: bool = False


def values_of(
    names: tuple[str, ...], head_rows: Callable[[], Rows], wanted: tuple[str, ...]
) -> frozenset[tuple[str, ...]]:
    """The distinct values of these columns together, without rows in which one is empty."""
    places = [names.index(name) for name in wanted]
    found = {tuple(row[place] for place in places) for row in head_rows() if len(row) > max(places)}
    return frozenset(each for each in found if all(each))

"""What a table holds, whatever the file is: its columns, some of its rows, and all of it as lines of fields."""

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
    """A table as lines of fields separated by `delimiter`, of which the first `header_lines` are no rows.

    `names` are its columns in the order of the fields, `known` all it has, `rows` a few of its first rows, `head_rows`
    all that are looked at where that does not do, `last_rows` some of its last, and `unique` what stands in some
    columns together, of a text as far as its first rows show it. `units` says which columns of times come as whole
    numbers, and of which unit. `as_they_are`: the kernels can read the lines themselves, as far as the first rows show.
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
    """What stands in these columns together, where something stands in each."""
    places = [names.index(name) for name in wanted]
    found = {tuple(row[place] for place in places) for row in head_rows() if len(row) > max(places)}
    return frozenset(each for each in found if all(each))

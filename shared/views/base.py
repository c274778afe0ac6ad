"""What the contract says of a view: of one file that is published beside status.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from shared.contract import MAX_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

Presence = Literal["data", "always", "asked"]


@dataclass(frozen=True, kw_only=True)
class View(Generic[T]):
    """One file of the contract and what readers, writers and pages need to know of it.

    `type` is what msgspec decodes the file as. `empty` is what a reader shows where there is none. `presence`: a "data"
    file belongs to every picture, and a picture waits until it can be read; a view is written "always" or only while
    it is "asked" for, and holds nothing back. `is_rows`: the file is a list of rows whose first column increases, or at
    least does not fall where it `repeats`, which are appended to and travel to a page as differences; others are
    replaced whole. Where the column `basis` of the last row is another than a page has, all its rows are others.
    `faults` says what is wrong with a decoded value, a sentence each. `content` and `bound` are what docs/contract.md
    says of it.
    """

    name: str
    file: str
    type: Any
    empty: T
    presence: Presence
    is_rows: bool
    repeats: bool = False
    basis: str | None = None
    faults: Callable[[Any], Iterator[str]]
    content: str
    bound: str


def row_key(row: Any) -> int:  # noqa: ANN401 - a row of any view
    """The first column of a row, by which what a page lacks is told from what it has."""
    key: int = getattr(row, row.__struct_fields__[0])
    return key


def row_basis(view: View[Any], row: Any) -> float | None:  # noqa: ANN401 - a row of any view
    """What all rows of a table are made with, as the last one has it; None for nothing."""
    found: float | None = None if view.basis is None else getattr(row, view.basis)
    return found


def too_many(rows: tuple[object, ...]) -> Iterator[str]:
    """The fault of a table that is longer than the contract allows."""
    if len(rows) > MAX_ROWS:
        yield f"holds {len(rows)} rows, at most {MAX_ROWS} are allowed"

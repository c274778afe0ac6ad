"""What is done to a folder of files, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tests.formats.taken_apart import Files

    Mutation = Callable[[Files, "Change"], Files]

MAPPING: Final = "mapping.toml"
_UNITED: Final = ("message", "orderbook")
"""In the names of files that go together line by line, and are cut at the same one."""


@dataclass(frozen=True)
class Change:
    """What is done, to which file, and where."""

    what: str
    file: int
    at: int
    other: int
    value: int = 0


def changes(names: Collection[str]) -> st.SearchStrategy[Change]:
    """Any of these."""
    places = st.integers(0, 2**16)
    return st.builds(
        Change, what=st.sampled_from(sorted(names)), file=st.integers(0, 5), at=places, other=places, value=places
    )


def data_files(files: Files) -> list[str]:
    return sorted(name for name in files if name.rpartition("/")[2] != MAPPING)


def chosen(files: Files, change: Change) -> str:
    names = data_files(files)
    return names[change.file % len(names)]


def together(files: Files, name: str) -> list[str]:
    """The file, and those that go with it line by line."""
    is_united = any(part in name for part in _UNITED) and len(data_files(files)) == len(_UNITED)
    return [each for each in data_files(files) if each == name or is_united]

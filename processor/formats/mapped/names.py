"""Instruments in the names of files and folders, and names that show that files are of several instruments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from processor.errors import DatasetError
from processor.formats.mapped import FILE_NAME
from processor.formats.mapped.mapping_file import quoted
from processor.formats.mapped.neutral_words import NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.disk.files import SourceFile
    from processor.formats.mapped.mapping_file import Table

_ENDINGS: Final = frozenset(
    """
    csv tsv txt dat data asc prn parquet pq feather arrow ipc json jsonl ndjson gz bz2 xz zst zstd lz4 zip tar tgz
    """.split()  # noqa: SIM905 - a list of words is read as words
)
_HIVE: Final = re.compile(r"([^=/]+)=(.+)")
_PLACE: Final = re.compile(r"\{([^{}]*)\}")

_WORD: Final = re.compile(r"[^\W\d_]+")
_HASHES: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b(?=[a-f]*\d)[0-9a-f]{8,}\b", re.IGNORECASE
)
_LEAST_LETTERS: Final = 2
_LEAST_OF_TWO: Final = 3


def stem_of(file: SourceFile) -> str:
    """The file's name without its extensions."""
    name = file.base_name
    while "." in name.lstrip(".") and name.rpartition(".")[2].lower() in _ENDINGS:
        name = name.rpartition(".")[0]
    return name


def partitions_of(file: SourceFile) -> dict[str, str]:
    """The keys and values of the file's folders that are named key=value."""
    found = (_HIVE.fullmatch(part) for part in file.name.split("/")[:-1])
    return {match[1]: unquote(match[2]) for match in found if match}


def named_instrument(file: SourceFile, table: Table) -> str | None:
    """The instrument that a mapping names, or takes from the file's path; None if it is in a column.

    Raises:
        DatasetError: the path lacks what the mapping takes from it.
    """
    if table.instrument_pattern is not None:
        found = re.search(table.instrument_pattern, file.name)
        if found is None or not found[1]:
            msg = (
                f"{FILE_NAME}: instrument_pattern {quoted(table.instrument_pattern)} matches nothing in {file.name}, "
                "the path within the dataset"
            )
            raise DatasetError(msg)
        return found[1]
    if table.instrument is None or "{" not in table.instrument:
        return table.instrument
    parts = file.name.split("/")
    folder = parts[-2] if len(parts) > 1 else (file.root or file.path.parent).name
    known = {"stem": stem_of(file), "name": file.base_name, "folder": folder} | partitions_of(file)

    def filled(place: re.Match[str]) -> str:
        if place[1] not in known:
            msg = (
                f"{FILE_NAME}: instrument {quoted(table.instrument)}: {file.name} has no {place[0]}; it has "
                + ", ".join(f"{{{key}}} = {quoted(value)}" for key, value in known.items())
            )
            raise DatasetError(msg)
        return known[place[1]]

    return _PLACE.sub(filled, table.instrument)


def telling_words(path: str) -> frozenset[str]:
    """The words of a path that may name an instrument."""
    found = (word.lower() for word in _WORD.findall(_HASHES.sub(" ", path)))
    return frozenset(word for word in found if len(word) >= _LEAST_LETTERS and not _is_neutral(word))


def refuse_others(files: Sequence[SourceFile], instrument: str) -> None:
    """Refuse files that a mapping reads as one instrument if their names suggest several.

    Raises:
        DatasetError: their names suggest several instruments.
    """
    words = [(file, telling_words("/".join((*file.name.split("/")[:-1], stem_of(file))))) for file in files]
    for number, (file, these) in enumerate(words):
        for other, those in words[:number]:
            if these - those and those - these:
                msg = (
                    f"{FILE_NAME} reads {other.name} and {file.name} as one instrument, {instrument}, but their names "
                    'suggest two: write instrument = "{stem}" to take it from the file\'s name, or instrument_pattern '
                    "for a part of it; if they are one instrument, give each its own table ([[trades]])"
                )
                raise DatasetError(msg)


def _is_neutral(word: str) -> bool:
    """Whether a word does not name an instrument: a neutral word, or two of them joined."""
    two = range(_LEAST_OF_TWO, len(word) - _LEAST_OF_TWO + 1)
    return word in NEUTRAL or any(word[:at] in NEUTRAL and word[at:] in NEUTRAL for at in two)

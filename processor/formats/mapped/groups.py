"""File names in a suggested mapping: a pattern for similar files, and the instrument in each name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from os.path import commonprefix
from typing import TYPE_CHECKING, Final

from processor.formats.mapped.names import stem_of, telling_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.disk.files import SourceFile

_UNKNOWN: Final = "BTC-USD"
_TICKER: Final = re.compile(r"[A-Z][A-Z0-9]{2,}")
_CODE: Final = re.compile(r"\d{1,6}")
"""A number that may be a name, such as shares in Asia have: a date has eight digits."""
_DAY: Final = re.compile(r"\d{4}[-_.]?\d\d[-_.]?\d\d")


@dataclass(frozen=True, slots=True)
class Group:
    """A file and similar ones: the pattern of their names, and their instrument, as in a mapping."""

    file: SourceFile
    pattern: str
    instrument: str
    instrument_pattern: str | None = None


def group_of(file: SourceFile, alike: Sequence[SourceFile], unlike: Sequence[SourceFile]) -> Group:
    """A file with those `alike`, which have its columns and extension; names of two instruments stay apart.

    The pattern matches none of those `unlike`, if there is such a pattern.
    """
    files = [file, *alike]
    stems = [stem_of(each) for each in files]
    ending = file.base_name.removeprefix(stems[0])
    prefix = commonprefix([each.base_name for each in files])  # noqa: RUF071 - of letters, as it does
    own = _DAY.sub("*", _shown(file.base_name))
    patterns = (f"*{ending}", f"{_shown(prefix)}*{ending}", own)
    is_free = (not any(fnmatchcase(each.base_name, pattern) for each in unlike) for pattern in patterns)
    pattern = next((pattern for pattern, free in zip(patterns, is_free, strict=True) if free), own)
    if not alike:
        is_ticker = _TICKER.fullmatch(stems[0]) is not None and bool(telling_words(stems[0]))
        return Group(file, pattern, "{stem}") if is_ticker else Group(file, own, _instrument_in(stems[0]))
    if any(_CODE.fullmatch(each) for each in stems):
        return Group(file, pattern, "{stem}")
    if len({telling_words(each) for each in stems}) > 1:
        return Group(file, pattern, "{stem}", _instrument_pattern(files))
    if len({telling_words(_folder(each)) for each in files}) > 1:
        return Group(file, pattern, "{folder}")
    return Group(file, pattern, _instrument_in(stems[0]))


def _shown(name: str) -> str:
    """A name as a pattern that a terminal can show."""
    return "".join(letter if letter.isprintable() and letter not in "[]*?" else "?" for letter in name)


def _folder(file: SourceFile) -> str:
    return file.name.rpartition("/")[0].rpartition("/")[2]


def _instrument_pattern(files: Sequence[SourceFile]) -> str | None:
    """A regular expression that finds the instrument in each path; None if whole names are instruments or none fits."""
    found = [(stem_of(each), _instrument_in(stem_of(each))) for each in files]
    if all(stem == instrument for stem, instrument in found):
        return None
    stem, instrument = found[0]
    before, _, after = stem.partition(instrument)
    around = [re.sub(r"\d+", r"\\d+", re.escape(each)) for each in (before, after)]
    pattern = rf"(?:^|/){around[0]}([A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*){around[1]}\.[^/]*$"
    for file, (_, each) in zip(files, found, strict=True):
        match = re.search(pattern, file.name)
        if match is None or match[1] != each:
            return None
    return pattern


def _instrument_in(stem: str) -> str:
    """The words of a name that may be an instrument: the first consecutive ones in capitals, otherwise the first."""
    for may_be in (_TICKER.fullmatch, telling_words):
        run = re.compile(r"[A-Za-z0-9]+").finditer(stem)
        found: list[re.Match[str]] = []
        for word in run:
            if telling_words(word[0]) and may_be(word[0]):
                if found and word.start() > found[-1].end() + 1:
                    break
                found.append(word)
            elif found:
                break
        if found:
            return stem[found[0].start() : found[-1].end()]
    return _UNKNOWN

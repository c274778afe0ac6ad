"""What happens to recorded files on the way to their user, as pure functions on folders of files.

`SAME` changes nothing of what the files say: copies, packings, parts, names. `CHANGED` changes rows, and `DIFFERING`
puts a file that it changed beside what it was.
"""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tests.formats.changes import MAPPING, chosen, data_files, together
from tests.formats.row_mutations import CHANGED
from tests.formats.taken_apart import PACKINGS, packed, suffix_of, taken_apart, unpacked, zipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.formats.changes import Change, Mutation
    from tests.formats.taken_apart import Files

OVERLAP: Final = 24
"""Rows that parts which overlap have in common at least: more than there are at any two moments."""
_SIDE_NAMES: Final = ("side", "aggressor", "is_buyer_maker")


def _again(files: Files, change: Change) -> Files:
    """As browsers name a second download: before the last ending, or before all that is one of a file's kind."""
    name = chosen(files, change)
    packing = suffix_of(name) if suffix_of(name) in PACKINGS and change.at % 2 else ""
    stem, dot, ending = name.removesuffix(packing).rpartition(".")
    return files | {f"{stem} (1){dot}{ending}{packing}": files[name]}


def _again_in_folder(files: Files, _: Change) -> Files:
    return files | {f"again/{name}": files[name] for name in data_files(files)}


def _respelled(files: Files, change: Change) -> Files:
    """A copy with the line ends of Windows and a mark at its begin, where that is a text."""
    name = chosen(files, change)
    content = unpacked(name, files[name])
    if taken_apart(content).kind == "lines":
        content = b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n")
    return files | {f"again/{name}": packed(name, content)}


def _packed_beside(suffix: str) -> Mutation:
    def mutation(files: Files, change: Change) -> Files:
        name = chosen(files, change)
        bare = name.removesuffix(suffix_of(name)) if suffix_of(name) in PACKINGS else name
        content = unpacked(name, files[name]) if bare != name else files[name]
        return files | {f"again/{bare}{suffix}": PACKINGS[suffix][0](content)}

    return mutation


def _packed_instead(files: Files, change: Change) -> Files:
    name = chosen(files, change)
    beside = _packed_beside(list(PACKINGS)[change.at % len(PACKINGS)])(files, change)
    return {each: content for each, content in beside.items() if each != name}


def _members_beside(files: Files, _: Change) -> Files:
    return files | {"all.zip": zipped(files)}


def _members_instead(files: Files, change: Change) -> Files:
    return {"all.zip": zipped(files)} if change.at % 2 else {"all.tar.gz": _tarred(files)}


def _tar_beside(files: Files, _: Change) -> Files:
    return files | {"all.tar.gz": _tarred(files)}


def _tarred(files: Files) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def _several_packings(files: Files, change: Change) -> Files:
    """The content packed in two pieces, one after the other, as recorders that append do."""
    name = chosen(files, change)
    suffix = suffix_of(name) if suffix_of(name) in PACKINGS else ".gz"
    bare = name.removesuffix(suffix)
    content = unpacked(name, files[name]) if bare != name else files[name]
    at = change.at % (len(content) + 1)
    pack = PACKINGS[suffix][0]
    others = {each: found for each, found in files.items() if each != name}
    return others | {f"{bare}{suffix}": pack(content[:at]) + pack(content[at:])}


def _renamed(files: Files, change: Change) -> Files:
    name = chosen(files, change)
    if MAPPING in files:
        return files
    new = f"{('download', 'a b', '2019', 'x.y')[change.at % 4]}-{name.rpartition('/')[2]}"
    return {new if each == name else each: content for each, content in files.items()}


def _rewritten(files: Files, change: Change) -> Files:
    name = chosen(files, change)
    table = taken_apart(unpacked(name, files[name]))
    return files | {name: packed(name, table.joined(table.rows))}


def _in_parts(files: Files, change: Change, bounds: Callable[[int], list[tuple[int, int]]]) -> Files:
    """The rows of a file between each pair of bounds, in a file of the same name in a folder of its own."""
    name = chosen(files, change)
    found = dict(files)
    for each in together(files, name):
        table = taken_apart(unpacked(each, found.pop(each)))
        if len(table.rows) < 2 * OVERLAP:
            return files
        for number, (start, end) in enumerate(bounds(len(table.rows))):
            if end > start:
                found[f"{number + 1}/{each}"] = packed(each, table.joined(table.rows[start:end]))
    return found


def _split(files: Files, change: Change) -> Files:
    def bounds(rows: int) -> list[tuple[int, int]]:
        at = change.at % (rows + 1)
        return [(0, at), (at, rows)]

    return _in_parts(files, change, bounds)


def _overlapped(files: Files, change: Change) -> Files:
    def bounds(rows: int) -> list[tuple[int, int]]:
        start = change.at % max(rows - OVERLAP, 1)
        end = start + OVERLAP + change.other % max(rows - start - OVERLAP, 1)
        return [(0, end), (start, rows)]

    return _in_parts(files, change, bounds)


def _three(files: Files, change: Change) -> Files:
    def bounds(rows: int) -> list[tuple[int, int]]:
        third = max(rows // 3, 1)
        more = OVERLAP + change.at % max(third - OVERLAP, 1)
        return [(0, third + more), (third, 2 * third + more), (2 * third, rows)]

    return _in_parts(files, change, bounds)


def _within(files: Files, change: Change) -> Files:
    """Some of the rows in a file of their own, beside all of them."""

    def bounds(rows: int) -> list[tuple[int, int]]:
        start = change.at % max(rows - OVERLAP, 1)
        return [(0, rows), (start, start + OVERLAP)]

    return _in_parts(files, change, bounds)


def _cut_off(files: Files, change: Change) -> Files:
    """A download that broke off, and then the whole."""
    found = dict(files)
    for name in together(files, chosen(files, change)):
        content = files[name] if change.other % 2 else unpacked(name, files[name])
        whole = name if change.other % 2 else name.removesuffix(suffix_of(name))
        found[f"again/{whole}"] = content[: 1 + change.at % len(content)]
    return found


def _cut_at_row(files: Files, change: Change) -> Files:
    def bounds(rows: int) -> list[tuple[int, int]]:
        return [(0, rows), (0, 1 + change.at % rows)]

    return _in_parts(files, change, bounds)


def _interleaved(files: Files, change: Change) -> Files:
    """The rows in turn in two files: as many of each, as `at` says."""
    name = chosen(files, change)
    found = dict(files)
    for each in together(files, name):
        table = taken_apart(unpacked(each, found.pop(each)))
        if not table.rows:
            return files
        length = 1 + change.at % 7
        for number in (0, 1):
            rows = [row for at, row in enumerate(table.rows) if at // length % 2 == number]
            if rows:
                found[f"{number + 1}/{each}"] = packed(each, table.joined(rows))
    return found


def _cut_out(files: Files, change: Change) -> Files:
    """Some of the rows in a file of their own, and not where they were. The first row is in the first file."""
    name = chosen(files, change)
    found = dict(files)
    for each in together(files, name):
        table = taken_apart(unpacked(each, found.pop(each)))
        start = 1 + change.at % len(table.rows) if table.rows else 0
        end = start + change.other % (len(table.rows) - start + 1)
        for number, rows in enumerate((table.rows[:start] + table.rows[end:], table.rows[start:end])):
            if rows:
                found[f"{number + 1}/{each}"] = packed(each, table.joined(rows))
    return found


def _by_side(files: Files, change: Change) -> Files:
    """Buys in one file, sells in another; bids and asks. The first row is in the first file."""
    name = chosen(files, change)
    table = taken_apart(unpacked(name, files[name]))
    if not table.rows:
        return files
    delimiter = max(b",", b";", b"\t", key=table.header.count)
    column = next((at for at, each in enumerate(table.names) if each in _SIDE_NAMES), None)

    def side(row: Any) -> Any:
        if column is None:
            return None
        return row[column] if isinstance(row, tuple) else row.rstrip().split(delimiter)[column]

    found = {each: content for each, content in files.items() if each != name}
    for number in (0, 1):
        rows = [row for row in table.rows if (side(row) == side(table.rows[0])) == (number == 0)]
        if rows:
            found[f"{number + 1}/{name}"] = packed(name, table.joined(rows))
    return found


SAME: Final[dict[str, Mutation]] = {
    "again": _again,
    "again in a folder": _again_in_folder,
    "again respelled": _respelled,
    **{f"{suffix} beside": _packed_beside(suffix) for suffix in PACKINGS},
    "packed instead": _packed_instead,
    "zip beside": _members_beside,
    "tar.gz beside": _tar_beside,
    "archive instead": _members_instead,
    "several packings": _several_packings,
    "renamed": _renamed,
    "rewritten": _rewritten,
    "split": _split,
    "overlapped": _overlapped,
    "three parts": _three,
    "some beside": _within,
    "cut off": _cut_off,
    "cut off at a row": _cut_at_row,
    "interleaved": _interleaved,
    "cut out": _cut_out,
    "by side": _by_side,
}
"""Files that say the same as before."""


def _beside(name: str) -> Mutation:
    """What `CHANGED` makes of a file, beside that file."""

    def mutation(files: Files, change: Change) -> Files:
        changed = CHANGED[name](files, replace(change, what=name))
        return files | {f"again/{each}": content for each, content in changed.items() if content != files[each]}

    return mutation


DIFFERING: Final[dict[str, Mutation]] = {
    f"beside: {name}": _beside(name)
    for name in (
        "a row dropped", "a row doubled", "neighbours swapped", "far rows swapped", "a size by 1e12", "a size by 1e-9",
        "a size with noise", "a row of another day", "a price of 0", "all sizes by 1e-9",
    )
}  # fmt: skip
"""A copy beside the file that differs from it."""


def mutated(files: Files, change: Change) -> Files:
    """The folder after a change."""
    return (SAME | CHANGED | DIFFERING)[change.what](files, change)

"""Where the datasets of commands may be: in folders that the operator of the processor names."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from processor.errors import SettingError
from shared import CONTROL_FILE, STATUS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_VARIABLE: Final = "PROCESSOR_DATASETS"
MOST_LISTED: Final = 100
_MOST_CHARACTERS: Final = 8_000
"""Of all listed paths together: status.json, which holds them, stays small."""
_MOST_LOOKED_AT: Final = 1_000
"""Entries of a folder, however many there are in it."""


def folders_of(text: str | None, dataset: Path) -> tuple[Path, ...]:
    """The folders that `text` names, separated as in PATH; without any, the folder where `dataset` is.

    That folder is left out if it is the root of all files, as with a dataset that a container mounts at `/dataset`. The
    dataset itself is always permitted.

    Raises:
        SettingError: one of them is no folder.
    """
    named = [Path(part) for part in (text or "").split(os.pathsep) if part]
    for folder in named:
        if not folder.is_dir():
            raise SettingError("datasets", str(folder), f"a folder that is there ({_VARIABLE})")
    beside = dataset.absolute().parent.resolve()
    usual = [] if beside == Path(beside.anchor) else [beside]
    return tuple(dict.fromkeys([dataset.resolve(), *([folder.resolve() for folder in named] or usual)]))


def check(path: Path, folders: Sequence[Path]) -> None:
    """Refuse a path that leads out of all `folders`, by `..` or by links.

    Raises:
        SettingError: so it does; whether there is anything is not said.
    """
    try:
        found = path.resolve()
    except (OSError, RuntimeError):  # a link to itself, before Python 3.13
        raise SettingError("dataset", str(path), "a path that can be followed") from None
    if not any(found.is_relative_to(folder) for folder in folders):
        within = " or ".join(map(str, folders))
        raise SettingError(
            "dataset", str(path), f"a dataset in {within}; {_VARIABLE} names the folders that are permitted"
        )


def listed(folders: Sequence[Path]) -> tuple[str, ...]:
    """Paths that a command may choose: the dataset of the command line, and the folders that lie in the others.

    Whether a folder is a dataset is found out when it is chosen. Left out are hidden folders, those of the exchange,
    links that lead elsewhere, and whatever exceeds the limits.
    """
    found: list[str] = []
    room = _MOST_CHARACTERS
    for path in (*folders[:1], *(inner for folder in folders[1:] for inner in _inner(folder, folders))):
        text = str(path)
        if text in found or not text.isprintable():
            continue
        room -= len(text)
        if room < 0 or len(found) == MOST_LISTED:
            break
        found.append(text)
    return tuple(found)


def _inner(folder: Path, folders: Sequence[Path]) -> Iterator[Path]:
    """The folders in one, which is resolved, in the order of their names."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(islice(entries, _MOST_LOOKED_AT), key=lambda each: each.name)
    except OSError:
        return
    for entry in found:
        path = folder / entry.name
        try:
            if entry.name.startswith(".") or not entry.is_dir():
                continue
            if entry.is_symlink():
                check(path, folders)
            if not any((path / name).exists() for name in (STATUS_FILE, CONTROL_FILE)):
                yield path
        except (OSError, SettingError):
            continue

"""Where the datasets of commands may be: in folders that the operator of the processor names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from processor.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

_VARIABLE: Final = "PROCESSOR_DATASETS"


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

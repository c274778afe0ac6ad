"""Finds out what a folder holds beside the replay, which plays on and hears commands meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from processor.formats import open_dataset
from processor.replay import permitted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from processor.formats import Dataset

_PATIENCE_S: Final = 0.01


class _Abandoned(Exception):
    """Nobody waits for the answer any more."""


def recognised(path: Path, folders: Sequence[Path], while_waiting: Callable[[], None]) -> Dataset:
    """What `open_dataset` finds, in a thread; `while_waiting` is called again and again until it is found.

    The path must be in one of the `folders`. Where `while_waiting` raises, that is raised, and the thread ends with the
    file that it looks at.

    Raises:
        SettingError: it is in none of the folders.
        DatasetError: as `open_dataset` does.
    """
    abandoned, ended = threading.Event(), threading.Event()
    found: list[Dataset] = []
    failures: list[BaseException] = []

    def check() -> None:
        if abandoned.is_set():
            raise _Abandoned

    def find() -> None:
        try:
            permitted.check(path, folders)
            found.append(open_dataset(path, check))
        except BaseException as error:  # noqa: BLE001 - raised again where the answer is taken
            failures.append(error)
        finally:
            ended.set()

    threading.Thread(target=find, name="recognition", daemon=True).start()
    try:
        while not ended.wait(_PATIENCE_S):
            while_waiting()
    finally:
        abandoned.set()
    if failures:
        raise failures[0]
    return found[0]

"""Writes a dataset in the project's own layout, to be kept."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from processor.errors import DatasetError, SettingError
from processor.formats import in_order
from processor.sources.conversion import Conversion, new_manifest
from processor.store.cache import LOCK_FILE, CacheUnusable, Entry
from processor.store.files import folder_name
from shared import WriteFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processor.core.report import Report
    from processor.formats import Dataset
    from processor.store.manifest import Manifest

_OPTION: Final = "out"


@dataclass(frozen=True, slots=True)
class Converted:
    """One instrument's store, complete, and what was found in it."""

    folder: Path
    manifest: Manifest
    report: Report


def convert(
    dataset: Dataset, instrument: str, clock: str, out: Path, on_progress: Callable[[int], None] = lambda _: None
) -> Converted:
    """Write `instrument` into a folder of its own in `out`, which appears when it is complete.

    Until then it grows in a hidden folder beside it; where an earlier conversion of the same files was cut off, this
    one goes on. `on_progress` is told the bytes read.

    Raises:
        SettingError: the folder is there already, cannot be written, or another process is writing it.
        DatasetError: the dataset is unusable.
    """
    return in_order(dataset, lambda found: _convert(found, instrument, clock, out, on_progress))


def _convert(dataset: Dataset, instrument: str, clock: str, out: Path, on_progress: Callable[[int], None]) -> Converted:
    folder = out / folder_name(instrument)
    if folder.exists():
        raise SettingError(_OPTION, str(out), f"a folder without {folder.name}, or that one removed first")
    partial = out / f".{folder.name}.partial"
    try:
        partial.mkdir(parents=True, exist_ok=True)
        entry = Entry(partial)
    except (OSError, CacheUnusable) as error:
        raise SettingError(_OPTION, str(out), f"a folder that can be written ({error})") from error
    try:
        if not entry.is_there():
            raise SettingError(_OPTION, str(out), "a folder into which no other process writes")
        found = Conversion(dataset, partial, _left(dataset, instrument, clock, entry))
        found.run(on_progress)
        if not found.manifest.segments:
            shutil.rmtree(partial)
            msg = f"there is no event of {instrument} in the dataset"
            raise DatasetError(msg)
        partial.rename(folder)
        (folder / LOCK_FILE).unlink()
    except (OSError, WriteFailed, CacheUnusable) as error:
        msg = f"a disk with room for it ({error}); the same command goes on from here"
        raise SettingError(_OPTION, str(out), msg) from error
    finally:
        entry.release()
    return Converted(folder, found.manifest, found.report)


def _left(dataset: Dataset, instrument: str, clock: str, entry: Entry) -> Manifest:
    """What an earlier conversion of the same files left to go on with, or a beginning."""
    fresh = new_manifest(dataset, instrument, clock)
    left = entry.manifest()
    if left is not None and left.key == fresh.key:
        return left
    entry.clear()
    return fresh

"""Stores among the files of a dataset. A store says which files are all of it: none of them may be missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from processor.errors import DatasetError
from processor.store import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from processor.formats import Dataset
    from processor.formats.files import SourceFile
    from processor.store.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Store:
    """A store that lies within a dataset: its folder, and its instrument."""

    folder: Path
    instrument: str


def below(path: Path, files: Sequence[SourceFile]) -> tuple[Store, ...]:
    """The stores in the folder of a dataset, also those that have no file left; `files` are those of the own layout.

    Raises:
        DatasetError: what says which files a store has cannot be read, or is damaged.
    """
    if not files or not path.is_dir():
        return ()
    # Folders that links lead to are found by the files in them.
    on_disk = {file.path for file in files if file.member is None}
    around = {folder for file in on_disk for folder in file.parents[:2] if folder.is_relative_to(path)}
    found = {manifest.parent.parent for manifest in path.rglob(manifests.MANIFEST_FILE)}
    folders = found | {folder for folder in around if (folder / manifests.MANIFEST_FILE).is_file()}
    return tuple(
        Store(folder, manifests.instrument_of(folder))
        for folder in sorted(folders)
        # A conversion grows in a hidden folder.
        if not any(name.startswith(".") for name in folder.relative_to(path).parts)
    )


def loaded(stores: Sequence[Store], instrument: str) -> list[tuple[Path, Manifest]]:
    """The stores of an instrument, each with its manifest.

    Raises:
        DatasetError: one of them is unfinished or damaged, or a file of it is missing.
    """
    found = [(store.folder, manifests.load(store.folder)) for store in stores if store.instrument == instrument]
    for folder, manifest in found:
        if manifest is not None and not manifest.complete:
            msg = f"{folder} is an unfinished conversion: `processor convert` again finishes it"
            raise DatasetError(msg)
    return [(folder, manifest) for folder, manifest in found if manifest is not None]


def whole(dataset: Dataset, instrument: str, clock: str) -> tuple[Path, Manifest] | None:
    """The store that holds all files that `dataset` has of an instrument, and no other, in the order of `clock`.

    Raises:
        DatasetError: as `loaded` does.
    """
    files = {file.path for file in dataset.files_of(instrument) if file.member is None}
    for folder, manifest in loaded(dataset.stores, instrument):
        if manifest.clock == clock and files == {folder / name for name in manifest.event_files}:
            return folder, manifest
    return None

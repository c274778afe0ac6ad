"""Stores among the files of a dataset. A store lists all of its files: none of them may be missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from processor.errors import DatasetError
from processor.store import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from processor.formats import Dataset
    from processor.formats.disk.files import SourceFile
    from processor.store.manifest import Contents, Manifest


@dataclass(frozen=True, slots=True)
class Store:
    """A store within a dataset: its folder, and its manifest."""

    folder: Path
    contents: Contents

    def check(self) -> None:
        """Check that all event files are there; the index may be of another version.

        Raises:
            DatasetError: it is unfinished, or a file is missing.
        """
        if not self.contents.complete:
            msg = f"{self.folder} is an unfinished conversion: run `processor convert` again to finish it"
            raise DatasetError(msg)
        manifests.check_files(self.folder, self.contents.event_files)


def below(path: Path, files: Sequence[SourceFile]) -> tuple[Store, ...]:
    """The stores in the folder of a dataset, also those without files; `files` are the files of the own layout.

    Raises:
        DatasetError: the manifest of a store cannot be read, or is damaged.
    """
    if not files or not path.is_dir():
        return ()
    # Linked folders are found by the files in them.
    on_disk = {file.path for file in files if file.member is None}
    around = {folder for file in on_disk for folder in file.parents[:2] if folder.is_relative_to(path)}
    found = {manifest.parent.parent for manifest in path.rglob(manifests.MANIFEST_FILE)}
    folders = found | {folder for folder in around if (folder / manifests.MANIFEST_FILE).is_file()}
    return tuple(
        Store(folder, manifests.contents(folder))
        for folder in sorted(folders)
        # A conversion grows in a hidden folder.
        if not any(name.startswith(".") for name in folder.relative_to(path).parts)
    )


def checked(stores: Sequence[Store], instrument: str) -> list[Store]:
    """The stores of an instrument.

    Raises:
        DatasetError: one of them is unfinished, or a file of it is missing.
    """
    found = [store for store in stores if store.contents.instrument == instrument]
    for store in found:
        store.check()
    return found


def whole(dataset: Dataset, instrument: str, clock: str) -> tuple[Path, Manifest] | None:
    """The store with exactly the files that `dataset` has of an instrument, in the order of `clock`; None if none has.

    Raises:
        DatasetError: as `checked` does; or that store is of another version, or its index is damaged.
    """
    files = {file.path for file in dataset.files_of(instrument) if file.member is None}
    for store in checked(dataset.stores, instrument):
        if files == {store.folder / name for name in store.contents.event_files}:
            manifest = manifests.load(store.folder)
            return (store.folder, manifest) if manifest is not None and manifest.clock == clock else None
    return None

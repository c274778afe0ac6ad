"""The files of a dataset: in its folder, in the subfolders, and in linked folders."""

from __future__ import annotations

import os
from stat import S_ISBLK, S_ISCHR, S_ISDIR, S_ISFIFO, S_ISREG, S_ISSOCK
from typing import TYPE_CHECKING, Final

from processor.errors import DatasetError
from processor.formats.disk.file_cache import FileCache
from processor.formats.disk.files import SourceFile, opened
from processor.names import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from processor.formats.disk.files import LeftOut

_NOT_REGULAR: Final[tuple[tuple[Callable[[int], bool], str], ...]] = (
    (S_ISFIFO, "a named pipe"),
    (S_ISSOCK, "a socket"),
    (S_ISCHR, "a device"),
    (S_ISBLK, "a device"),
)


def files_of(path: Path, left_out: LeftOut, check: Callable[[], None] = lambda: None) -> Iterator[SourceFile]:
    """Every file of a dataset, by path; archives as their members. `left_out` gets each skipped file and the reason.

    `check` is called with every folder; what it raises is raised.

    Raises:
        DatasetError: `path` does not exist, or an archive cannot be read.
        OSError: a folder cannot be read.
    """
    if not path.exists():
        msg = f"{printable(str(path))} does not exist: give a folder of recorded data, or one of its files"
        raise DatasetError(msg)
    root = path if path.is_dir() else path.parent
    cache = FileCache()
    for found in sorted(on_disk(path, left_out, check)):
        yield from opened(SourceFile(found, root=root, cache=cache), left_out)


def on_disk(
    path: Path, left_out: LeftOut = lambda _name, _reason: None, check: Callable[[], None] = lambda: None
) -> dict[Path, os.stat_result]:
    """The regular, visible files of a folder, or the single file; each once, even if several links lead to it.

    Links to folders are followed. A linked file is the same file as its target.

    Raises:
        OSError: a folder cannot be read.
    """
    if not path.is_dir():
        status = path.stat()
        if S_ISREG(status.st_mode):
            return {path: status}
        left_out(printable(path.name), _kind(status))
        return {}
    tree = _Tree(path, left_out, check)
    tree.find()
    return tree.files


class _Tree:
    """The files found below a folder so far."""

    def __init__(self, root: Path, left_out: LeftOut, check: Callable[[], None]) -> None:
        self.files: dict[Path, os.stat_result] = {}
        self._root = root
        self._left_out = left_out
        self._check = check
        self._seen: dict[tuple[int, int], Path] = {}
        self._linked_folders: list[Path] = []
        self._linked_files: list[Path] = []

    def find(self) -> None:
        """Find all files, first those reached without a link, so that they keep that name."""
        self._walk(self._root)
        for folder in self._linked_folders:  # this list grows during the loop
            self._walk(folder)
        for path in sorted(self._linked_files):
            self._follow(path)

    def _walk(self, folder: Path) -> None:
        self._check()
        if self._is_known(folder, folder.stat(), "the same folder as"):
            return
        with os.scandir(folder) as entries:
            visible = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda each: each.name)
        for entry in visible:
            path = folder / entry.name
            if entry.is_symlink():
                (self._linked_folders if _leads_to_folder(entry) else self._linked_files).append(path)
                continue
            try:
                status = entry.stat()
            except FileNotFoundError:
                continue
            if S_ISDIR(status.st_mode):
                self._walk(path)
            else:
                self._add(path, status)

    def _follow(self, path: Path) -> None:
        try:
            status = path.stat()
        except OSError:
            self._left_out(self._shown(path), "a broken link")
            return
        self._add(path, status)

    def _add(self, path: Path, status: os.stat_result) -> None:
        if not S_ISREG(status.st_mode):
            self._left_out(self._shown(path), _kind(status))
        elif not self._is_known(path, status, "the same file as"):
            self.files[path] = status

    def _is_known(self, path: Path, status: os.stat_result, what: str) -> bool:
        """Whether the file was already found under another name; some file systems have no inode numbers."""
        if not status.st_ino:
            return False
        known = self._seen.setdefault((status.st_dev, status.st_ino), path)
        if known != path:
            self._left_out(self._shown(path), f"{what} {self._shown(known)}")
        return known != path

    def _shown(self, path: Path) -> str:
        return printable(path.relative_to(self._root).as_posix())


def _leads_to_folder(link: os.DirEntry[str]) -> bool:
    try:
        return link.is_dir()
    except OSError:
        return False


def _kind(status: os.stat_result) -> str:
    return next((what for is_it, what in _NOT_REGULAR if is_it(status.st_mode)), "not a file")

"""Which files a dataset has: those of a folder, of its subfolders and of folders that links in it lead to."""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_ISBLK, S_ISCHR, S_ISFIFO, S_ISREG, S_ISSOCK
from typing import TYPE_CHECKING, Final

from processor.errors import DatasetError
from processor.formats.files import SourceFile, opened
from processor.formats.keeping import Kept
from processor.report import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from processor.formats.files import LeftOut

_NOT_REGULAR: Final[tuple[tuple[Callable[[int], bool], str], ...]] = (
    (S_ISFIFO, "a named pipe"),
    (S_ISSOCK, "a socket"),
    (S_ISCHR, "a device"),
    (S_ISBLK, "a device"),
)


def files_of(path: Path, left_out: LeftOut) -> Iterator[SourceFile]:
    """Every file of a dataset, by path; archives as their members. `left_out` is told what is passed over, and why.

    Raises:
        DatasetError: there is nothing, or an archive cannot be read.
        OSError: a folder cannot be read.
    """
    if not path.exists():
        msg = f"{printable(str(path))} does not exist: give a folder of recorded data, or one file of it"
        raise DatasetError(msg)
    root = path if path.is_dir() else path.parent
    kept = Kept()
    for found in sorted(on_disk(path, left_out)):
        yield from opened(SourceFile(found, root=root, kept=kept), left_out)


def on_disk(path: Path, left_out: LeftOut = lambda _name, _reason: None) -> dict[Path, os.stat_result]:
    """The regular files of a folder that are not hidden, or the one file: each once, however many links lead to it.

    Links to folders are followed. What is found by a link is the same as what is found without one.

    Raises:
        OSError: a folder cannot be read.
    """
    if not path.is_dir():
        status = path.stat()
        if S_ISREG(status.st_mode):
            return {path: status}
        left_out(printable(path.name), _kind(status))
        return {}
    tree = _Tree(path, left_out)
    # Links last: what is reached without one goes by that name.
    for folder in tree.folders:
        tree.walk(folder)
    tree.take_links()
    return tree.files


class _Tree:
    """What has been found below a folder by now; `folders` grows by those that links lead to."""

    def __init__(self, root: Path, left_out: LeftOut) -> None:
        self.folders = [root]
        self.files: dict[Path, os.stat_result] = {}
        self._root = root
        self._left_out = left_out
        self._seen: dict[tuple[int, int], Path] = {}
        self._links: list[Path] = []

    def walk(self, top: Path) -> None:
        """Find what is below a folder, and the links in it."""
        by_link = top != self._root
        for name, folders, files in os.walk(top, onerror=_raised):
            folder = Path(name)
            if self._is_known(folder, folder.stat(), "the same folder as"):
                folders.clear()
                continue
            visible = sorted(each for each in folders if not each.startswith("."))
            folders[:] = [each for each in visible if not (folder / each).is_symlink()]
            self.folders += [folder / each for each in visible if (folder / each).is_symlink()]
            for each in sorted(files):
                if not each.startswith("."):
                    path = folder / each
                    if by_link or path.is_symlink():
                        self._links.append(path)
                    else:
                        self._take(path)

    def take_links(self) -> None:
        """Take in what is found by links alone."""
        for link in sorted(self._links):
            self._take(link)

    def _take(self, path: Path) -> None:
        try:
            status = path.stat()
        except OSError as error:
            if path.is_symlink():
                self._left_out(self._shown(path), "a link that leads nowhere")
            elif not isinstance(error, FileNotFoundError):
                raise
            return
        if not S_ISREG(status.st_mode):
            self._left_out(self._shown(path), _kind(status))
        elif not self._is_known(path, status, "the same file as"):
            self.files[path] = status

    def _is_known(self, path: Path, status: os.stat_result, what: str) -> bool:
        """Whether it has been found by another name; some file systems number nothing."""
        if not status.st_ino:
            return False
        known = self._seen.setdefault((status.st_dev, status.st_ino), path)
        if known != path:
            self._left_out(self._shown(path), f"{what} {self._shown(known)}")
        return known != path

    def _shown(self, path: Path) -> str:
        return printable(path.relative_to(self._root).as_posix())


def _raised(error: OSError) -> None:
    raise error


def _kind(status: os.stat_result) -> str:
    return next((what for is_it, what in _NOT_REGULAR if is_it(status.st_mode)), "no file")

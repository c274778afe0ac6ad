"""One worker's view of the IPC directory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from shared import DirectoryReader, Picture

if TYPE_CHECKING:
    from pathlib import Path

    from shared import ReadObserver

_PATIENCE_S: Final = 1.0
_SLOW: Final = "the published files cannot be read in time: their file system does not answer"


class Feed:
    """A directory reader that the threads of a worker share. Its cache of files is the worker's only state."""

    def __init__(self, directory: Path, observer: ReadObserver) -> None:
        """Read from `directory`, which need not exist yet."""
        self._reader = DirectoryReader(directory, observer)
        self._lock = threading.Lock()
        self._patience_s = _PATIENCE_S

    def poll(self) -> tuple[Picture | None, str | None]:
        """The newest consistent picture, and why the files on disk could not be taken if they could not.

        While one thread waits for a file system that does not answer, the others get the last picture.
        """
        if not self._lock.acquire(timeout=self._patience_s):
            # Once is enough: those that come next need not wait for it too.
            self._patience_s = 0.0
            return self._reader.picture, _SLOW
        try:
            picture = self._reader.poll()
            self._patience_s = _PATIENCE_S
            return picture, self._reader.problem
        finally:
            self._lock.release()

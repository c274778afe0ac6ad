"""One worker's view of the IPC directory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shared import DirectoryReader, Picture

if TYPE_CHECKING:
    from pathlib import Path

    from shared import ReadObserver


class Feed:
    """A directory reader that the threads of a worker share. Its cache of files is the worker's only state."""

    def __init__(self, directory: Path, observer: ReadObserver) -> None:
        """Read from `directory`, which need not exist yet."""
        self._reader = DirectoryReader(directory, observer)
        self._lock = threading.Lock()

    def poll(self) -> tuple[Picture | None, str | None]:
        """The newest consistent picture, and why the files on disk could not be taken if they could not."""
        with self._lock:
            return self._reader.poll(), self._reader.problem

"""One worker's view of the IPC directory."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Final

from shared import DirectoryReader, Picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared import ReadObserver

_PATIENCE_S: Final = 1.0
_PAUSE: Final = 1.0
"""A pause after a read, in times of what it took: many pages of many views must not keep a worker reading."""
_SLOW: Final = "the published files cannot be read in time: their file system does not answer"


class Feed:
    """A directory reader that the threads of a worker share. Its cache of files is the worker's only state."""

    def __init__(self, directory: Path, observer: ReadObserver, clock_s: Callable[[], float] = time.monotonic) -> None:
        """Read from `directory`, which need not exist yet. `clock_s` gives seconds that never fall."""
        self._reader = DirectoryReader(directory, observer)
        self._lock = threading.Lock()
        self._patience_s = _PATIENCE_S
        self._clock_s = clock_s
        self._reads_again_s = -math.inf

    def poll(self) -> tuple[Picture | None, str | None]:
        """The newest consistent picture, and why the files on disk could not be taken if they could not.

        It is the one of before where a read has just ended: a worker reads for half of its time at most. While one
        thread waits for a file system that does not answer, the others get the last picture.
        """
        if not self._lock.acquire(timeout=self._patience_s):
            # Once is enough: those that come next need not wait for it too.
            self._patience_s = 0.0
            return self._reader.picture, _SLOW
        try:
            begin_s = self._clock_s()
            if begin_s >= self._reads_again_s:
                self._reader.poll()
                end_s = self._clock_s()
                self._reads_again_s = end_s + _PAUSE * (end_s - begin_s)
            self._patience_s = _PATIENCE_S
            return self._reader.picture, self._reader.problem
        finally:
            self._lock.release()

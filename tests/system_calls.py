"""Makes system calls fail: each in its turn, as the operating system could, or by the end of the process."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CALLS: Final = (
    *((os, name) for name in ("open", "read", "write", "fsync", "replace", "unlink", "link", "mkdir", "utime")),
    *((os, name) for name in ("fchmod", "ftruncate", "fstat", "lstat")),
    (fcntl, "flock"),
)


def within(*folders: Path) -> Callable[[object], bool]:
    """Whether a call, by its first argument, is about a file in one of `folders`."""
    inside = tuple(map(str, folders))

    def concerns(subject: object) -> bool:
        if isinstance(subject, int):
            with suppress(OSError):
                return Path(f"/dev/fd/{subject}").resolve().as_posix().startswith(inside)
            return False
        return isinstance(subject, (str, Path)) and str(subject).startswith(inside)

    return concerns


class Killed(BaseException):
    """The process ends here: nothing after it is done, and the operating system closes what was open."""


class SystemCalls:
    """Counts the calls that a piece of work makes; `fail` makes one of them fail.

    `made` are their names. Only calls that `concerns` accepts, by their first argument, are counted: paths and
    descriptors of files.
    """

    def __init__(self, concerns: Callable[[object], bool] = lambda _: True) -> None:
        self.made: list[str] = []
        self._concerns = concerns
        self._open: set[int] = set()
        self._at: int | None = None
        self._failure: BaseException | None = None
        self._is_paused = False

    def fail(self, at: int, failure: BaseException) -> None:
        """Let the call number `at`, from 0, fail, and no other."""
        self._at, self._failure = at, failure

    @contextmanager
    def watched(self) -> Iterator[None]:
        with ExitStack() as patches:
            for module, name in _CALLS:
                patches.enter_context(mock.patch.object(module, name, self._wrapped(name, getattr(module, name))))
            patches.enter_context(mock.patch.object(os, "close", self._closed(os.close)))
            yield

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Count and fail nothing meanwhile."""
        self._is_paused = True
        try:
            yield
        finally:
            self._is_paused = False

    def close_all(self) -> None:
        """Close what the work has opened and not closed, as the end of its process does."""
        for descriptor in self._open:
            os.close(descriptor)
        self._open.clear()

    def _closed(self, close: Callable[[int], None]) -> Callable[[int], None]:
        def watched(descriptor: int) -> None:
            self._open.discard(descriptor)
            close(descriptor)

        return watched

    def _wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            if not self._is_paused and self._concerns(arguments[0]):
                at = len(self.made)
                self.made.append(name)
                if at == self._at and self._failure is not None:
                    raise self._failure
            answer = call(*arguments, **options)
            if name == "open":
                self._open.add(answer)
            return answer

        return watched

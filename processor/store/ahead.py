"""Files of a store that are read by threads while what was read before them is taken in."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    T = TypeVar("T")

_THREADS: Final = 2
_AHEAD: Final = 3
"""What is read at most without being needed, where the caller stops."""


def read_ahead(read: Callable[[int], T], numbers: Iterable[int]) -> Generator[T]:
    """What `read` gives for each number, in their order."""
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(_THREADS) as threads:
        try:
            for number in numbers:
                waiting.append(threads.submit(read, number))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()

"""Makes the items of an iterator ahead of their use, in a thread."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

SMALL_BYTES: Final = 64 << 10
"""Reading so few bytes takes as long as starting and ending a thread."""

T = TypeVar("T")

_END: Final = object()
_PATIENCE_S: Final = 0.2


def prefetched(items: Iterable[T], depth: int = 2, *, while_waiting: Callable[[], None] | None = None) -> Generator[T]:
    """Yield `items`, which a thread makes up to `depth` ahead; with 0, they are made here when they are asked for.

    The thread starts with the first item that is asked for. When this generator is exhausted or closed, the thread has
    ended and has closed `items`. `while_waiting` is called a few times a second while the next item is not there.

    Raises:
        BaseException: what `items` or `while_waiting` raised.
    """
    if not depth:
        yield from items
        return
    made: queue.SimpleQueue[object] = queue.SimpleQueue()
    room = threading.Semaphore(depth)
    closed = threading.Event()
    failures: list[BaseException] = []

    def make() -> None:
        source = iter(items)
        try:
            try:
                room.acquire()
                while not closed.is_set():
                    made.put(next(source))
                    room.acquire()
            except StopIteration:
                pass
            finally:
                getattr(source, "close", lambda: None)()
        except BaseException as error:  # noqa: BLE001 - raised again where the items are taken
            failures.append(error)
        finally:
            made.put(_END)

    thread = threading.Thread(target=make, name="prefetch", daemon=True)
    thread.start()
    try:
        while (item := _next(made, while_waiting)) is not _END:
            room.release()
            yield item  # type: ignore[misc]
        if failures:
            raise failures[0]
    finally:
        closed.set()
        room.release()
        thread.join()


def _next(made: queue.SimpleQueue[object], while_waiting: Callable[[], None] | None) -> object:
    if while_waiting is None:
        return made.get()
    while True:
        try:
            return made.get(timeout=_PATIENCE_S)
        except queue.Empty:
            while_waiting()

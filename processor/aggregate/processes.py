"""Work spread over processes of this machine: the task of a process that was killed is done again by another.

Nothing heavy is imported here: a worker reads this module before it knows how many threads Polars may have.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from processor.errors import FanOutFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from concurrent.futures import Executor

_log = structlog.get_logger()

_PATIENCE_S: Final = 0.2
_VAIN_ATTEMPTS: Final = 3
"""Pools that may break one after the other without a task done in between."""
_KILLED_GUESS: Final = "the system kills what takes too much memory; --workers 1 takes least"

T = TypeVar("T")
R = TypeVar("R")


def in_processes(work: Callable[[T], R], tasks: Sequence[T], workers: int, on_done: Callable[[T], None]) -> list[R]:
    """`work` of each of `tasks`, in their order, computed in `workers` processes; `on_done` is called with each.

    `work` must be importable, tasks and results picklable. Nothing of it goes on once this has returned or raised.

    Raises:
        FanOutFailed: the processes end again and again without a result.
        Exception: what `work` raised first.
    """
    results: dict[int, R] = {}
    vain = 0
    while len(results) < len(tasks):
        before = len(results)
        try:
            with _pool(min(workers, len(tasks) - before)) as pool:
                for number, result in gathered(pool, work, tasks, [n for n in range(len(tasks)) if n not in results]):
                    results[number] = result
                    on_done(tasks[number])
        except BrokenExecutor as error:
            vain = 0 if len(results) > before else vain + 1
            if vain == _VAIN_ATTEMPTS:
                msg = f"worker processes were killed {vain} times in a row before they were done ({_KILLED_GUESS})"
                raise FanOutFailed(msg) from error
            _log.warning("worker_killed", done=len(results), of=len(tasks), hint=_KILLED_GUESS)
    return [results[number] for number in range(len(tasks))]


def gathered(
    executor: Executor, work: Callable[[T], R], tasks: Sequence[T], numbers: Sequence[int]
) -> Generator[tuple[int, R]]:
    """The results of the tasks of these `numbers`, each with its number, as they come.

    Raises:
        Exception: what `work` raised first; the others are given up then.
    """
    # A process started from here must not receive Ctrl-C: this one does, and ends it.
    with _interrupts_blocked():
        futures = {executor.submit(work, tasks[number]): number for number in numbers}
    waiting = set(futures)
    try:
        while waiting:
            # Not longer: a signal that another thread was given does not end this thread's waiting.
            done, waiting = wait(waiting, _PATIENCE_S, FIRST_COMPLETED)
            for future in done:
                yield futures[future], future.result()
    finally:
        for future in futures:
            future.cancel()


@contextmanager
def _pool(workers: int) -> Generator[Executor]:
    """Fresh processes, which end at once where this is left by an exception."""
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin_worker)
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def end_with_parent() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end_with_parent, name="parent", daemon=True).start()


@contextmanager
def _interrupts_blocked() -> Generator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

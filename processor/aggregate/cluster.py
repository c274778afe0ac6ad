"""Work spread over a Dask cluster; a lost worker's tasks are given to another by the scheduler."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Final, TypeVar

from processor.aggregate.processes import gathered
from processor.errors import FanOutFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PATIENCE_S: Final = 30
"""For the scheduler to answer, and then for its first worker: they may be starting too."""

T = TypeVar("T")
R = TypeVar("R")


def on_cluster(work: Callable[[T], R], tasks: Sequence[T], address: str, on_done: Callable[[T], None]) -> list[R]:
    """`work` of each of `tasks`, in their order, computed by the workers of the scheduler at `address`.

    `on_done` is told of each. `work` must be importable there too.

    Raises:
        FanOutFailed: the extra is not installed, the scheduler does not answer, has no worker, or goes away, or a task
            ends each worker that tries it.
        Exception: what `work` raised first.
    """
    try:
        from distributed import Client, KilledWorker  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        msg = f"--cluster {address} needs the extra `cluster`: pip install 'orderflow-replay[cluster]'"
        raise FanOutFailed(msg) from error
    try:
        client = Client(address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        msg = f"--cluster {address}: no scheduler answers there ({error})"
        raise FanOutFailed(msg) from error
    results: dict[int, R] = {}
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_S)
        # Not kept from one run to the next: a store may have been replaced under its name.
        executor = client.get_executor(pure=False)
        for number, result in gathered(executor, work, tasks, range(len(tasks))):
            results[number] = result
            on_done(tasks[number])
    except TimeoutError as error:
        msg = f"--cluster {address}: the scheduler has no worker"
        raise FanOutFailed(msg) from error
    except KilledWorker as error:
        msg = f"--cluster {address}: one task after the other lost its worker ({error})"
        raise FanOutFailed(msg) from error
    except CancelledError as error:
        msg = f"--cluster {address}: the scheduler is gone"
        raise FanOutFailed(msg) from error
    finally:
        client.close()
    return [results[number] for number in range(len(tasks))]

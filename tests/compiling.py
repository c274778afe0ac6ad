"""Kernels compiled once for all processes that share the tests: while one compiles a kernel, the others wait for it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any, Final

from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import Dispatcher

_LOCKS: Final = Path(os.environ["NUMBA_CACHE_DIR"]) / "locks"
_compile: Final = Dispatcher.compile


def _compile_in_turn(kernel: Any, signature: Any) -> Any:
    """Numba's own `compile` with a lock of this kernel; it looks into the cache first, where the others put theirs."""
    if kernel._cache.cache_path is None:
        return _compile(kernel, signature)
    # Numba's own lock comes first: another thread that holds it may want this kernel next. A process that compiles a
    # kernel waits for those that it calls, never for its callers, so no two processes wait for each other.
    with global_compiler_lock, (_LOCKS / f"{kernel.__module__}.{kernel.__qualname__}").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _compile(kernel, signature)


def compile_in_turn() -> None:
    """Let this process take turns with the others that have the same NUMBA_CACHE_DIR."""
    _LOCKS.mkdir(parents=True, exist_ok=True)
    Dispatcher.compile = _compile_in_turn  # type: ignore[assignment, method-assign]

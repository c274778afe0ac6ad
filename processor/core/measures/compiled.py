"""How the kernels of measures are compiled by Numba where it matters what a call of theirs costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from processor.with_numba import njit

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def compiled(*, allocates: bool, inlined: bool = False) -> Callable[[FunctionT], FunctionT]:
    """Compile a function, which `allocates` arrays or calls what does; a small one can be `inlined` where it is called.

    Without allocation Numba does not count references to the arrays that are handed to it, which are two atomic
    operations an array and call. That may cost as much as all else in a sample. What is called without an option of
    its own takes this one over.
    """
    return njit(cache=True, nogil=True, _nrt=allocates, forceinline=inlined)

"""How kernels are compiled by Numba: each once, and without the ways into it that nobody uses.

Around each function Numba compiles a second one for callers in C, and a third for callers in Python, which unpacks and
packs arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

FunctionT = TypeVar("FunctionT", bound="Callable[..., Any]")

ZERO: Final = cast("int", np.int64(0))
ONE: Final = cast("int", np.int64(1))
"""What a kernel hands to another: each number written out is a type to Numba, for which it compiles the other again."""


def njit(**options: bool | str) -> Callable[[FunctionT], FunctionT]:
    """Numba's `njit`: Python may call what is cached, and kernels alone may call what is not."""
    made: Any = numba.njit
    decorator: Callable[[FunctionT], FunctionT] = made(
        no_cpython_wrapper="cache" not in options, no_cfunc_wrapper=True, **options
    )
    return decorator

"""Counting zeros in 64-bit words inside compiled code: one machine instruction each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba import types
from numba.core.errors import TypingError
from numba.extending import intrinsic

if TYPE_CHECKING:

    def trailing_zeros(word: int) -> int:
        """Index of the lowest set bit of an int64; 64 for zero."""

    def leading_zeros(word: int) -> int:
        """Number of zero bits above the highest set bit of an int64; 64 for zero."""

else:

    @intrinsic
    def trailing_zeros(_context, word):  # noqa: ANN001, ANN201, D103 - typed above
        return _unary("cttz", word)

    @intrinsic
    def leading_zeros(_context, word):  # noqa: ANN001, ANN201, D103 - typed above
        return _unary("ctlz", word)


def _unary(instruction: str, word: Any) -> Any:  # noqa: ANN401 - numba's protocol
    if word != types.int64:
        msg = f"expected int64, not {word}"
        raise TypingError(msg)

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401 - numba's protocol
        false = context.get_constant(types.boolean, 0)
        return getattr(builder, instruction)(args[0], false)

    return types.int64(types.int64), generate

"""How a view is published: when, and what its file holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shared import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from processor.publish.moment import Moment
    from processor.settings import Extra
    from shared import View


@dataclass(frozen=True, slots=True)
class Pace:
    """How often views are computed: once in `period_ms`, and where `at_bar_close` whenever a bar closes too."""

    period_ms: int
    at_bar_close: bool = False


EACH: Final = Pace(0)
"""With each publication."""
BARS: Final = Pace(250, at_bar_close=True)
SECOND: Final = Pace(1000)


@dataclass(frozen=True, slots=True)
class Published:
    """A view of the contract with its pace and its `payload`: the bytes of its file, None while it has no content.

    `needs` names what it is made of, if an engine computes that only when asked to.
    """

    view: View[Any]
    pace: Pace
    payload: Callable[[Moment], bytes | None]
    needs: Extra | None = None


def array_of(parts: Sequence[bytes]) -> bytes:
    """An array of parts that are encoded; of half a megabyte, each copy more would be felt."""
    if len(parts) <= 1:
        return b"[" + b"".join(parts) + b"]"
    return b",".join([b"[" + parts[0], *parts[1:-1], parts[-1] + b"]"])


def encoded_rows(keys: NDArray[np.int64], *columns: NDArray[np.float64]) -> bytes:
    """Rows of columns of equal length as JSON."""
    return encode(list(zip(keys.tolist(), *(column.tolist() for column in columns), strict=True)))

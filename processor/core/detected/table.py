"""What was detected as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.detected.found import Found

SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "time_ns": pl.Int64,
    "kind": pl.String,
    "side": pl.String,
    "price": pl.Float64,
    "size": pl.Float64,
    "from_ns": pl.Int64,
    "detail": pl.String,
}


def found_frame(found: Sequence[Found]) -> pl.DataFrame:
    """A row each, in the given order."""
    return pl.DataFrame(found, schema=SCHEMA, orient="row")

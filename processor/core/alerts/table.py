"""Alerts as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.alerts.watch import Alert

SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "time_ns": pl.Int64,
    "from_ns": pl.Int64,
    "expression": pl.String,
    "value": pl.Float64,
    "price": pl.Float64,
}


def alerts_frame(alerts: Sequence[Alert]) -> pl.DataFrame:
    """A row each, in the given order."""
    return pl.DataFrame(alerts, schema=SCHEMA, orient="row")

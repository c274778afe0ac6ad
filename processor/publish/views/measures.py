"""measures_data.json."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np

from processor.core.intervals import labels_ms
from processor.core.measures.frame import FLOW_COLUMNS, VALUE_COLUMNS, column_of
from processor.core.measures.layout import CLOSE
from processor.core.measures.layout import MEASURES as MEASURED
from processor.publish.views.base import BARS, Published, array_of
from processor.publish.views.flow import EncodedBars, newest_within
from shared import MAX_ROWS, encode
from shared.views.measures import CANDLES, MAX_MEASURES_BYTES, MEASURES, MeasuresRow

if TYPE_CHECKING:
    from processor.core.engine import Engine
    from processor.core.measures.frame import MeasureRows
    from processor.core.measures.kept import Measures
    from processor.core.measures.layout import Floats

_ENCODED: Final[WeakKeyDictionary[Measures, EncodedBars]] = WeakKeyDictionary()
_SHOWN: Final = [
    column_of(name, "close") if name in MEASURED and name not in CANDLES else name
    for name in MeasuresRow.__struct_fields__[1:]
]
_VALUES: Final = [VALUE_COLUMNS.index(name) for name in _SHOWN if name in VALUE_COLUMNS]
_FLOWS: Final = [FLOW_COLUMNS.index(name) for name in _SHOWN if name in FLOW_COLUMNS]


def measures_payload(engine: Engine) -> bytes | None:
    """measures_data.json: the newest bars that fit, the open one last."""
    measures = engine.measures
    if measures is None:
        return None
    buckets = measures.buckets()[-MAX_ROWS:].tolist()
    known = _ENCODED.setdefault(measures, EncodedBars())

    def encoded(rows: MeasureRows) -> list[bytes]:
        values = _or_none(rows.values[:, _VALUES])
        columns = (
            labels_ms(rows.bucket, engine.aggregation.interval_ns).tolist(),
            values,
            rows.flows[:, _FLOWS].tolist(),
            rows.samples.tolist(),
            rows.trades.tolist(),
        )
        own = [(each,) for each in _or_none(rows.own[:, CLOSE])] if rows.own_names else [()] * len(rows.bucket)
        return [
            encode((label, *some, *flows, samples, trades, *closes))
            for label, some, flows, samples, trades, closes in zip(*columns, own, strict=True)
        ]

    parts = known.with_open(None, buckets, lambda first: encoded(measures.rows(buckets[first])))
    return array_of(newest_within(parts, MAX_MEASURES_BYTES))


def _or_none(values: Floats) -> list[list[float | None]]:
    """The rows of a table, with None for what is NaN."""
    found: list[list[float | None]] = values.tolist()
    for row in np.flatnonzero(np.isnan(values).any(axis=1)).tolist():
        found[row] = [None if value is None or isnan(value) else value for value in found[row]]
    return found


PUBLISHED: Final = Published(MEASURES, BARS, lambda moment: measures_payload(moment.engine), needs="measures")

"""measures_data.json."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from processor.core.intervals import labels_ms
from processor.core.measures.frame import column_of
from processor.core.measures.kernel import MEASURES as MEASURED
from processor.publish.views.base import BARS, Published
from processor.publish.views.flow import EncodedBars
from shared import MAX_ROWS, encode
from shared.views.measures import CANDLES, MAX_MEASURES_BYTES, MEASURES, MeasuresRow

if TYPE_CHECKING:
    import polars as pl

    from processor.core.engine import Engine
    from processor.core.measures.kept import Measures

_ENCODED: Final[WeakKeyDictionary[Measures, EncodedBars]] = WeakKeyDictionary()
_COLUMNS: Final = [
    column_of(name, "close") if name in MEASURED and name not in CANDLES else name
    for name in MeasuresRow.__struct_fields__[1:]
]


def measures_payload(engine: Engine) -> bytes | None:
    """measures_data.json: the newest bars that fit, the open one last."""
    measures = engine.measures
    if measures is None:
        return None
    buckets = measures.buckets()[-MAX_ROWS:].tolist()
    known = _ENCODED.setdefault(measures, EncodedBars())

    def encoded(rows: pl.DataFrame) -> list[bytes]:
        labels = labels_ms(rows["bucket"].to_numpy(), engine.aggregation.interval_ns).tolist()
        columns = rows.select(_COLUMNS).rows()
        return [encode((label, *row)) for label, row in zip(labels, columns, strict=True)]

    closed = known.of(None, buckets[:-1], lambda first: encoded(measures.rows(buckets[first]))[:-1])
    parts = [*closed, *(encoded(measures.rows(buckets[-1])) if buckets else ())]
    # Commas and brackets count as well.
    fitting = sum(size <= MAX_MEASURES_BYTES for size in accumulate(len(part) + 1 for part in reversed(parts)))
    return b"[" + b",".join(parts[len(parts) - fitting :]) + b"]"


PUBLISHED: Final = Published(MEASURES, BARS, lambda moment: measures_payload(moment.engine), needs="measures")

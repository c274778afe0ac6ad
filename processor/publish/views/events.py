"""events_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.publish.views.base import BARS, Published
from processor.units import NS_PER_MS
from shared import MAX_ROWS, encode
from shared.views.events import EVENTS

if TYPE_CHECKING:
    from processor.core.engine import Engine


def events_payload(engine: Engine, now_ns: int | None) -> bytes | None:
    """events_data.json: the newest up to `now_ns`, or to the last event."""
    if engine.detected is None:
        return None
    oldest = engine.trade_bars.oldest_of(engine.keep or MAX_ROWS)
    # A divergence is told as long as the bar is kept at whose end it became known.
    since_ns = 0 if oldest is None else int(engine.labels_ms(np.array([oldest]))[0]) * NS_PER_MS + 1
    return encode(
        [
            (
                each.time_ns // NS_PER_MS,
                each.kind,
                each.side,
                each.price,
                each.size,
                each.from_ns // NS_PER_MS,
                each.detail,
            )
            for each in engine.detected.newest(now_ns, since_ns)
        ]
    )


PUBLISHED: Final = Published(
    EVENTS, BARS, lambda moment: events_payload(moment.engine, moment.situation.event_ns), needs="events"
)

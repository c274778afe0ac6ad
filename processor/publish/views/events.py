"""events_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np

from processor.publish.views.base import BARS, Published, array_of
from processor.units import NS_PER_MS
from shared import MAX_ROWS, encode
from shared.views.events import EVENTS

if TYPE_CHECKING:
    from processor.core.detected.found import Found
    from processor.core.detected.kept import Detected
    from processor.core.engine import Engine

_ENCODED: Final[WeakKeyDictionary[Detected, dict[int, tuple[Found, bytes]]]] = WeakKeyDictionary()
"""What was published last, by the identity of each: comparing a thousand of them takes longer than all else."""


def events_payload(engine: Engine, now_ns: int | None) -> bytes | None:
    """events_data.json: the newest up to `now_ns`, or to the last event."""
    if engine.detected is None:
        return None
    oldest = engine.trade_bars.oldest_of(engine.keep or MAX_ROWS)
    # A divergence is told as long as the bar is kept at whose end it became known.
    since_ns = 0 if oldest is None else int(engine.labels_ms(np.array([oldest]))[0]) * NS_PER_MS + 1
    found = engine.detected.newest(now_ns, since_ns)
    # Most of them were published before.
    known = _ENCODED.get(engine.detected, {})
    rows = [known.get(id(each)) or (each, _encoded(each)) for each in found]
    _ENCODED[engine.detected] = dict(zip(map(id, found), rows, strict=True))
    return array_of([encoded for _, encoded in rows])


def _encoded(found: Found) -> bytes:
    times_ms = found.time_ns // NS_PER_MS, found.from_ns // NS_PER_MS
    return encode((times_ms[0], found.kind, found.side, found.price, found.size, times_ms[1], found.detail))


PUBLISHED: Final = Published(
    EVENTS, BARS, lambda moment: events_payload(moment.engine, moment.situation.event_ns), needs="events"
)

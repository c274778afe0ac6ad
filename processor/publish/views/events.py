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
    from collections.abc import Sequence

    from processor.core.detected.found import Found
    from processor.core.detected.kept import Detected
    from processor.core.engine import Engine


class _Encoded:
    """Events as they are published, encoded once."""

    def __init__(self) -> None:
        self._known: dict[int, bytes] = {}
        """By the identity of each: comparing a thousand of them takes longer than all else."""
        self._held: list[Found] = []
        """All that are known, so that no later one gets the identity of one of them."""

    def of(self, found: Sequence[Found]) -> list[bytes]:
        """Each of them, most of which were published before."""
        if len(self._held) > 2 * (len(found) + MAX_ROWS):
            self._known, self._held = {}, []
        parts = []
        for each in found:
            part = self._known.get(id(each))
            if part is None:
                part = self._known[id(each)] = _encoded(each)
                self._held.append(each)
            parts.append(part)
        return parts


_ENCODED: Final[WeakKeyDictionary[Detected, _Encoded]] = WeakKeyDictionary()


def events_payload(engine: Engine, now_ns: int | None) -> bytes | None:
    """events_data.json: the newest up to `now_ns`, or to the last event."""
    if engine.detected is None:
        return None
    oldest = engine.trade_bars.oldest_of(engine.keep or MAX_ROWS)
    # A divergence is told as long as the bar is kept at whose end it became known.
    since_ns = 0 if oldest is None else int(engine.labels_ms(np.array([oldest]))[0]) * NS_PER_MS + 1
    found = engine.detected.newest(now_ns, since_ns)
    known = _ENCODED.setdefault(engine.detected, _Encoded())
    return array_of(known.of(found))


def _encoded(found: Found) -> bytes:
    times_ms = found.time_ns // NS_PER_MS, found.from_ns // NS_PER_MS
    return encode((times_ms[0], found.kind, found.side, found.price, found.size, times_ms[1], found.detail))


PUBLISHED: Final = Published(
    EVENTS, BARS, lambda moment: events_payload(moment.engine, moment.situation.event_ns), needs="events"
)

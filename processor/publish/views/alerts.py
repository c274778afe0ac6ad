"""alerts_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from processor.publish.views.base import BARS, Published, array_of
from processor.units import NS_PER_MS
from shared import encode
from shared.views.alerts import ALERTS

if TYPE_CHECKING:
    from processor.core.alerts.kept import Alerts
    from processor.core.alerts.watch import Alert
    from processor.core.engine import Engine

_ENCODED: Final[WeakKeyDictionary[Alerts, dict[Alert, bytes]]] = WeakKeyDictionary()


def alerts_payload(engine: Engine, now_ns: int | None) -> bytes | None:
    """alerts_data.json: the newest up to `now_ns`, or to the last event."""
    if not engine.aggregation.alerts:
        return b"[]"
    if engine.alerts is None:
        return None
    found = engine.alerts.newest(now_ns)
    # Most of them were published before.
    known = _ENCODED.get(engine.alerts, {})
    rows = [known.get(each) or _encoded(each) for each in found]
    _ENCODED[engine.alerts] = dict(zip(found, rows, strict=True))
    return array_of(rows)


def _encoded(alert: Alert) -> bytes:
    return encode((alert.time_ns // NS_PER_MS, alert.from_ns // NS_PER_MS, alert.expression, alert.value, alert.price))


PUBLISHED: Final = Published(
    ALERTS, BARS, lambda moment: alerts_payload(moment.engine, moment.situation.event_ns), needs="alerts"
)

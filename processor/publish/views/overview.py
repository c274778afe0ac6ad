"""overview_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.core.decimals import decimal_floats
from processor.publish.views.base import SECOND, Published
from processor.units import NS_PER_MS
from shared import OVERVIEW, Overview, encode

if TYPE_CHECKING:
    from processor.publish.moment import Moment
    from processor.store.volumes import Volumes


def overview_payload(volumes: Volumes, event_ns: int) -> bytes:
    """overview_data.json: the volume of every piece of the range that is over."""
    traded = decimal_floats(volumes.until(event_ns), volumes.size_decimals)
    return encode(Overview(volumes.start_ms, volumes.bucket_ns // NS_PER_MS, tuple(traded.tolist())))


def _payload(moment: Moment) -> bytes | None:
    situation = moment.situation
    if situation.volumes is None or situation.event_ns is None:
        return None
    return overview_payload(situation.volumes, situation.event_ns)


PUBLISHED: Final = Published(OVERVIEW, SECOND, _payload)

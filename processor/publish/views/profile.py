"""profile_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.core.flow.profile import nodes, value_areas
from processor.core.sessions import begin_of
from processor.publish.views.base import BARS, Published
from processor.publish.views.flow import encodable, price_step
from processor.units import NS_PER_MS
from shared import encode
from shared.views.profile import MAX_PROFILE_ROWS, PROFILE

if TYPE_CHECKING:
    from processor.core.engine import Engine
    from processor.core.flow.profile import ValueAreas


def profile_payload(engine: Engine) -> bytes | None:
    """profile_data.json: the session of the last trade, and those before it; None before the first trade."""
    shown = engine.flow_shown
    if shown is None or not engine.trades:
        return None
    session, height = shown.session(engine.aggregation.row, price_step(engine), MAX_PROFILE_ROWS)
    decimals, session_ns = session.price_decimals, engine.aggregation.session_ns
    ticks = int(height * 10**decimals)
    rows = encodable(session)
    high, low = nodes(session.price_ticks // ticks, session.volume)
    return encode(
        {
            "start_ms": begin_of(int(session.day[0]), session_ns) // NS_PER_MS,
            "row": float(height),
            "rows": rows,
            **_named(value_areas(session, ticks), decimals),
            "high_nodes": [row[0] for row, is_node in zip(rows, high.tolist(), strict=True) if is_node],
            "low_nodes": [row[0] for row, is_node in zip(rows, low.tolist(), strict=True) if is_node],
            "earlier": [
                {
                    "start_ms": begin_of(each.day, session_ns) // NS_PER_MS,
                    **_named(each.areas, decimals),
                    "is_naked": each.is_naked,
                }
                for each in shown.earlier_sessions(height)
            ],
        }
    )


def _named(areas: ValueAreas, decimals: int) -> dict[str, float | None]:
    """The POC and the value area of one profile, in the instrument's own units."""
    if not areas.known[0]:
        return dict.fromkeys(("poc", "vah", "val"))
    found = {"poc": areas.poc_ticks, "vah": areas.vah_ticks, "val": areas.val_ticks}
    return {name: int(ticks[0]) / 10**decimals for name, ticks in found.items()}


PUBLISHED: Final = Published(PROFILE, BARS, lambda moment: profile_payload(moment.engine), needs="flow")

"""How the views of `shared.views` are made: one module each, and all of them in `VIEWS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.publish.views import (
    depth,
    footprint,
    metrics,
    ohlc,
    overview,
    profile,
    report,
    sizes,
    statistics,
    tape,
)

if TYPE_CHECKING:
    from processor.publish.views.base import Published

VIEWS: Final[tuple[Published, ...]] = tuple(
    module.PUBLISHED for module in (depth, ohlc, metrics, report, overview, tape, footprint, statistics, profile, sizes)
)
FLOW_VIEWS: Final = frozenset(published.view.name for published in VIEWS if published.needs_flow)
"""Names of the views that are made of the order flow."""

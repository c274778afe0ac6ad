"""How the views of `shared.views` are made: one module each, and all of them in `VIEWS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.publish.views import (
    alerts,
    depth,
    events,
    footprint,
    heatmap,
    ladder,
    measures,
    metrics,
    ohlc,
    overview,
    profile,
    quotes,
    report,
    sizes,
    statistics,
    tape,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from processor.publish.views.base import Published
    from processor.settings import Extra

VIEWS: Final[tuple[Published, ...]] = tuple(
    module.PUBLISHED
    for module in (
        *(depth, ohlc, metrics, report, overview),
        *(tape, footprint, statistics, profile, sizes),
        *(ladder, quotes, heatmap, measures, events, alerts),
    )
)
_WITH: Final[dict[Extra, Extra]] = {"ladder": "flow"}
"""What else is computed: a ladder shows what was traded, too."""


def extras_of(views: Collection[str]) -> frozenset[Extra]:
    """What an engine must compute for these views, by their names, beside bars and book."""
    needed = {each.needs for each in VIEWS if each.needs is not None and each.view.name in views}
    return frozenset(needed | {_WITH[name] for name in needed if name in _WITH})

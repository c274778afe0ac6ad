"""The figures before the page has made them: see-through, so that nothing flashes.

The page makes both of them itself, from the panels that it has and the colours of its style sheet (chart/figure.js and
panels/depth.js), and never replaces them, so a zoom survives.
"""

from __future__ import annotations

from typing import Any, Final

_NOTHING: Final = "transparent"


def blank() -> dict[str, Any]:
    """A figure that shows nothing."""
    axis = {"visible": False}
    layout = {"paper_bgcolor": _NOTHING, "plot_bgcolor": _NOTHING, "xaxis": axis, "yaxis": axis}
    return {"data": [], "layout": layout}

"""The two figures as they start: every panel, axis and colour in place, and no data.

Plain dicts, built once. The page's scripts fill in columns and ranges and never replace a figure, so a zoom survives.
"""

from __future__ import annotations

from typing import Any, Final

BACKGROUND: Final = "#0a0d12"
GRID: Final = "#151b24"
TEXT: Final = "#8b96a5"
UP: Final = "#26a69a"
DOWN: Final = "#ef5350"
LINE: Final = "#4c9be8"
MONOSPACE: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"

PANELS: Final = {
    "price": ("yaxis", (0.475, 1.0)),
    "volume": ("yaxis2", (0.375, 0.465)),
    "obi": ("yaxis3", (0.19, 0.365)),
    "cvd": ("yaxis4", (0.0, 0.18)),
}
"""Per panel its axis and its share of the height, from the bottom."""

Figure = dict[str, Any]


def chart() -> Figure:
    """Price, volume, OBI and CVD over one time axis.

    Traces in this order: price candles, volume bars, OBI candles, CVD candles, CVD line (hidden at first).
    """
    layout = _layout(margin={"l": 0, "r": 76, "t": 0, "b": 34, "pad": 0}) | {
        "dragmode": "pan",
        "bargap": 0,
        "xaxis": _axis()
        | {
            "type": "date",
            "anchor": "y4",
            "rangeslider": {"visible": False},
            "tickformatstops": [
                {"dtickrange": [None, 1000], "value": "%H:%M:%S.%L"},
                {"dtickrange": [1000, 60_000], "value": "%H:%M:%S"},
                {"dtickrange": [60_000, 86_400_000], "value": "%H:%M\n%d %b %Y"},
                {"dtickrange": [86_400_000, None], "value": "%d %b\n%Y"},
            ],
            "ticklabeloverflow": "hide past div",
        },
    }
    for axis, domain in PANELS.values():
        layout[axis] = _axis() | {
            "domain": domain,
            "anchor": "x",
            "side": "right",
            "fixedrange": True,
            "zeroline": axis in {"yaxis3", "yaxis4"},
        }
    layout["yaxis"] |= {"nticks": 12}
    layout["yaxis2"] |= {"nticks": 3}
    layout["yaxis3"] |= {"nticks": 5, "tickformat": ".2~f"}
    layout["yaxis4"] |= {"nticks": 5}
    traces = [
        _candles("y"),
        {
            "type": "bar",
            "yaxis": "y2",
            "x": [],
            "y": [],
            "marker": {"color": [], "line": {"width": 0}},
            "opacity": 0.75,
            "hoverinfo": "skip",
        },
        _candles("y3"),
        _candles("y4"),
        {
            "type": "scatter",
            "mode": "lines",
            "yaxis": "y4",
            "x": [],
            "y": [],
            "line": {"color": LINE, "width": 1.5},
            "hoverinfo": "skip",
            "visible": False,
        },
    ]
    return {"data": traces, "layout": layout}


def depth() -> Figure:
    """The book, price upwards: cumulative sizes from the left, each level's own size from the right.

    Traces in this order: cumulative bids, cumulative asks, bids, asks.
    """
    layout = _layout(margin={"l": 0, "r": 76, "t": 0, "b": 34, "pad": 0}) | {
        "xaxis": _axis() | {"fixedrange": True, "nticks": 5},
        "xaxis2": _axis() | {"fixedrange": True, "overlaying": "x", "showgrid": False, "showticklabels": False},
        "yaxis": _axis() | {"fixedrange": True, "side": "right", "nticks": 16},
        "bargap": 0,
        "barmode": "overlay",
    }
    sums = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [],
            "y": [],
            "line": {"color": colour, "width": 1.25, "shape": "vh"},
            "fill": "tozerox",
            "fillcolor": fill,
            "hoverinfo": "skip",
        }
        for colour, fill in ((UP, "rgba(38, 166, 154, 0.16)"), (DOWN, "rgba(239, 83, 80, 0.16)"))
    ]
    sizes = [
        {
            "type": "bar",
            "orientation": "h",
            "xaxis": "x2",
            "x": [],
            "y": [],
            "marker": {"color": colour, "line": {"width": 0}},
            "opacity": 0.55,
            "hoverinfo": "skip",
        }
        for colour in (UP, DOWN)
    ]
    return {"data": sums + sizes, "layout": layout}


def _layout(margin: dict[str, int]) -> Figure:
    return {
        "template": {"layout": {}},
        "autosize": True,
        "paper_bgcolor": BACKGROUND,
        "plot_bgcolor": BACKGROUND,
        "font": {"family": MONOSPACE, "size": 11, "color": TEXT},
        "margin": margin,
        "showlegend": False,
        "hovermode": False,
    }


def _axis() -> Figure:
    return {
        "autorange": False,
        "range": [0, 1],
        "gridcolor": GRID,
        "gridwidth": 1,
        "zeroline": False,
        "zerolinecolor": "#33404f",
        "zerolinewidth": 1,
        "ticks": "",
        "showline": False,
        "automargin": False,
        "showticklabels": False,
        "tickmode": "auto",
        "exponentformat": "none",
    }


def _candles(axis: str) -> Figure:
    return {
        "type": "candlestick",
        "yaxis": axis,
        **{column: [] for column in ("x", "open", "high", "low", "close")},
        "increasing": {"line": {"color": UP, "width": 1}, "fillcolor": UP},
        "decreasing": {"line": {"color": DOWN, "width": 1}, "fillcolor": DOWN},
        "whiskerwidth": 0,
        "hoverinfo": "skip",
    }

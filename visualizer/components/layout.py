"""The page's components. They hold no data: the scripts in page/ fill the elements by id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import dash_mantine_components as dmc  # type: ignore[import-untyped] # the kit has no types
from dash import dcc, html

from shared import STALE_AFTER_MS, STATUS_FILE, limits
from visualizer.components import figures, transport

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from visualizer.server.settings import Settings

_FONT: Final = "var(--mono)"
"""As the style sheet has it."""
LIMITS: Final[dict[str, Any]] = {
    "stale_after_ms": STALE_AFTER_MS,
    "min_speed": limits.MIN_SPEED,
    "max_speed": limits.MAX_SPEED,
    "interval_units_ms": limits.INTERVAL_UNITS_MS,
    "max_interval_ms": limits.MAX_INTERVAL_MS,
    "activity_units": limits.ACTIVITY_UNITS,
    "max_activity_digits": limits.MAX_ACTIVITY_DIGITS,
    "speeds": transport.SPEEDS,
    "intervals": transport.INTERVALS,
    "activities": transport.ACTIVITIES,
}
"""What the scripts need to know of speeds, intervals and times; no number of these stands in a script."""
KEYS: Final = (
    ("Replay", transport.KEYS),
    (
        "Page",
        (
            ("F", "follow the newest bar"),
            ("L", "CVD as candles or as a line"),
            ("R", "data report; escape closes it"),
            ("M", "monitoring panel"),
            ("I", "choose another instrument, where there are several"),
            ("?", "this list; escape closes it"),
        ),
    ),
    (
        "Chart",
        (
            ("wheel", "zoom in time"),
            ("drag", "pan; on a price axis: stretch it"),
            ("shift + drag", "zoom into a box"),
            ("double click", "follow again; on a price axis: fit it again"),
            ("right click", "replay or loop from there"),
            ("alt + click", "replay from there"),
        ),
    ),
    (
        "Slider",
        (
            ("click, drag", "go to that time; escape gives a drag up"),
            ("shift + drag", "loop over what is dragged"),
            ("↑ ↓ page ↑ ↓", "move on and back, where it has the focus"),
        ),
    ),
)
"""Keys and gestures, as the list of keys shows them."""


def layout(settings: Settings) -> Component:
    """The whole page."""
    page: Component = dmc.MantineProvider(
        forceColorScheme="dark",
        theme={"fontFamily": _FONT, "fontFamilyMonospace": _FONT, "primaryColor": "teal"},
        children=html.Div(
            id="app",
            children=[
                _header(),
                html.Div(
                    html.Div(id="progress-bar"), id="progress", role="progressbar", **_aria("share of the dataset")
                ),
                html.Div(id="error", role="alert", hidden=True),
                _readout(),
                html.Main(
                    id="main",
                    children=[
                        _chart(),
                        _depth(),
                        _report(),
                        html.Div(id="note", role="status", hidden=True),
                        html.Div(
                            id="activity",
                            hidden=True,
                            children=[html.Span(id="activity-text"), html.Div(html.Div(id="activity-bar"))],
                        ),
                    ],
                ),
                transport.transport(),
                html.Section(id="monitor", hidden=True, **_aria("monitoring")),
                html.Div(id="toast", role="alert", hidden=True),
                _waiting(settings),
                _keys(),
                dcc.Interval(id="tick", interval=settings.poll_ms),
                dcc.Store(id="delta"),
                dcc.Store(id="known"),
                dcc.Store(id="unused"),
            ],
            **_data(control=settings.control, poll_ms=settings.poll_ms, limits=json.dumps(LIMITS)),
        ),
    )
    return page


def _header() -> Component:
    return html.Header(
        id="header",
        children=[
            html.Div(
                className="lead",
                children=[
                    _instrument(),
                    html.Div(id="picker", hidden=True),
                    html.Span(id="last-price", title="last trade"),
                ],
            ),
            _field("dataset", "dataset"),
            html.Div(
                id="state",
                className="pill",
                role="status",
                children=[html.I(className="dot"), html.Span(id="state-name"), html.Span(id="age")],
            ),
            html.Div(
                id="checks",
                className="pill",
                tabIndex=0,
                children=[html.Span(id="checks-text"), html.Div(id="checks-list", className="menu")],
                **_aria("cross-checks of the published data"),
            ),
            html.Div(className="gap"),
            html.Div(
                className="controls",
                children=[
                    _button("follow", "Follow", "F", "follow the newest bar"),
                    dmc.SegmentedControl(
                        id="cvd-style",
                        value="candles",
                        data=[
                            {"value": "candles", "label": "CVD candles"},
                            {"value": "line", "label": "line"},
                        ],
                        size="xs",
                        radius=2,
                        transitionDuration=0,
                        **_aria("draw CVD as"),
                    ),
                    _button(
                        "report-button",
                        ["Report", html.Span(id="report-badge")],
                        "R",
                        "show or hide the data report",
                        opens="report",
                    ),
                    _button("monitor-button", "Monitor", "M", "show or hide the monitoring panel", opens="monitor"),
                    _button("keys-button", "?", "", "list of keys"),
                ],
            ),
        ],
    )


def _instrument() -> Component:
    """The instrument's name; the scripts make it a button where there are several to choose from."""
    opens: dict[str, Any] = {"aria-haspopup": "listbox", "aria-expanded": "false"}
    name = [html.Span(id="instrument"), html.Span(id="instrument-wanted")]
    return html.H1(html.Button(name, id="picker-button", disabled=True, **opens))


def _field(name: str, label: str) -> Component:
    return html.Div(
        className="field",
        id=f"{name}-field",
        children=[html.Label(label), html.Span(id=name)],
    )


def _button(name: str, text: str | list[Any], key: str, label: str, opens: str | None = None) -> Component:
    children: list[Any] = [text] if isinstance(text, str) else [*text]
    panel = {"aria-controls": opens, "aria-expanded": "false"} if opens else {}
    if key:
        children.append(html.Kbd(key))
    button: Component = dmc.Button(
        children,
        id=name,
        size="compact-xs",
        variant="default",
        radius=2,
        **_aria(f"{label} (key {key})" if key else label),
        **panel,
    )
    return button


def _readout() -> Component:
    """One line of exact values; the scripts add a group of cells for each panel of the chart."""
    return html.Div(
        id="readout",
        children=[html.Span(id="read-time")],
        **_aria("exact values of the bar under the pointer, or of the newest bar"),
    )


def _chart() -> Component:
    return html.Section(
        id="chart-panel",
        children=[
            dcc.Graph(
                id="chart",
                figure=figures.blank(),
                responsive=True,
                config={
                    "displayModeBar": False,
                    "doubleClick": False,
                    "scrollZoom": False,
                    "showAxisDragHandles": True,
                },
            ),
            html.Div(id="chart-overlay", className="overlay"),
        ],
        **_aria("price, volume, order-book imbalance and cumulative volume delta over time"),
    )


def _depth() -> Component:
    quotes = (("bid", "best bid"), ("spread", "spread"), ("ask", "best ask"))
    return html.Aside(
        id="depth-panel",
        children=[
            html.Div(id="no-book"),
            html.Div(
                id="quotes",
                children=[
                    html.Div(
                        className=f"quote {name}",
                        children=[
                            html.Label(label),
                            html.Span(id=f"quote-{name}"),
                            html.Small(id=f"quote-{name}-size"),
                        ],
                    )
                    for name, label in quotes
                ],
            ),
            html.Div(
                id="depth-frame",
                children=[
                    dcc.Graph(
                        id="depth",
                        figure=figures.blank(),
                        responsive=True,
                        config={"staticPlot": True, "displayModeBar": False},
                    ),
                    html.Div(id="depth-overlay", className="overlay"),
                ],
            ),
        ],
        **_aria("cumulative depth of the order book"),
    )


def _report() -> Component:
    return html.Section(
        id="report",
        hidden=True,
        tabIndex=-1,
        role="dialog",
        children=[
            html.Div(
                id="report-head",
                children=[
                    html.H2("Data report"),
                    dmc.Checkbox(id="report-shade", label="shade on the chart", checked=True, size="xs", radius=2),
                    html.A("JSON", href="/report.json", download="report_data.json", title="the report as a file"),
                    html.Button("×", id="report-close", type="button", **_aria("close the data report (key escape)")),
                ],
            ),
            html.P("No report has been published.", id="report-none"),
            html.Div(
                id="report-body",
                hidden=True,
                children=[
                    html.P(id="report-summary"),
                    html.H3("Found"),
                    html.Div(id="report-findings"),
                    html.H3("Files"),
                    html.Div(id="report-files"),
                    html.Div(id="report-ignored"),
                ],
            ),
        ],
        **_aria("data report"),
    )


def _waiting(settings: Settings) -> Component:
    directory = html.Code(str(settings.ipc_dir.absolute()))
    return html.Div(
        id="waiting",
        hidden=True,
        children=html.Div(
            [
                html.H2("Waiting for the first data"),
                html.P(["Nothing complete has been published in ", directory, " yet."]),
                html.P(html.Span(id="waiting-reason")),
                html.P(
                    [
                        "The page keeps looking, and starts by itself as soon as a processor has written ",
                        html.Code(STATUS_FILE),
                        " there.",
                    ]
                ),
            ]
        ),
    )


def _keys() -> Component:
    keys: Component = dmc.Modal(
        id="keys",
        title="Keys and gestures",
        size="xl",
        radius=2,
        transitionProps={"duration": 0},
        children=html.Div(
            id="keys-list",
            children=[
                html.Section(
                    [
                        html.H3(group),
                        html.Dl([child for key, text in keys for child in (html.Dt(html.Kbd(key)), html.Dd(text))]),
                    ]
                )
                for group, keys in KEYS
            ],
        ),
    )
    return keys


def _data(**values: object) -> dict[str, Any]:
    """Values for the scripts, as data attributes."""
    return {f"data-{name.replace('_', '-')}": str(value) for name, value in values.items()}


def _aria(label: str) -> dict[str, Any]:
    return {"aria-label": label}

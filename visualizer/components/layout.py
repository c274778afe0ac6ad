"""The page's components. They hold no data: the scripts in page/ fill the elements by id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from dash import html

from shared import STALE_AFTER_MS, limits
from visualizer.components import notices, panels, transport
from visualizer.components.attributes import data, named
from visualizer.components.columns import COLUMNS
from visualizer.components.header import header
from visualizer.components.keys import KEYS, keys
from visualizer.components.words import WORDS

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from visualizer.server.settings import Settings

LIMITS: Final[dict[str, Any]] = {
    "stale_after_ms": STALE_AFTER_MS,
    "min_speed": limits.MIN_SPEED,
    "max_speed": limits.MAX_SPEED,
    "interval_units_ms": limits.INTERVAL_UNITS_MS,
    "max_interval_ms": limits.MAX_INTERVAL_MS,
    "activity_units": limits.ACTIVITY_UNITS,
    "old_turnover_unit": limits.OLD_TURNOVER_UNIT,
    "max_days_meant": limits.MAX_DAYS_MEANT,
    "max_activity_digits": limits.MAX_ACTIVITY_DIGITS,
    "speeds": transport.SPEEDS,
    "intervals": transport.INTERVALS,
    "activities": transport.ACTIVITIES,
}
"""What the scripts need to know of speeds, intervals and times; no number of these stands in a script."""


def layout(settings: Settings) -> Component:
    """The whole page."""
    return html.Div(
        id="app",
        children=[
            header(signs_out=bool(settings.tokens)),
            html.Div(html.Div(id="progress-bar"), id="progress", role="progressbar", **named("share of the dataset")),
            html.Div(id="error", role="alert", hidden=True),
            panels.readout(),
            html.Main(
                id="main",
                children=[
                    panels.chart(),
                    html.Aside(id="tape", hidden=True, **named("tape: time and sales")),
                    html.Aside(id="ladder", hidden=True, **named("ladder: depth of market")),
                    panels.depth(),
                    panels.report(),
                    html.Aside(id="events", hidden=True, **named("events")),
                    html.Aside(id="alerts", hidden=True, **named("alerts")),
                    html.Section(id="bars", hidden=True, **named("bars in view as a table")),
                    html.Div(id="draw", hidden=True, role="toolbar", **named("drawing")),
                    html.Section(id="export", hidden=True, **named("export")),
                    html.Section(id="options", hidden=True, tabIndex=-1, **named("settings")),
                    *notices.over_the_chart(),
                ],
            ),
            transport.transport(),
            html.Section(id="monitor", hidden=True, **named("monitoring")),
            html.Div(id="toast", role="alert", hidden=True),
            html.Div(id="announcements", className="unseen", role="status"),
            notices.waiting(settings),
            keys(),
        ],
        **data(
            control=settings.control,
            login="on" if settings.tokens else "off",
            poll_ms=settings.poll_ms,
            limits=json.dumps(LIMITS),
            words=json.dumps(WORDS),
            keys=json.dumps(KEYS),
            columns=json.dumps(COLUMNS),
        ),
    )

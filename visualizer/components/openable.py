"""The panels that a button in the header and a key open. Each is one line; what it shows is one module of the page."""

from __future__ import annotations

from typing import Final, NamedTuple


class Openable(NamedTuple):
    """A panel that is closed at first: its element has the id `name`, its button `name`-button."""

    name: str
    title: str
    """On the button."""
    key: str
    meaning: str
    """In the list of keys."""
    has_badge: bool = False


OPENABLE: Final = (
    Openable("report", "Report", "R", "data report; escape closes it", has_badge=True),
    Openable("options", "Settings", "O", "settings: layouts, chart, replay; escape closes them"),
    Openable("ladder", "Ladder", "D", "ladder (depth of market)"),
    Openable("tape", "Tape", "S", "tape (time and sales)"),
    Openable("events", "Events", "E", "events: sweeps, absorption, walls, divergences"),
    Openable("alerts", "Alerts", "U", "alerts: expressions, and what they raised"),
    Openable("bars", "Bars", "Y", "bars in view as a table"),
    Openable("draw", "Draw", "Q", "menu of what can be drawn over the chart"),
    Openable(
        "export", "Export", "X", "panel to hand something out: pictures, tables, a still picture, a link to this moment"
    ),
    Openable("monitor", "Monitor", "M", "monitoring panel"),
)
"""In the order of their buttons."""

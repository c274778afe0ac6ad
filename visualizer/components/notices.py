"""What comes and goes: notes over the chart, and the page before the first data. The scripts fill them by id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from shared import STATUS_FILE

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from visualizer.server.settings import Settings


def over_the_chart() -> list[Component]:
    """A note of what is wrong, and how far a dataset has been read."""
    return [
        # No live region: it says how long something lasts. That it has begun, announce.js says.
        html.Div(id="note", hidden=True),
        html.Div(
            id="activity",
            hidden=True,
            children=[html.Span(id="activity-text"), html.Div(html.Div(id="activity-bar"))],
        ),
    ]


def waiting(settings: Settings) -> Component:
    """What stands in place of the charts until something has been published."""
    directory = html.Code(str(settings.ipc_dir.absolute()))
    return html.Div(
        id="waiting",
        hidden=True,
        children=html.Div(
            [
                html.H2("Waiting for the first picture"),
                html.P(id="waiting-words"),
                html.P("This page begins by itself as soon as there is something to see."),
                html.Details(
                    [
                        html.Summary("Details"),
                        html.P(["The page looks for ", html.Code(STATUS_FILE), " in ", directory, "."]),
                        html.P(html.Span(id="waiting-reason")),
                    ]
                ),
            ]
        ),
    )

"""The read-out, the chart, the book and the data report. The scripts fill them by id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import html

from visualizer.components.attributes import named
from visualizer.components.words import WORDS

if TYPE_CHECKING:
    from dash.development.base_component import Component


def readout() -> Component:
    """One line of exact values; the scripts add a group of cells for each panel of the chart."""
    return html.Div(
        id="readout",
        role="group",
        children=[html.Span(id="read-time")],
        **named("exact values of the bar under the pointer, or of the newest bar"),
    )


def chart() -> Component:
    """The chart, and what lies over it; the scripts name its panels."""
    return html.Section(
        id="chart-panel",
        children=[
            html.Canvas(id="chart"),
            html.Div(id="chart-overlay", className="overlay"),
        ],
    )


def depth() -> Component:
    """The order book: the best quotes, and the depth below them."""
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
                            html.Label(label, title=WORDS[label.capitalize()]),
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
                    html.Canvas(id="depth"),
                    html.Div(id="depth-overlay", className="overlay"),
                ],
            ),
        ],
        **named("cumulative depth of the order book"),
    )


def report() -> Component:
    """The data report, closed."""
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
                    html.Label(id="report-shading", className="check"),
                    html.A("JSON", href="/report.json", download="report_data.json", title="the report as a file"),
                    html.Button("×", id="report-close", type="button", **named("close the data report (key escape)")),
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
        **named("data report"),
    )

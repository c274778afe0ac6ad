"""The transport bar's components: what steers the replay, in one place. The scripts fill and wire them by id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dash import html

from visualizer.components.attributes import named

if TYPE_CHECKING:
    from dash.development.base_component import Component

INTERVALS: Final = ("1s", "5s", "15s", "1m", "5m", "15m", "1h", "4h", "1d")
ACTIVITIES: Final = ("500t", "100v", "1000000q")
"""Further ones, of bars that are as long as it takes to trade so much."""
SPEEDS: Final = ("0.1", "0.5", "1", "2", "5", "10", "30", "60", "100", "300", "1000", "max")

KEYS: Final = (
    ("space", "play or pause"),
    ("← →", "step by a bar"),
    ("shift + ← →", "step by an event"),
    ("home end", "go to the begin, to the end"),
    ("[ ]", "slower, faster"),
    ("G", "go to a typed time"),
    ("N shift + N", "next session, previous session"),
    ("J shift + J", "next gap in the data, previous gap"),
    ("K shift + K", "next event of the kind listed (or alert, where alerts alone are listed), previous one"),
    ("T", "type an interval"),
    ("A B", "loop from here, until here"),
    ("C", "loop no more"),
)
"""Keys that steer the replay, as the list of keys shows them."""


def transport() -> Component:
    """The bar: a slider over the whole range, and below it everything that steers."""
    return html.Section(
        id="transport",
        children=[
            _slider(),
            html.Div(
                id="transport-row",
                children=[
                    _group(
                        "move",
                        "play, pause, step",
                        _icon("seek-begin", "go to the begin (key home)", "begin"),
                        _icon("bar-back", "one bar back (key ←)", "bar-back"),
                        _icon("event-back", "one event back (key shift + ←)", "event-back"),
                        _icon("play", "play (key space)", "play", "pause"),
                        _icon("event-on", "one event on (key shift + →)", "event-on"),
                        _icon("bar-on", "one bar on (key →)", "bar-on"),
                        _icon("seek-end", "go to the end (key end)", "end"),
                    ),
                    _chooser(
                        "clock-button",
                        "event clock: go to a typed time (key G)",
                        "clock",
                    ),
                    _chooser("zone-button", "time zone of all times", "zone", "UTC"),
                    _group(
                        "speeds",
                        "speed",
                        _text("slower", "slower (key [)", "−"),
                        _chooser("speed-button", "speed: choose or type another", "speed"),
                        _text("faster", "faster (key ])", "+"),
                    ),
                    _group(
                        "intervals",
                        "interval of the bars",
                        *(_interval(text) for text in INTERVALS),
                        _chooser("interval-button", "type another interval (key T)", "interval"),
                    ),
                    _group(
                        "loop",
                        "loop",
                        html.Small("loop", id="loop-label"),
                        _text("loop-start", "loop from here (key A)", "A"),
                        _text("loop-end", "loop until here (key B)", "B"),
                        _text("loop-clear", "loop no more (key C)", "×"),
                    ),
                    _group(
                        "landmarks",
                        "sessions and gaps",
                        html.Small("session"),
                        _text("session-back", "previous session (key shift + N)", "‹"),
                        _text("session-on", "next session (key N)", "›"),
                        html.Small("gap"),
                        _text("gap-back", "previous gap in the data (key shift + J)", "‹"),
                        _text("gap-on", "next gap in the data (key J)", "›"),
                    ),
                    html.Span(id="transport-reason", role="status"),
                ],
            ),
        ],
        **named("replay"),
    )


def _slider() -> Component:
    return html.Div(
        id="seek",
        role="slider",
        tabIndex=0,
        children=[
            html.Canvas(id="seek-canvas"),
            html.Div(id="seek-done"),
            html.Div(id="seek-loop", hidden=True),
            html.Div(id="seek-hover", hidden=True),
            html.Div(id="seek-handle", hidden=True),
            html.Div(id="seek-tip", className="chip", hidden=True),
        ],
        **named("event time", aria_valuemin="0", aria_valuemax="100", aria_valuenow="0", aria_disabled="true"),
    )


def _group(name: str, label: str, *children: Component) -> Component:
    return html.Div(id=name, className="keys", role="group", children=list(children), **named(label))


def _icon(name: str, label: str, *icons: str) -> Component:
    shapes = [html.I(className=f"icon icon-{icon}") for icon in icons]
    return html.Button(shapes, id=name, type="button", title=label, **named(label))


def _text(name: str, label: str, text: str) -> Component:
    return html.Button(text, id=name, type="button", title=label, **named(label))


def _chooser(name: str, label: str, shown: str, text: str | None = None) -> Component:
    """A button that opens a panel above it; it is called by what it does, and by what it shows in `shown`."""
    opens = named(label, aria_labelledby=f"{name} {shown}", aria_haspopup="dialog", aria_expanded="false")
    button = html.Button(html.Span(text, id=shown), id=name, type="button", title=label, **opens)
    return html.Div(button, className="chooser")


def _interval(text: str) -> Component:
    return html.Button(text, type="button", className="interval", **named(f"bars of {text}", data_interval=text))

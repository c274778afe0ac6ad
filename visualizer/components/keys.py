"""The list of keys and gestures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import dash_mantine_components as dmc  # type: ignore[import-untyped] # the kit has no types
from dash import html

from visualizer.components import transport
from visualizer.components.attributes import named
from visualizer.components.openable import OPENABLE
from visualizer.components.words import WORDS

if TYPE_CHECKING:
    from dash.development.base_component import Component


KEYS: Final = (
    ("Replay", transport.KEYS),
    (
        "Page",
        (
            ("F", "follow the newest bar"),
            ("V", "next view: overview, order flow, depth or research"),
            ("shift + V", "next layout of your own"),
            ("H", "heatmap behind the price, or none"),
            ("W", "choose the bar where the VWAP starts; escape leaves it"),
            ("P", "choose the bars of a profile; escape leaves it"),
            ("Z", "put the best prices into the middle of the ladder"),
            ("L", "CVD as candles or as a line"),
            *((panel.key, panel.meaning) for panel in OPENABLE),
            ("I", "choose another instrument, where there are several"),
            ("?", "this list; escape closes it"),
        ),
    ),
    (
        "Chart",
        (
            ("wheel, + -", "zoom in time"),
            (", .", "earlier, later"),
            ("drag", "pan; on a price axis: stretch it"),
            ("shift + drag", "zoom into a box"),
            ("double click", "follow again; on a price axis: fit it again"),
            ("right click", "replay, loop or VWAP from there, profile of a range; a finger that rests does the same"),
            ("two fingers", "zoom in time, and pan"),
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


def keys() -> Component:
    """The dialog that shows them."""
    dialog: Component = dmc.Modal(
        id="keys",
        title="Keys, gestures and words",
        size="xl",
        radius=2,
        transitionProps={"duration": 0},
        closeButtonProps=named("close the list"),
        children=html.Div(
            id="keys-list",
            children=[
                *(_section(group, [(html.Kbd(key), text) for key, text in entries]) for group, entries in KEYS),
                _section("Words", list(WORDS.items())),
            ],
        ),
    )
    return dialog


def _section(group: str, entries: list[tuple[Component | str, str]]) -> Component:
    rows = [child for name, text in entries for child in (html.Dt(name), html.Dd(text))]
    section: Component = html.Section([html.H3(group), html.Dl(rows)])
    return section

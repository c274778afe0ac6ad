"""The list of keys and gestures. The scripts fill its dialog when it is first opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dash import html

from visualizer.components import transport
from visualizer.components.attributes import named
from visualizer.components.openable import OPENABLE

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
            ("1", "measure between two points"),
            ("2 3 4", "horizontal line, trend line, ray"),
            ("5 6", "rectangle, note"),
            ("7 8", "previous, next drawing"),
            ("delete", "delete the selected drawing"),
            ("ctrl + Z", "undo the last change of drawings"),
            ("ctrl + Y", "do again what was undone, as does ctrl + shift + Z"),
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
            ("click", "select a drawing; drag it, or one of its ends, to move it"),
            ("right click", "replay, loop or VWAP from there, profile of a range; a finger that rests does the same"),
            ("two fingers", "zoom in time, and pan"),
            ("alt + click", "replay from there"),
        ),
    ),
    (
        "Drawing by keys",
        (
            ("← → ↑ ↓", "move the crosshair while something is drawn or chosen, or the drawing that is chosen"),
            ("shift + ← → ↑ ↓", "ten times so far"),
            ("alt + ↑ ↓", "by one price or value"),
            ("page ↑ ↓", "crosshair to the panel above, below"),
            ("enter", "set a point at the crosshair; of a chosen drawing: move one end, or write the note"),
            ("escape", "leave what is drawn; let go of the drawing"),
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
    """The dialog that shows them, empty."""
    return html.Dialog(id="keys", **named("keys, gestures and words"))

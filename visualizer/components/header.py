"""The header: what is replayed, its state, and the buttons of the panels. The scripts fill it by id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dash import html

from visualizer.components.attributes import named
from visualizer.components.openable import OPENABLE

if TYPE_CHECKING:
    from dash.development.base_component import Component

    from visualizer.components.openable import Openable


VIEWS: Final = {"overview": "Overview", "flow": "Order flow", "depth": "Depth", "research": "Research"}
"""What the page can show, by the names of `options.js`."""


_MENU: Final = named("Menu: further buttons", aria_expanded="false", aria_controls="more")


def header(*, signs_out: bool) -> Component:
    """The whole header, with a button to sign out where one has to sign in."""
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
                # No live region: its age changes twice a second. What is heard of it, announce.js says.
                children=[html.I(className="dot"), html.Span(id="state-name"), html.Span(id="age")],
            ),
            html.Div(
                id="checks",
                className="pill",
                tabIndex=0,
                role="group",
                children=[html.Span(id="checks-text"), html.Div(id="checks-list", className="menu")],
                **named("cross-checks of the published data"),
            ),
            html.Div(className="gap"),
            html.Div(
                id="controls",
                className="controls",
                children=[
                    _choice("view", "view (key V)", VIEWS, _radio("", "own", id="view-own", hidden=True)),
                    _button("follow", "Follow", "F", "follow the newest bar"),
                    *(_opening(panel) for panel in OPENABLE),
                    _choice("cvd-style", "draw CVD as", {"candles": "CVD candles", "line": "line"}),
                    *([_signing_out()] if signs_out else []),
                    _button("keys-button", "?", "", "list of keys"),
                ],
            ),
            # folding.js moves here what there is no room for.
            html.Button("Menu", id="menu-button", type="button", **_MENU),
            html.Div(id="more", className="controls"),
        ],
    )


def _signing_out() -> Component:
    return html.Form(html.Button("Sign out", type="submit"), id="sign-out", action="/sign-out", method="post")


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


def _opening(panel: Openable) -> Component:
    badge = [html.Span(id=f"{panel.name}-badge")] if panel.has_badge else []
    label = f"show or hide the {panel.meaning.partition(';')[0]}"
    return _button(f"{panel.name}-button", [panel.title, *badge], panel.key, label, opens=panel.name)


def _choice(name: str, label: str, choices: dict[str, str], *further: Component) -> Component:
    """Buttons of which one is chosen: the first one, at first."""
    buttons = [_radio(text, value, chosen=at == 0) for at, (value, text) in enumerate(choices.items())]
    return html.Div([*buttons, *further], id=name, role="radiogroup", **named(label))


def _radio(text: str, value: str, *, chosen: bool = False, **further: Any) -> Component:  # noqa: ANN401 - as Dash takes it
    state: dict[str, Any] = {"aria-checked": str(chosen).lower(), "data-value": value}
    return html.Button(text, type="button", role="radio", tabIndex=0 if chosen else -1, **state, **further)


def _button(name: str, text: str | list[Any], key: str, label: str, opens: str | None = None) -> Component:
    children: list[Any] = [text] if isinstance(text, str) else [*text]
    title = children[0]
    panel: dict[str, Any] = {"aria-controls": opens, "aria-expanded": "false"} if opens else {}
    if key:
        children.append(html.Kbd(key))
    # With the text that is seen: who steers by voice says that.
    called = named(f"{title}: {label} (key {key})" if key else label)
    return html.Button(children, id=name, type="button", **called, **panel)

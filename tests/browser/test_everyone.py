"""The page for those who hear it, touch it, or steer it with keys alone."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import pytest

from tests.browser.pages import (
    plot_point,
    press,
    text,
    to_view,
    until,
    wait_drawn,
    wait_following,
    wait_frames,
    wait_generation,
    wait_state,
)
from tests.browser.steering import later
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import CDPSession, Page

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder

_AXE: Final = ROOT / "node_modules/axe-core/axe.min.js"
# Contrast has a test of its own, over all themes.
_FOUND: Final = """async () => {
  const rules = { "color-contrast": { enabled: false } };
  const { violations } = await axe.run(document, { resultTypes: ["violations"], rules });
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.flatMap(({ id, nodes }) => nodes.map(({ target, html }) => `${id}: ${target} ${html.slice(0, 160)}`));
}"""
_HEARD: Final = """() => {
  window.heard = [];
  const live = "[role=status], [role=alert], [role=log], [aria-live], output";
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const element = target instanceof Element ? target : target.parentElement;
      const region = element?.closest(live);
      if (region && !region.closest("[hidden]") && region.textContent) window.heard.push(region.textContent);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
_SPAN: Final = "() => orderflow.chart.view.x[1] - orderflow.chart.view.x[0]"
_PANELS: Final = (
    "#header, #readout, #chart-panel, #depth-panel, #tape, #ladder, #events, #alerts, #bars, #export, #report, "
    "#options, #transport"
)


def test_axe_finds_nothing_serious_in_any_view_and_panel(page: Page, feeder: Feeder) -> None:
    if not _AXE.exists():
        pytest.skip("axe-core is not installed: make install does that where there is Node.js")
    wait_generation(page, feeder)
    page.evaluate(f"() => {{ {_AXE.read_text()} }}")
    found: list[str] = []
    for view, keys, opened in (
        ("overview", "mrq", ("monitor", "report", "draw")),
        ("flow", "dsy", ("ladder", "tape", "bars")),
        ("depth", "eo", ("events", "options")),
        ("research", "", ()),
        ("overview", "ux", ("alerts", "export")),
    ):
        to_view(page, view)
        for key, panel in zip(keys, opened, strict=True):
            page.keyboard.press(key)
            page.wait_for_selector(f"#{panel}:visible")
            page.evaluate("() => document.activeElement.blur()")
        wait_frames(page)
        found += page.evaluate(_FOUND)
        for key, panel in zip(keys, opened, strict=True):
            page.evaluate("() => document.activeElement.blur()")
            page.keyboard.press(key)
            page.wait_for_selector(f"#{panel}", state="hidden")
    to_view(page, "overview")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    found += page.evaluate(_FOUND)
    assert not found, "\n".join(found)
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def test_who_hears_the_page_hears_what_happens_and_not_what_goes_on(page: Page, feeder: Feeder) -> None:
    wait_state(page, "playing")
    page.wait_for_timeout(2000)  # until the state has been said
    page.evaluate(_HEARD)
    feeder.run(hz=8)
    for step in range(20):
        page.mouse.move(*plot_point(page, "price", 0.2 + 0.02 * step, 0.5))
        page.wait_for_timeout(100)
    feeder.stop()
    assert page.evaluate("() => window.heard") == []
    page.mouse.move(1, 1)

    bright = "() => getComputedStyle(document.getElementById('last-price')).opacity"
    assert page.evaluate(bright) == "1"
    wait_state(page, "stale")
    until(page, "() => document.getElementById('announcements').textContent.startsWith('prices are old')")
    assert float(page.evaluate(bright)) < 1
    assert "The processor has been silent for" in text(page, "note")
    page.wait_for_timeout(1500)
    assert len(page.evaluate("() => window.heard")) == 1
    feeder.advance()
    wait_state(page, "playing")
    page.wait_for_selector("#note", state="hidden")
    assert page.evaluate(bright) == "1"


def test_keys_zoom_and_pan_and_a_table_has_the_bars_in_view(page: Page, feeder: Feeder) -> None:
    wait_generation(page, feeder)
    page.keyboard.press("y")
    page.wait_for_selector("#bars:visible")
    newest = feeder.ohlc[-1]
    row = page.locator("#bars tbody tr").first
    assert row.locator("td").all_inner_texts()[:4] == [
        f"{price:.2f}" for price in (newest.open, newest.high, newest.low, newest.close)
    ]
    before = page.evaluate(_SPAN)
    page.keyboard.press("+")
    wait_following(page, wanted=False)
    assert page.evaluate(_SPAN) == pytest.approx(before / 1.25)
    page.keyboard.press("-")
    assert page.evaluate(_SPAN) == pytest.approx(before)
    left = page.evaluate("() => orderflow.chart.view.x[0]")
    for key in ",,.":
        page.keyboard.press(key)
    assert page.evaluate("() => orderflow.chart.view.x[0]") == pytest.approx(left - 0.2 * before)
    until(page, "() => document.getElementById('announcements').textContent.includes('bars in view, from')")
    until(
        page,
        "newest => document.querySelector('#bars tbody th')?.textContent !== newest",
        page.evaluate("() => orderflow.format.barTime(orderflow.state().ohlc.at(-1)[0], 60000)"),
    )
    page.keyboard.press("y")
    page.wait_for_selector("#bars", state="hidden")


def test_a_group_of_buttons_is_one_stop_of_the_tab_key_and_arrows_choose(page: Page, feeder: Feeder) -> None:
    wait_generation(page, feeder)
    to_view(page, "overview")
    view = page.get_by_role("radiogroup", name="view (key V)")
    page.evaluate("() => document.querySelector('#view [aria-checked=true]').focus()")
    for key, chosen in (("ArrowRight", "flow"), ("ArrowLeft", "overview"), ("ArrowUp", "research")):
        page.keyboard.press(key)
        until(page, "name => document.getElementById('app').dataset.view === name", chosen)
        focused = view.get_by_role("radio", checked=True)
        assert focused.get_attribute("data-value") == chosen
        assert focused.evaluate("radio => document.activeElement === radio && radio.tabIndex === 0")
    assert page.evaluate("() => document.querySelectorAll('#view [tabindex=\"0\"]').length") == 1
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "follow"
    page.keyboard.press("l")
    assert page.locator("#cvd-style [aria-checked=true]").get_attribute("data-value") == "line"
    press(page, "#cvd-style [data-value=candles]")
    until(page, "() => !orderflow.chart.view.cvdLine")
    # A button that is clicked on does not take the focus.
    assert page.evaluate("() => document.activeElement.id") == "follow"
    to_view(page, "overview")


def test_the_list_of_keys_closes_by_its_button_and_beside_it_and_gives_the_focus_back(page: Page) -> None:
    page.locator("#keys-button").focus()
    size = page.viewport_size
    assert size
    for way in ("button", "beside"):
        page.keyboard.press("Enter")
        page.get_by_role("dialog", name="keys, gestures and words").wait_for()
        page.mouse.click(size["width"] / 2, size["height"] / 2)  # on the list itself
        if way == "button":
            page.get_by_role("button", name="close the list").click()
        else:
            page.mouse.click(4, size["height"] / 2)
        page.get_by_role("dialog").wait_for(state="detached")
        assert page.evaluate("() => document.activeElement.id") == "keys-button"


def test_a_phone_shows_the_chart_the_transport_and_one_further_panel(
    server: Server, feeder: Feeder, tab: Callable[..., Page]
) -> None:
    name = "SOME-VERY-LONG-INSTRUMENT-NAME-2027-12-31-PERPETUAL"
    feeder.overrides = {"instrument": name, "instruments": (name,), "heartbeat_ms": later(feeder)}
    feeder.publish()
    page = tab(server.url, 390, 844)
    wait_drawn(page)
    assert text(page, "instrument") == "SOME-VERY-LO…1-PERPETUAL"
    assert page.locator("#instrument").get_attribute("title") == name
    for width, height in ((390, 844), (360, 640)):
        page.set_viewport_size({"width": width, "height": height})
        wait_drawn(page)
        assert _shown(page, width, height) == ["header", "readout", "chart-panel", "depth-panel", "transport"]
        for panel in ("tape", "alerts", "export", "options"):
            page.locator("#menu-button").click()
            page.locator(f"#{panel}-button").click()
            page.wait_for_selector(f"#{panel}:visible")
            wait_drawn(page)
            assert _shown(page, width, height) == ["header", "readout", "chart-panel", panel, "transport"]
        page.locator("#menu-button").click()
        page.locator("#options-button").click()


def test_fingers_pinch_pan_and_open_the_menu(server: Server, feeder: Feeder, tab: Callable[..., Page]) -> None:
    assert feeder.generation
    page = tab(server.url, 390, 844)
    wait_drawn(page)
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})
    left, y = plot_point(page, "price", 0.4, 0.5)
    right, _ = plot_point(page, "price", 0.6, 0.5)
    before = page.evaluate(_SPAN)
    middle = "() => (orderflow.chart.view.x[0] + orderflow.chart.view.x[1]) / 2"
    centre = page.evaluate(middle)
    apart = right - left
    _touch(session, "touchStart", (left, y), (right, y))
    _touch(session, "touchMove", (left - apart / 4, y), (right + apart / 4, y))
    _touch(session, "touchMove", (left - apart / 2, y), (right + apart / 2, y))
    wait_following(page, wanted=False)
    assert page.evaluate(_SPAN) == pytest.approx(before / 2, rel=0.02)
    assert page.evaluate(middle) == pytest.approx(centre, abs=0.02 * before)
    _touch(session, "touchMove", (left - apart / 2 + 30, y), (right + apart / 2 + 30, y))
    until(page, f"centre => ({middle})() < centre", centre - 0.01 * before)
    assert page.evaluate(_SPAN) == pytest.approx(before / 2, rel=0.02)
    _touch(session, "touchEnd")

    _touch(session, "touchStart", (left, y))
    menu = page.locator("#context-menu")
    menu.wait_for()
    _touch(session, "touchEnd")
    assert menu.get_by_role("menuitem").count() > 3
    page.keyboard.press("Escape")

    page.locator("#menu-button").click()
    heights = page.locator(".controls button:visible").evaluate_all("all => all.map((each) => each.offsetHeight)")
    assert len(heights) > 10
    assert min(heights) >= 30


def _touch(session: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def _shown(page: Page, width: int, height: int) -> list[str]:
    """The parts that are seen, none of which may reach beyond the screen or lie over another one."""
    found: list[tuple[str, list[float]]] = page.evaluate(
        """(parts) => [...document.querySelectorAll(parts)].filter((part) => part.checkVisibility()).map((part) => {
          const { left, right, top, bottom } = part.getBoundingClientRect();
          return [part.id, [left, right, top, bottom]];
        })""",
        _PANELS,
    )
    assert all(
        left >= 0 and right <= width and top >= 0 and bottom <= height + 1 and bottom - top > 20
        for _, (left, right, top, bottom) in found
    ), found
    pairs = itertools.combinations((box for _, box in found), 2)
    assert not any(
        one[0] < other[1] - 1 and other[0] < one[1] - 1 and one[2] < other[3] - 1 and other[2] < one[3] - 1
        for one, other in pairs
    ), found
    return [name for name, _ in found]

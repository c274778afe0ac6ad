"""Layouts in the page: panels moved and resized, layouts of one's own, files, links; and the settings of the replay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from shared import CONTROL_FILE, ControlAnswer
from tests.browser.pages import drag, plot_point, text, to_overview, until, wait_drawn, wait_frames, wait_generation
from tests.browser.steering import later, show, written
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder

_FILES: Final = sorted((ROOT / "docs/workspaces").glob("*.json"))
_COLUMNS: Final = {
    "tape": "tape",
    "ladder": "ladder",
    "depth": "depth-panel",
    "events": "events",
    "alerts": "alerts",
    "report": "report",
    "monitor": "monitor",
}


@pytest.fixture
def wide(page: Page) -> Iterator[Page]:
    """The page in a wide window; afterwards it is as it was, and the browser keeps nothing."""
    page.set_viewport_size({"width": 1920, "height": 1000})
    wait_drawn(page)
    yield page
    page.evaluate("() => localStorage.clear()")
    if page.locator("#options").is_visible():
        page.locator("#options-close").click()
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("v")
    to_overview(page)
    page.set_viewport_size({"width": 1366, "height": 768})
    wait_drawn(page)


def _panels(page: Page) -> dict[str, float]:
    """The heights of the panels that are shown, by their names from the top."""
    wait_frames(page)
    found: dict[str, float] = page.evaluate(
        """() => Object.fromEntries(Object.entries(orderflow.chart.drawn().panels)
             .filter(([, { box }]) => box.height > 0)
             .sort(([, one], [, other]) => one.box.top - other.box.top)
             .map(([id, { box }]) => [id, box.height]))"""
    )
    return found


def _unit(page: Page) -> float:
    """Pixels of a unit of the page, which grows with the screen."""
    size: str = page.evaluate("() => getComputedStyle(document.documentElement).fontSize")
    return float(size.removesuffix("px")) / 10


def _columns(page: Page) -> dict[str, float]:
    """The widths, in units, of the columns that stand beside the chart, by their names from the left."""
    unit = _unit(page)
    boxes = {name: page.locator(f"#{element}").bounding_box() for name, element in _COLUMNS.items()}
    found = sorted((box["x"], name, box["width"]) for name, box in boxes.items() if box)
    return {name: width / unit for _, name, width in found}


def _middle(element: Locator) -> tuple[float, float]:
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _saved(page: Page, name: str) -> None:
    page.locator("#options-button").click()
    page.locator("#layout-name").fill(name)
    page.get_by_role("button", name="Save as").click()
    assert text(page, "layout-said") == f'"{name}" is kept in this browser.'
    page.locator("#options-close").click()


def test_every_layout_of_the_documentation_opens_as_its_file_says(wide: Page) -> None:
    wide.locator("#options-button").click()
    for path in _FILES:
        layout: dict[str, Any] = json.loads(path.read_text())
        wide.locator("#layout-file").set_input_files(path)
        until(wide, "name => document.getElementById('layout-choice').value === `own ${name}`", layout["name"])
        options = layout["options"]
        if "panels" in options:
            assert list(_panels(wide)) == options["panels"]
        assert set(_columns(wide)) == set(options["beside"])
        for name, width in options.get("widths", {}).items():
            assert _columns(wide)[name] == pytest.approx(width, abs=1)
        asked = set(wide.evaluate("() => orderflow.state().asked"))
        assert ("ladder" in asked) == ("ladder" in options["beside"])
        assert ("measures" in asked) == ("measures" in _panels(wide))


def test_a_file_that_is_wrong_is_refused_with_the_field(wide: Page, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"version": 1, "preset": "flow", "options": {"vwap": "today"}}')
    wide.locator("#options-button").click()
    wide.locator("#layout-file").set_input_files(wrong)
    until(wide, "() => document.getElementById('layout-said').textContent.startsWith('wrong.json: invalid vwap')")
    assert wide.evaluate("() => localStorage.getItem('orderflow.layouts')") is None


def test_a_border_and_a_title_are_dragged_and_a_border_follows_the_keys(wide: Page) -> None:
    before = _panels(wide)
    border = wide.get_by_role("separator", name="border between volume and order-book imbalance")
    x, y = _middle(border)
    drag(wide, (x, y), (x, y + 60))
    after = _panels(wide)
    assert after["volume"] - before["volume"] == pytest.approx(60, abs=6)
    assert after["obi"] - before["obi"] == pytest.approx(-60, abs=6)
    assert after["price"] == pytest.approx(before["price"], abs=1)
    border.focus()
    wide.keyboard.press("Shift+ArrowUp")
    assert _panels(wide)["volume"] - after["volume"] == pytest.approx(-40, abs=2)
    assert wide.locator("#state").get_attribute("data-name") == "playing"

    title = wide.locator(".panel-title[data-panel=cvd]")
    start = _middle(title)
    top = wide.locator(".panel-title[data-panel=price]").bounding_box()
    assert top is not None
    drag(wide, start, (start[0], top["y"] + 5))
    assert list(_panels(wide)) == ["cvd", "price", "volume", "obi"]


def test_an_edge_of_a_column_is_dragged_and_follows_the_keys(wide: Page) -> None:
    before = _columns(wide)["depth"]
    edge = wide.get_by_role("separator", name="left edge of Depth")
    x, y = _middle(edge)
    drag(wide, (x, y), (x - 100, y))
    wait_frames(wide)
    after = _columns(wide)["depth"]
    assert after == pytest.approx(before + 100 / _unit(wide), abs=4)
    edge.focus()
    wide.keyboard.press("ArrowRight")
    wait_frames(wide)
    assert _columns(wide)["depth"] == pytest.approx(after - 10, abs=1.5)
    assert int(edge.get_attribute("aria-valuenow") or 0) == pytest.approx(_columns(wide)["depth"], abs=1)


def test_panels_are_shown_hidden_and_moved_by_buttons_of_the_settings(wide: Page) -> None:
    wide.locator("#options-button").click()
    wide.get_by_role("button", name="move cumulative volume delta up", exact=True).click()
    wide.locator("input[name=panels][value=volume]").uncheck()
    assert list(_panels(wide)) == ["price", "cvd", "obi"]
    wide.locator("input[name=beside][value=tape]").check()
    wide.get_by_role("button", name="move Tape right").click()
    wait_frames(wide)
    assert list(_columns(wide)) == ["depth", "tape"]
    wide.locator("input[name=beside][value=depth]").uncheck()
    wait_frames(wide)
    assert list(_columns(wide)) == ["tape"]


def test_report_and_monitor_are_columns_of_a_layout_and_are_there_again_without_taking_the_focus(wide: Page) -> None:
    wide.keyboard.press("m")
    strip, transport = (wide.locator(f"#{name}").bounding_box() for name in ("monitor", "transport"))
    assert strip is not None
    assert transport is not None
    assert strip["y"] >= transport["y"] + transport["height"] - 1
    wide.keyboard.press("r")
    wide.locator("#options-button").click()
    for _ in range(2):
        wide.get_by_role("button", name="move Monitor left").click()
    wide.locator("#options-close").click()
    wide.evaluate("() => document.activeElement.blur()")
    wide.keyboard.press("Escape")
    wait_frames(wide)
    assert list(_columns(wide)) == ["monitor", "depth", "report"]
    edge = wide.get_by_role("separator", name="left edge of Report")
    edge.focus()
    before = _columns(wide)["report"]
    wide.keyboard.press("Shift+ArrowLeft")
    wait_frames(wide)
    assert _columns(wide)["report"] == pytest.approx(before + 50, abs=1.5)
    wide.reload()
    wait_drawn(wide)
    until(wide, "() => document.getElementById('monitor').dataset.column === 'own'")
    assert list(_columns(wide)) == ["monitor", "depth", "report"]
    assert wide.evaluate("() => document.activeElement === document.body")
    for key in "rm":
        wide.keyboard.press(key)
    wait_frames(wide)
    assert list(_columns(wide)) == ["depth"]


def test_a_layout_of_ones_own_is_kept_changed_left_and_found_again(wide: Page, tab: Callable[..., Page]) -> None:
    wide.keyboard.press("s")
    _saved(wide, "Mine")
    wide.keyboard.press("d")
    until(wide, "() => location.search.includes('view=my%3AMine') || location.search.includes('view=my:Mine')")
    wide.keyboard.press("v")
    until(wide, "() => document.getElementById('app').dataset.view === 'flow'")
    assert "tape" not in _columns(wide)
    wide.keyboard.press("Shift+V")
    wait_frames(wide)
    assert list(_columns(wide)) == ["tape", "ladder", "depth"]
    again = tab(wide.url, 1920, 1000)
    until(again, "() => document.getElementById('tape')?.hidden === false")
    assert text(again, "view").endswith("Mine")


def test_a_link_holds_a_layout_that_the_browser_that_opens_it_does_not_keep(
    wide: Page, feeder: Feeder, tab: Callable[..., Page]
) -> None:
    wide.locator("#options-button").click()
    wide.get_by_role("button", name="move cumulative volume delta up", exact=True).click()
    wide.get_by_role("button", name="Copy link").click()
    until(wide, "() => document.getElementById('layout-link').value.includes('layout=')")
    url = wide.locator("#layout-link").input_value()
    wide.locator("#options-reset").click()
    kept = wide.evaluate("() => JSON.stringify(localStorage)")
    other = tab(url, 1920, 1000)
    wait_drawn(other)
    assert list(_panels(other)) == ["price", "volume", "cvd", "obi"]
    other.keyboard.press("h")
    until(other, "() => orderflow.state().asked.includes('heatmap')")
    wait_generation(other, feeder)
    assert other.evaluate("() => JSON.stringify(localStorage)") == kept


def test_the_replay_is_changed_by_commands_and_says_what_it_refuses(wide: Page, feeder: Feeder, server: Server) -> None:
    (server.control / CONTROL_FILE).unlink(missing_ok=True)
    listening = ControlAnswer(listening=True)
    show(wide, feeder, control=listening, heartbeat_ms=later(feeder), datasets=("/data/one", "/data/two"))
    wide.locator("#options-button").click()
    assert wide.locator("#datasets option").evaluate_all("all => all.map(({ value }) => value)") == [
        "/data/one",
        "/data/two",
    ]
    levels = wide.get_by_label("OBI levels", exact=True)
    levels.fill("many")
    levels.press("Enter")
    assert levels.get_attribute("aria-invalid") == "true"
    levels.fill("20")
    levels.press("Enter")
    assert written(wide, feeder, server) == {"action": "obi_levels", "obi_levels": 20}
    wide.get_by_label("CVD starts again", exact=True).select_option("day")
    wide.get_by_role("button", name="set: CVD starts again").click()
    assert written(wide, feeder, server) == {"action": "cvd_reset", "cvd_reset": "day"}
    start = wide.get_by_label("Sessions start", exact=True)
    assert start.input_value() == "00:00"
    start.fill("25:00")
    start.press("Enter")
    assert start.get_attribute("aria-invalid") == "true"
    start.fill("9:30")
    start.press("Enter")
    assert written(wide, feeder, server) == {"action": "session_start", "session_start": "09:30"}
    dataset = wide.get_by_label("Dataset", exact=True)
    dataset.fill("/data/two")
    dataset.press("Enter")
    assert written(wide, feeder, server) == {"action": "dataset", "dataset": "/data/two"}


def test_a_file_that_was_exported_brings_the_drawings_of_the_instrument_with_it(wide: Page, tmp_path: Path) -> None:
    count = "() => orderflow.drawings.current().list.length"
    wide.keyboard.press("2")
    wide.mouse.click(*plot_point(wide, "cvd", 0.5, 0.5))
    until(wide, f"() => ({count})() === 1")
    drawn = wide.evaluate("() => orderflow.drawings.current().list")
    assert drawn[0]["panel"] == "cvd"
    wide.locator("#options-button").click()
    with wide.expect_download() as downloading:
        wide.get_by_role("button", name="Export", exact=True).click()
    path = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(path)
    assert path.name == "Overview.json"
    wide.evaluate("() => localStorage.clear()")
    wide.reload()
    wait_drawn(wide)
    assert wide.evaluate(count) == 0
    wide.locator("#options-button").click()
    wide.locator("#layout-file").set_input_files(path)
    until(wide, f"() => ({count})() === 1")
    assert text(wide, "layout-said").endswith("Drawings of BTCUSDT: 1 added.")
    assert wide.evaluate("() => orderflow.drawings.current().list") == drawn
    wide.evaluate("() => localStorage.clear()")
    wide.reload()
    wait_drawn(wide)

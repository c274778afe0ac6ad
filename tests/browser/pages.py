"""What the tests ask of an open page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.patience import PATIENCE_MS, PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.feeder import Feeder

Ranges = dict[str, list[float]]


def until(page: Page, expression: str, argument: object = None) -> None:
    """Until a JavaScript expression is true. Playwright's own waiting evaluates strings in the page, which its
    Content-Security-Policy rightly refuses."""
    deadline = time.monotonic() + PATIENCE_S
    while not page.evaluate(expression, argument):
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {expression}"
        page.wait_for_timeout(25)


def wait_drawn(page: Page) -> None:
    """Until the chart shows bars and has taken the room the filled header left it."""
    until(page, "() => Object.values(window.orderflow?.chart.drawn().panels ?? {}).some(({ rows }) => rows.length > 0)")
    until(
        page,
        """() => {
          const { width, height } = orderflow.chart.placed().layout;
          const panel = document.getElementById("chart-panel").getBoundingClientRect();
          const unit = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 10;
          const fits = Math.abs(width * unit - panel.width) < 1 && Math.abs(height * unit - panel.height) < 1;
          return fits && orderflow.chart.isRested();
        }""",
    )
    wait_frames(page)


def wait_frames(page: Page) -> None:
    """Until what was asked for has been drawn."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def wait_generation(page: Page, feeder: Feeder) -> None:
    """Until the page holds the feeder's last publication, and has drawn it."""
    until(page, "generation => orderflow.state().status?.generation >= generation", feeder.generation)
    until(page, "() => orderflow.chart.isRested()")


def watch_candles(page: Page) -> Callable[[], int]:
    """Look at every frame until the answer is asked for: the fewest candles that any of them has shown."""
    page.evaluate(
        """() => {
          window.fewest = Infinity;
          window.looking = true;
          const look = () => {
            const { price, obi, cvd } = orderflow.chart.drawn().panels;
            window.fewest = Math.min(window.fewest, price.rows.length + obi.rows.length + cvd.rows.length);
            if (window.looking) requestAnimationFrame(look);
          };
          look();
        }"""
    )
    return lambda: int(page.evaluate("() => { window.looking = false; return window.fewest; }"))


def ranges(page: Page) -> Ranges:
    """The spans of the time axis and of each panel's values as they are drawn."""
    found: Ranges = page.evaluate(
        """() => {
          const { x, panels } = orderflow.chart.drawn();
          return { xaxis: x, ...Object.fromEntries(Object.entries(panels).map(([id, { y }]) => [id, y])) };
        }"""
    )
    return found


def to_view(page: Page, name: str) -> None:
    """Press the key of the next view until it is this one, and follow the newest bars, whatever an earlier test did."""
    # A field that has the focus would take the keys.
    page.evaluate("() => document.activeElement?.blur()")
    for _ in range(4):
        if page.locator("#app").get_attribute("data-view") == name:
            break
        page.keyboard.press("v")
    until(page, "name => document.getElementById('app').dataset.view === name", name)
    page.keyboard.press("f")


def to_overview(page: Page) -> None:
    """The same for the first view."""
    to_view(page, "overview")


def colours(page: Page, panel: str, *further: str) -> set[str]:
    """The tokens, of some and `further` ones, whose colours some pixel in a panel of the chart has."""
    found: list[str] = page.evaluate(
        """([id, further]) => {
          const canvas = document.getElementById("chart");
          const ratio = canvas.width / canvas.getBoundingClientRect().width;
          const { box } = orderflow.chart.drawn().panels[id];
          const sides = [box.left, box.top, box.width, box.height];
          const [left, top, width, height] = sides.map((px) => Math.round(px * ratio));
          // A copy: a canvas that is read itself is drawn in another way from then on.
          const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
          copy.drawImage(canvas, -left, -top);
          const { data } = copy.getImageData(0, 0, width, height);
          const seen = new Set();
          for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3] === 255) seen.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
          }
          const style = getComputedStyle(document.documentElement);
          const names = ["up", "down", "blue", "grid", "zero-line", "bubble-buy", "bubble-sell"]
            .concat(["buy-bright", "break", "session-mark"], further);
          return names.filter((name) => {
            const colour = style.getPropertyValue(`--${name}`).trim();
            return seen.has([1, 3, 5].map((index) => Number.parseInt(colour.slice(index, index + 2), 16)).join());
          });
        }""",
        [panel, further],
    )
    return set(found)


def press(page: Page, button: str) -> None:
    """Click on a button of the header, or on one in a group (`#cvd-style [data-value=line]`), wherever it is."""
    found = page.locator(button)
    if not found.is_visible():
        page.locator("#menu-button").click()
    found.click()


def following(page: Page) -> bool:
    return page.locator("#app").get_attribute("data-following") == "true"


def wait_following(page: Page, *, wanted: bool) -> None:
    page.wait_for_selector(f"#app[data-following='{str(wanted).lower()}']", timeout=PATIENCE_MS)


def wait_state(page: Page, name: str) -> None:
    page.wait_for_selector(f"#state[data-name='{name}']", timeout=PATIENCE_MS)


def text(page: Page, element: str) -> str:
    return page.locator(f"#{element}").inner_text().strip()


def plot_point(page: Page, panel: str, across: float, down: float) -> tuple[float, float]:
    """The window's coordinates of a place in a panel, as shares of its width and height."""
    point: list[float] = page.evaluate(
        """([id, across, down]) => {
          const chart = document.getElementById("chart").getBoundingClientRect();
          const { left, top, width, height } = orderflow.chart.drawn().panels[id].box;
          return [chart.left + left + across * width, chart.top + top + down * height];
        }""",
        [panel, across, down],
    )
    return point[0], point[1]


def bar_point(page: Page, time_ms: int) -> tuple[float, float]:
    """The window's coordinates of the bar of a time, in the price panel."""
    point: list[float] = page.evaluate(
        """(ms) => {
          const chart = document.getElementById("chart").getBoundingClientRect();
          const { box, toX } = orderflow.chart.placed().scales[0];
          return [chart.left + toX(orderflow.chart.timeline().place(ms)), chart.top + box.top + box.height / 2];
        }""",
        time_ms,
    )
    return point[0], point[1]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
    page.mouse.move(*end, steps=3)
    page.mouse.up()

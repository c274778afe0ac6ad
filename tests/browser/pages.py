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
    until(page, "() => (window.orderflow?.chart.graph()?.data[0].x || []).length > 0")
    until(
        page,
        """() => {
          const { width, height } = orderflow.chart.graph()._fullLayout;
          const panel = document.getElementById("chart-panel").getBoundingClientRect();
          const fits = Math.abs(width - panel.width) < 1 && Math.abs(height - panel.height) < 1;
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
    """Look at every frame from now on; the answer is the fewest candles that any of them has shown."""
    page.evaluate(
        """() => {
          window.fewest = Infinity;
          const look = () => {
            window.fewest = Math.min(window.fewest, document.querySelectorAll("#chart .boxlayer path.box").length);
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    return lambda: int(page.evaluate("window.fewest"))


def ranges(page: Page) -> Ranges:
    """The ranges of the time axis and of each panel as Plotly draws them, in its own linear units."""
    found: Ranges = page.evaluate(
        """() => {
          const full = orderflow.chart.graph()._fullLayout;
          return Object.fromEntries(
            [["xaxis", "xaxis"], ...orderflow.panels.PANELS.map(({ id, yaxis }) => [id, yaxis])].map(([name, axis]) => {
              return [name, full[axis].range.map((end) => full[axis].r2l(end))];
            })
          );
        }"""
    )
    return found


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
          const { yaxis } = orderflow.panels.PANELS.find((panel) => panel.id === id);
          const gd = orderflow.chart.graph();
          const box = gd.getBoundingClientRect();
          const { xaxis: x, [yaxis]: y } = gd._fullLayout;
          return [box.left + x._offset + across * x._length, box.top + y._offset + down * y._length];
        }""",
        [panel, across, down],
    )
    return point[0], point[1]


def bar_point(page: Page, time_ms: int) -> tuple[float, float]:
    """The window's coordinates of the bar of a time, in the price panel."""
    point: list[float] = page.evaluate(
        """(ms) => {
          const gd = orderflow.chart.graph();
          const { xaxis, yaxis } = gd._fullLayout;
          const box = gd.getBoundingClientRect();
          const place = orderflow.chart.timeline().place(ms);
          return [box.left + xaxis._offset + xaxis.l2p(place), box.top + yaxis._offset + yaxis._length / 2];
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

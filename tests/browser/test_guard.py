"""A page of which a part is lost on the way comes up by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from shared import CONTROL_FILE, ControlAnswer
from tests.browser.pages import wait_drawn
from tests.browser.steering import later, written
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page, Request, Route

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder


class Lossy:
    """A tab on whose way something is lost, and how often it has been loaded."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.loads = 0
        # Not by the end of loading: a page that is loaded again before it has come whole has none.
        page.on("requestfinished", self._has_come)

    def lose(self, pattern: str, times: int = 1) -> None:
        """Lose what is asked for at addresses like this, so many times."""
        self.page.route(pattern, _abort, times=times)

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline, f"loaded {self.loads} times"
            self.page.wait_for_timeout(50)

    def _has_come(self, request: Request) -> None:
        self.loads += request.is_navigation_request()


@pytest.fixture
def lossy(browser: Browser, feeder: Feeder) -> Iterator[Lossy]:
    """In a context of its own: of what another tab has loaded, a browser may ask for nothing that could be lost."""
    assert feeder.generation
    page = browser.new_page()
    yield Lossy(page)
    page.close()


@pytest.mark.parametrize("pattern", ["**/react-dom@*", "**/styles.css", "**/_dash-layout"])
def test_a_page_that_lost_a_part_is_loaded_again(lossy: Lossy, server: Server, pattern: str) -> None:
    lossy.lose(pattern)
    lossy.page.goto(server.url)
    lossy.until(lambda: lossy.loads == 2)
    wait_drawn(lossy.page)
    assert lossy.page.locator("#lost").count() == 0
    assert lossy.page.evaluate("() => getComputedStyle(document.body).overflow") == "hidden"
    assert lossy.loads == 2


def test_a_page_that_lost_a_part_before_it_had_a_body_is_loaded_again(lossy: Lossy, server: Server) -> None:
    def answer(route: Route) -> None:
        failing = '<script>document.currentScript.dispatchEvent(new Event("error"))</script><link rel="icon"'
        route.fulfill(body=route.fetch().text().replace('<link rel="icon"', failing), content_type="text/html")

    lossy.page.route(f"{server.url}/", answer, times=1)
    lossy.page.goto(server.url)
    lossy.until(lambda: lossy.loads == 2)
    wait_drawn(lossy.page)


def test_a_page_that_is_loaded_again_still_moves_the_replay_to_where_its_address_says(
    lossy: Lossy, server: Server, feeder: Feeder
) -> None:
    (server.control / CONTROL_FILE).unlink(missing_ok=True)
    feeder.overrides = {"control": ControlAnswer(listening=True), "heartbeat_ms": later(feeder)}
    feeder.advance()
    lossy.lose("**/dash_renderer*")
    lossy.page.goto(f"{server.url}/?interval=5m")
    assert written(lossy.page, feeder, server) == {"action": "interval", "interval": "5m"}
    assert lossy.loads == 2


def test_after_several_tries_it_says_so_and_leaves_the_next_to_a_button(
    browser: Browser, server: Server, feeder: Feeder
) -> None:
    assert feeder.generation
    # A clock stays installed for every page of its context.
    page = browser.new_page()
    lossy = Lossy(page)
    page.clock.install()
    lossy.lose("**/dash_renderer*", times=6)
    page.goto(server.url)
    button = page.get_by_role("button", name="Load it again")

    def is_left_to_it() -> bool:
        page.clock.run_for(500)
        return button.count() > 0

    lossy.until(is_left_to_it)
    lossy.until(lambda: lossy.loads == 6)
    assert "loading it again has not helped" in page.locator("#lost").inner_text()
    # What is left of the page works for nothing, and without its style sheets all the time.
    assert page.locator("body").is_hidden()
    page.clock.resume()
    button.click()
    lossy.until(lambda: lossy.loads == 7)
    wait_drawn(page)
    page.close()


def _abort(route: Route) -> None:
    route.abort()

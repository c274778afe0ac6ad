"""Signing in and out in a browser, and a page that may only watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from shared import CONTROL_FILE, ControlAnswer
from tests.browser.conftest import served
from tests.browser.pages import press, text, until, wait_drawn, wait_frames
from tests.browser.steering import later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder

STEER: Final = "steer-token-0123456789"
WATCH: Final = "watch-token-0123456789"
_USABLE: Final = "usable => document.getElementById('transport')?.dataset.usable === usable"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    """A server that has two tokens."""
    with served(VISUALIZER_TOKEN=STEER, VISUALIZER_WATCH_TOKEN=WATCH, VISUALIZER_ACCESS_LOG="true") as server:
        yield server


@pytest.fixture
def stranger(browser: Browser, guarded: Server, feed: Callable[..., Feeder]) -> Iterator[Page]:
    """A browser without any cookie, and data to see."""
    feeder = feed(guarded.directory)
    feeder.overrides = {"control": ControlAnswer(listening=True), "heartbeat_ms": later(feeder)}
    feeder.publish()
    context = browser.new_context()
    yield context.new_page()
    context.close()


def sign_in(page: Page, token: str) -> None:
    page.get_by_label("token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def test_who_may_watch_sees_everything_and_is_told_why_nothing_can_be_steered(stranger: Page, guarded: Server) -> None:
    page = stranger
    page.goto(f"{guarded.url}/?view=depth")
    looks = (
        "() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.documentElement).fontSize]"
    )
    assert page.evaluate(looks) == ["rgb(10, 13, 18)", "10px"]
    page.evaluate("() => localStorage.setItem('orderflow.looks', JSON.stringify({ theme: 'light', type: '150' }))")
    page.reload()
    assert page.evaluate(looks) == ["rgb(255, 255, 255)", "15px"], "the form looks as the page does"
    sign_in(page, "a-token-of-nobodys")
    assert "none of this server" in page.get_by_role("alert").inner_text()
    sign_in(page, WATCH)
    wait_drawn(page)
    until(page, "() => new URLSearchParams(location.search).get('view') === 'depth'")
    until(page, _USABLE, "false")
    reason = "read-only: the token you signed in with may only watch"
    until(page, "reason => document.getElementById('play').title === reason", reason)
    play = page.locator("#play")
    assert play.is_disabled()
    assert play.get_attribute("aria-disabled") == "true"
    assert page.locator("#transport").get_attribute("aria-description") == reason
    assert text(page, "transport-reason") == reason
    page.keyboard.press(" ")
    until(page, "() => !document.getElementById('toast').hidden")
    assert text(page, "toast") == f"This page is {reason}."
    assert not (guarded.control / CONTROL_FILE).exists()


def test_a_link_signs_in_to_steer_and_signing_out_ends_it_in_all_tabs(stranger: Page, guarded: Server) -> None:
    page = stranger
    page.goto(f"{guarded.url}/?token={STEER}")
    wait_drawn(page)
    assert "token" not in page.url
    until(page, _USABLE, "true")
    for width in (1700, 1280, 700, 360):
        page.set_viewport_size({"width": width, "height": 768})
        wait_frames(page)
        if not page.get_by_role("button", name="Sign out").is_visible():
            page.locator("#menu-button").click()
        box = page.get_by_role("button", name="Sign out").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
    other = page.context.new_page()
    other.goto(guarded.url)
    wait_drawn(other)
    press(other, "#sign-out button")
    assert other.get_by_label("token").is_visible()

    # The page notices that it is answered no more, and shows the form; what it shows would not move the replay.
    page.get_by_label("token").wait_for()
    assert "t=" not in page.url
    assert '"GET / HTTP/1.1" 303' in guarded.log.read_text().replace("\\", "")
    assert STEER not in guarded.log.read_text()

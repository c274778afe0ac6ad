"""Pages that the server tells of publications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared import can_watch
from tests.browser.pages import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser.feeder import Feeder

pytestmark = pytest.mark.skipif(not can_watch(), reason="this system has no inotify")
_SHOWS = "generation => orderflow.state().status.generation >= generation"


@pytest.fixture
def without_clock(page: Page) -> Iterator[Page]:
    """The page, whose clock asks nothing."""
    page.evaluate("() => orderflow.poll.every(0)")
    yield page
    page.evaluate("() => orderflow.poll.every(500)")


def test_a_page_shows_each_publication_without_its_clock(without_clock: Page, feeder: Feeder) -> None:
    for _ in range(5):
        feeder.step()
        feeder.publish()
        until(without_clock, _SHOWS, feeder.generation)

"""A page of somebody else's name that leads to this machine, in a browser: DNS rebinding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared import CONTROL_FILE
from tests.visualizer.pictures import report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserType

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder

_STATUS_OF = """async () => {
  const headers = { "Content-Type": "application/json" };
  const posted = await fetch("/control", { method: "POST", headers, body: '{"action": "pause"}' });
  return [posted.status, (await fetch("/report.json")).status];
}"""


@pytest.fixture
def misled(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """A browser to which a foreign name and one of the local network are this machine."""
    rules = "--host-resolver-rules=MAP evil.example 127.0.0.1, MAP desk 127.0.0.1"
    arguments = browser_type_launch_args | {"args": [*browser_type_launch_args["args"], rules]}
    browser = browser_type.launch(**arguments)
    yield browser
    browser.close()


def test_a_foreign_name_that_leads_here_is_refused_and_can_neither_steer_nor_read(
    misled: Browser, server: Server, feeder: Feeder
) -> None:
    feeder.report = report()
    feeder.publish()
    control = server.control / CONTROL_FILE
    control.unlink(missing_ok=True)
    page = misled.new_page()

    answer = page.goto(f"http://evil.example:{server.port}/")
    assert answer is not None
    assert answer.status == 403
    assert f"does not answer to the name 'evil.example:{server.port}'" in page.inner_text("body")
    assert "VISUALIZER_NAMES" in page.inner_text("body")
    assert page.evaluate(_STATUS_OF) == [403, 403]
    assert not control.exists()

    page.goto(f"http://desk:{server.port}/")
    assert page.evaluate(_STATUS_OF) == [202, 200]
    assert control.exists()
    control.unlink()

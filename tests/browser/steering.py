"""What a page over the stand-in for the processor asks of it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from shared import CONTROL_FILE, ControlAnswer, decode_command
from tests.browser.pages import until, wait_generation
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder


def show(page: Page, feeder: Feeder, **overrides: Any) -> None:
    """Until the page shows another publication, in whose status these fields are as given."""
    feeder.overrides |= overrides
    feeder.advance()
    wait_generation(page, feeder)


def later(feeder: Feeder) -> int:
    """A heartbeat that does not grow old while a test runs, however slowly."""
    return feeder.status().published_at_ms + 3_600_000


def asked(page: Page, server: Server) -> dict[str, Any]:
    """The command that the page has written, waited for, as it stands in the file."""
    path = server.control / CONTROL_FILE
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < deadline, "nothing was written"
        page.wait_for_timeout(20)
    payload = path.read_bytes()
    decode_command(payload)
    found: dict[str, Any] = json.loads(payload)
    return found


def written(page: Page, feeder: Feeder, server: Server) -> dict[str, Any]:
    """The command that the page has written, without what all of them have; it is answered."""
    found = asked(page, server)
    (server.control / CONTROL_FILE).unlink()
    show(page, feeder, control=ControlAnswer(found["id"], ok=True, listening=True))
    until(page, "id => orderflow.state().about.control.last_id === id", found["id"])
    return {name: value for name, value in found.items() if name not in {"id", "contract", "session"}}

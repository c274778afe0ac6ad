"""Alerts in the page: the list, its filter, a seek, adding with an error at the word, removing, the sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared import CONTROL_FILE, ControlAnswer
from shared.views.alerts import ALERTS_FILE, AlertRow
from tests.browser.pages import until, wait_generation
from tests.browser.steering import asked, later, show, written

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder

_SET = ("sweep", "obi_10 > 0.6 for 5 s")


def _rows(feeder: Feeder) -> list[AlertRow]:
    at = [bar.timestamp_ms + 1000 for bar in feeder.ohlc[-3:]]
    price = feeder.ohlc[-3].close
    return [
        AlertRow(at[0], at[0], "sweep", 2.0, price),
        AlertRow(at[1], at[1] - 5000, "obi_10 > 0.6 for 5 s", 0.75, price),
        AlertRow(at[1], at[1], "sweep", 3.0, price),
    ]


def test_alerts_are_set_listed_and_gone_to(page: Page, feeder: Feeder, server: Server) -> None:
    assert "alerts" not in page.evaluate("() => orderflow.state().asked")
    feeder.further = {ALERTS_FILE: _rows(feeder)}
    show(page, feeder, alerts=_SET, control=ControlAnswer(listening=True), heartbeat_ms=later(feeder))
    # They are marked over the price.
    until(page, "() => orderflow.state().alerts.length === 3")
    page.keyboard.press("u")
    until(page, "() => document.querySelectorAll('#alerts li').length === 3")
    texts = page.locator("#alerts li .expression").all_inner_texts()
    assert texts == ["sweep", "obi_10 > 0.6 for 5 s", "sweep"]
    page.locator("#alerts [data-expression=sweep]").click()
    assert page.locator("#alerts li .value").all_inner_texts() == ["3", "2"]
    assert page.locator("#alerts footer p").inner_text() == "the newest 2 of this expression"

    (server.control / CONTROL_FILE).unlink(missing_ok=True)
    page.locator("#alerts li button").last.click()
    assert written(page, feeder, server) == {"action": "seek", "time_ms": _rows(feeder)[0].timestamp_ms + 1}
    page.locator("#alerts header").get_by_text("›", exact=True).click()
    assert written(page, feeder, server) == {"action": "seek", "next": "alert"}
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("Shift+K")
    assert written(page, feeder, server) == {"action": "seek", "previous": "alert"}
    page.locator("#alerts [data-remove=sweep]").click()
    assert written(page, feeder, server) == {"action": "alerts", "remove": "sweep"}

    page.locator("#alerts-expression").fill("price > 1  and obi10 > 0.6")
    page.keyboard.press("Enter")
    sent = asked(page, server)
    assert sent["add"] == "price > 1 and obi10 > 0.6"
    (server.control / CONTROL_FILE).unlink()
    error = "invalid alert 'price > 1 and obi10 > 0.6': unknown name 'obi10' at column 15: expected one of price"
    show(page, feeder, control=ControlAnswer(sent["id"], ok=False, error=error, listening=True))
    fault = page.locator("#alerts-fault")
    until(page, "() => document.querySelector('#alerts-fault').textContent !== ''")
    assert fault.inner_text() == "unknown name 'obi10' at column 15: expected one of price"
    field = "document.querySelector('#alerts-expression')"
    assert page.evaluate(f"() => {field}.value.slice({field}.selectionStart, {field}.selectionEnd)") == "obi10"
    assert page.locator("#toast").is_hidden()
    page.keyboard.press("Escape")

    sound = page.locator("#alerts-sound")
    assert sound.get_attribute("aria-pressed") == "false"
    sound.click()
    assert sound.get_attribute("aria-pressed") == "true"
    assert page.evaluate("() => localStorage.getItem('orderflow.alertSound')") == "on"
    sound.click()
    assert page.evaluate("() => localStorage.getItem('orderflow.alertSound')") is None

    page.locator("#alerts-expression").evaluate("field => { field.value = ''; field.blur(); }")
    page.keyboard.press("u")
    feeder.further = {}
    show(page, feeder, alerts=())
    wait_generation(page, feeder)
    assert "alerts" not in page.evaluate("() => orderflow.state().asked")

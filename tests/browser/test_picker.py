"""Steering from the page: the picker of instruments, and what the page says of the answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from shared import CONTROL_FILE, ControlAnswer, command, send_command
from tests.browser.pages import text, until
from tests.browser.steering import asked, show
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Console, Server
    from tests.browser.feeder import Feeder

NAMES: Final = ("ADAUSDT", "BTC-USDT-SWAP", "BTCUSDT", "ETHBTC", "ETHUSDT")


class Steered:
    """A page with several instruments to choose from, and the processor that answers it."""

    def __init__(self, page: Page, feeder: Feeder, server: Server) -> None:
        self.page = page
        self.feeder = feeder
        self.server = server
        self.path = server.control / CONTROL_FILE
        self.path.unlink(missing_ok=True)
        self.show(instruments=NAMES, control=ControlAnswer(listening=True))

    def show(self, **overrides: Any) -> None:
        show(self.page, self.feeder, **overrides)

    def written(self) -> dict[str, Any]:
        return asked(self.page, self.server)

    def answer(self, error: str | None = None, **overrides: Any) -> None:
        """Answer what is written, as a processor does."""
        done = self.written()
        self.path.unlink()
        self.show(control=ControlAnswer(done["id"], ok=error is None, error=error, listening=True), **overrides)

    def options(self) -> list[str]:
        return self.page.get_by_role("option").all_inner_texts()


def send(page: Page, action: str, **arguments: object) -> None:
    """Have the page send a command, and keep in `window.got` what comes of it."""
    script = """([action, args]) => {
      window.got = null;
      orderflow.control.send(action, args).then((got) => Object.assign(window, { got }));
    }"""
    page.evaluate(script, [action, arguments])


@pytest.fixture
def steered(page: Page, feeder: Feeder, server: Server) -> Steered:
    return Steered(page, feeder, server)


def test_an_instrument_is_chosen_by_mouse_and_pending_until_it_is_shown(page: Page, steered: Steered) -> None:
    page.locator("#picker-button").click()
    assert steered.options() == list(NAMES)
    assert page.locator("#picker-list [aria-current]").inner_text() == "BTCUSDT"
    page.get_by_role("option", name="ETHUSDT").click()
    page.get_by_role("listbox").wait_for(state="hidden")
    assert text(page, "instrument") == "BTCUSDT"
    assert text(page, "instrument-wanted") == "→ ETHUSDT …"

    asked = steered.written()
    assert (asked["action"], asked["instrument"], asked["session"]) == ("instrument", "ETHUSDT", steered.feeder.session)
    steered.answer()
    assert page.locator("#picker-button[data-pending='true']").count() == 1
    steered.show(instrument="ETHUSDT")
    until(page, "() => document.getElementById('instrument').textContent === 'ETHUSDT'")
    assert text(page, "instrument-wanted") == ""
    assert not page.locator("#toast").is_visible()


def test_an_instrument_is_chosen_with_the_keyboard_alone(page: Page, steered: Steered) -> None:
    page.keyboard.press("i")
    search = page.get_by_role("combobox")
    assert search.get_attribute("aria-activedescendant") == "picker-option-2"
    page.keyboard.type("usdt bt")
    assert steered.options() == ["BTC-USDT-SWAP", "BTCUSDT"]
    page.keyboard.press("ArrowDown")
    assert page.locator("#picker-list [aria-selected]").inner_text() == "BTCUSDT"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "picker-button"
    assert steered.written()["instrument"] == "BTC-USDT-SWAP"
    steered.answer(instrument="BTC-USDT-SWAP")
    until(page, "() => document.getElementById('instrument-wanted').textContent === ''")


def test_escape_closes_the_list_and_asks_for_nothing(page: Page, steered: Steered) -> None:
    page.locator("#picker-button").focus()
    page.keyboard.press("Enter")
    page.get_by_role("listbox").wait_for()
    page.keyboard.type("lmf?")
    assert page.locator("#picker-more").inner_text() == "none of that name"
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("listbox").wait_for(state="hidden")
    assert page.evaluate("() => document.activeElement.id") == "picker-button"
    assert page.locator("#monitor").is_hidden()
    page.keyboard.press("i")
    page.mouse.click(600, 400)
    page.get_by_role("listbox").wait_for(state="hidden")
    assert not steered.path.exists()


def test_a_refusal_is_shown_as_its_sentence_and_ends_the_pending(page: Page, steered: Steered) -> None:
    page.keyboard.press("i")
    page.get_by_role("option", name="ETHBTC").click()
    steered.answer("invalid instrument 'ETHBTC': its files cannot be read")
    page.wait_for_selector("#toast:visible")
    assert text(page, "toast") == "invalid instrument 'ETHBTC': its files cannot be read."
    assert page.locator("#toast").get_attribute("role") == "alert"
    assert text(page, "instrument-wanted") == ""
    assert text(page, "instrument") == "BTCUSDT"
    page.locator("#toast").click()
    page.wait_for_selector("#toast", state="hidden")


def test_with_one_instrument_or_nobody_listening_the_name_is_no_button(page: Page, steered: Steered) -> None:
    assert page.locator("#picker-button").is_enabled()
    steered.show(instruments=("BTCUSDT",))
    until(page, "() => document.getElementById('picker-button').disabled")
    steered.show(instruments=NAMES, control=ControlAnswer())
    until(page, "() => orderflow.state().about.instruments.length > 1")
    assert page.locator("#picker-button").is_disabled()
    page.keyboard.press("i")
    assert page.locator("#picker").is_hidden()


def test_of_thousands_of_instruments_the_search_finds_the_one(page: Page, steered: Steered) -> None:
    steered.show(instruments=(*(f"OPTION-{number:04d}-C" for number in range(3000)), "BTCUSDT"))
    page.keyboard.press("i")
    assert len(steered.options()) == 200
    assert page.locator("#picker-list [aria-current]").is_visible()
    assert "and 2,801 more" in page.locator("#picker-more").inner_text()
    page.keyboard.type("1234")
    assert steered.options() == ["OPTION-1234-C"]
    page.keyboard.press("Escape")


def test_a_command_resolves_to_its_answer_and_news_is_asked_for_more_often_meanwhile(
    page: Page, steered: Steered
) -> None:
    send(page, "speed", speed=30)
    sent = steered.written()
    until(page, "() => orderflow.poll.everyMs() === 100")
    steered.answer(speed=30.0)
    until(page, "() => window.got?.ok === true")
    assert page.evaluate("() => window.got.id") == sent["id"]
    assert page.evaluate("() => document.getElementById('speed').textContent") == "×30"
    until(page, "() => orderflow.poll.everyMs() === 500")


def test_of_commands_sent_one_after_the_other_the_last_is_answered(page: Page, steered: Steered) -> None:
    page.evaluate(
        """() => {
          window.got = [];
          for (const fraction of [0.1, 0.2, 0.3]) {
            orderflow.control.send("seek", { fraction }).then(({ ok }) => window.got.push([fraction, ok]));
          }
        }"""
    )
    deadline = time.monotonic() + PATIENCE_S
    while steered.written()["fraction"] != 0.3:
        assert time.monotonic() < deadline
    page.wait_for_timeout(200)
    steered.answer()
    until(page, "() => window.got.length === 3")
    assert page.evaluate("() => window.got") == [[0.1, None], [0.2, None], [0.3, True]]


def test_a_command_that_is_overtaken_by_somebody_elses_says_so(page: Page, steered: Steered, server: Server) -> None:
    send(page, "pause")
    steered.written()
    send_command(server.control, command("play"))
    steered.answer()
    until(page, "() => window.got?.ok === false")
    assert "Somebody else has steered at the same time" in text(page, "toast")
    page.locator("#toast").click()


def test_wrong_arguments_are_refused_by_the_pages_server_with_what_would_be_right(
    page: Page, steered: Steered, console: Console
) -> None:
    console.tolerate("status of 400")
    send(page, "step", unit="bars")
    page.wait_for_selector("#toast:visible")
    assert "expected event or book or trade or bar" in text(page, "toast")
    page.locator("#toast").click()
    assert not steered.path.exists()


def test_what_the_processor_has_to_say_is_shown_once(steered: Steered) -> None:
    page = steered.page
    said = "the dataset has changed since it was read (new: later.csv); a restart shows what is there now"
    steered.show(notice=said)
    page.wait_for_selector("#toast:visible")
    assert text(page, "toast").lower().startswith(said[:40])
    # Nothing has failed: it looks, and is told, as news.
    assert page.locator("#toast").get_attribute("role") == "status"
    assert page.locator("#toast").get_attribute("data-tone") == "info"
    page.locator("#toast").click()
    page.wait_for_selector("#toast", state="hidden")
    steered.show(notice=said)
    assert not page.locator("#toast").is_visible()

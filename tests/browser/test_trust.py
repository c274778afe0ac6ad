"""What the page says when the data stops, breaks or begins anew, and that it recovers by itself."""

from __future__ import annotations

import os
import shutil
import signal
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from shared import CHECKS, CONTROL_FILE, DEPTH_FILE, METRICS_FILE, OHLC_FILE, STATUS_FILE, ControlAnswer, encode
from tests.browser.pages import (
    plot_point,
    text,
    until,
    wait_drawn,
    wait_following,
    wait_generation,
    wait_state,
)
from tests.browser.steering import later
from tests.patience import PATIENCE_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Console, Server
    from tests.browser.feeder import Feeder


def _old_by_sight(page: Page, words: str) -> None:
    """What is shown is dim in both themes, and a note that is not dim says why, over the chart alone."""
    until(page, "words => document.getElementById('note').textContent.includes(words)", words)
    look = """theme => {
      document.documentElement.dataset.theme = theme;
      const opacity = (id) => Number(getComputedStyle(document.getElementById(id)).opacity);
      const inner = document.getElementById("note").getBoundingClientRect();
      const outer = document.getElementById("chart-panel").getBoundingClientRect();
      const inside = inner.left >= outer.left && inner.right <= outer.right && inner.width > 0;
      return [...["last-price", "quotes", "chart", "depth"].map(opacity), opacity("note"), inside];
    }"""
    theme = page.evaluate("() => document.documentElement.dataset.theme")
    for each in ("light", theme):
        *dim, clear, inside = page.evaluate(look, each)
        assert max(dim) < 0.5, each
        assert (clear, inside) == (1, True)


def test_a_silent_writer_is_called_stale_and_a_returning_one_is_not(page: Page, feeder: Feeder) -> None:
    wait_state(page, "playing")
    bars = page.evaluate("() => orderflow.state().ohlc.length")
    wait_state(page, "stale")
    assert text(page, "age").endswith("s")
    assert page.evaluate("() => orderflow.state().ohlc.length") == bars
    feeder.advance()
    wait_state(page, "playing")


def _missing(directory: Path, _: Feeder) -> None:
    (directory / OHLC_FILE).unlink()


def _empty(directory: Path, _: Feeder) -> None:
    (directory / METRICS_FILE).write_bytes(b"")


def _half(directory: Path, _: Feeder) -> None:
    status = (directory / STATUS_FILE).read_bytes()
    (directory / STATUS_FILE).write_bytes(status[: len(status) // 2])


def _older(directory: Path, feeder: Feeder) -> None:
    status, generation = feeder.status(), feeder.generation - 1
    files = {name: msgspec.structs.replace(entry, generation=generation) for name, entry in status.files.items()}
    older = msgspec.structs.replace(status, generation=generation, files=files)
    (directory / STATUS_FILE).write_bytes(encode(older))


def _gone(directory: Path, _: Feeder) -> None:
    shutil.move(directory, directory.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_missing, "ohlc_data.json is missing"),
        (_empty, "metrics_data.json is from another publication"),
        (_half, "status.json is not what the contract says"),
        (_older, "is older than"),
        (_gone, "status.json is missing"),
    ],
)
def test_the_last_good_picture_outlives_broken_files(
    page: Page, feeder: Feeder, harm: Callable[[Path, Feeder], None], said: str
) -> None:
    feeder.advance()
    wait_generation(page, feeder)
    held = page.evaluate("() => JSON.stringify([orderflow.state().ohlc, orderflow.state().depth])")
    close = text(page, "last-price")
    if harm is _missing or harm is _empty:
        # The reader opens a data file only when status.json names another one.
        feeder.step()
        feeder.publish(lambda: harm(feeder.directory, feeder))
    else:
        harm(feeder.directory, feeder)
    page.wait_for_selector("#note:visible", timeout=PATIENCE_MS)
    assert said in text(page, "note")
    assert page.evaluate("() => JSON.stringify([orderflow.state().ohlc, orderflow.state().depth])") == held
    assert text(page, "last-price") == close
    if harm is _gone:
        shutil.move(feeder.directory.with_name("elsewhere"), feeder.directory)
    feeder.advance()
    wait_generation(page, feeder)
    wait_state(page, "playing")
    page.wait_for_selector("#note", state="hidden")


def test_before_the_first_picture_the_page_says_what_it_waits_for_and_then_begins(
    own_server: Server, tab: Callable[..., Page], feed: Callable[..., Feeder]
) -> None:
    page = tab(own_server.url)
    page.wait_for_selector("#waiting:visible")
    wait_state(page, "waiting")
    until(page, "() => document.getElementById('waiting-reason').textContent === 'status.json is missing.'")
    assert "The processor has written nothing yet" in text(page, "waiting")
    assert str(own_server.directory) not in text(page, "waiting")
    page.locator("#waiting summary").click()
    assert str(own_server.directory) in text(page, "waiting")
    feeder = feed(own_server.directory)
    feeder.publish()
    wait_drawn(page)
    page.wait_for_selector("#waiting", state="hidden")
    assert text(page, "instrument") == "BTCUSDT"


def test_a_new_session_resets_the_page_to_following_its_data(
    page: Page, feeder: Feeder, server: Server, feed: Callable[..., Feeder]
) -> None:
    page.mouse.move(*plot_point(page, "price", 0.5, 0.5))
    page.mouse.wheel(0, -300)
    wait_following(page, wanted=False)
    feeder.close()
    other = feed(server.directory, session="other", bars=50, seed=2)
    other.overrides = {"instrument": "ETHUSDT", "instruments": ("ETHUSDT",), "interval": "1m"}
    other.publish()
    until(page, "() => orderflow.state().about.session === 'other'")
    wait_following(page, wanted=True)
    wait_generation(page, other)
    assert text(page, "instrument") == "ETHUSDT"
    assert page.evaluate("() => orderflow.state().ohlc.length") == len(other.ohlc)


def test_a_dead_worker_does_not_disturb_the_page_and_a_dead_server_is_said_to_be_one(
    own_server: Server, tab: Callable[..., Page], feed: Callable[..., Feeder], console: Console
) -> None:
    console.tolerate("Failed to load resource", "Callback failed", "did not respond", "Failed to fetch", "net::ERR")
    feeder = feed(own_server.directory)
    feeder.publish()
    page = tab(own_server.url)
    wait_drawn(page)
    until(page, "() => orderflow.state().monitor !== null")
    victims = own_server.workers()
    assert victims
    os.kill(victims[0], signal.SIGKILL)
    for _ in range(3):
        feeder.advance()
        wait_generation(page, feeder)
    wait_state(page, "playing")
    own_server.stop()
    wait_state(page, "disconnected")
    _old_by_sight(page, "server has not answered for")
    own_server.start()
    for _ in range(30):
        # The page asks again within six seconds; the data must not grow stale meanwhile.
        feeder.advance()
        page.wait_for_timeout(500)
        if page.get_attribute("#state", "data-name") == "playing":
            break
    wait_state(page, "playing")
    wait_generation(page, feeder)


def test_an_open_page_follows_its_server_where_that_begins_anew_read_only_and_back(
    own_server: Server, tab: Callable[..., Page], feed: Callable[..., Feeder], console: Console
) -> None:
    console.tolerate("Failed to load resource", "Callback failed", "did not respond", "Failed to fetch", "net::ERR")
    feeder = feed(own_server.directory)
    listening = ControlAnswer(listening=True)
    feeder.overrides = {"instruments": ("BTCUSDT", "ETHUSDT"), "control": listening, "heartbeat_ms": later(feeder)}
    feeder.publish()
    page = tab(own_server.url)
    usable = "usable => document.getElementById('transport')?.dataset.usable === usable"
    until(page, usable, "true")
    assert page.locator("#picker-button").is_enabled()

    own_server.restart(VISUALIZER_CONTROL="off")
    until(page, usable, "false")
    # While nobody answers it cannot steer either.
    until(page, "() => document.getElementById('play').title === 'read-only: VISUALIZER_CONTROL is off'")
    assert text(page, "transport-reason") == "read-only: VISUALIZER_CONTROL is off"
    assert page.locator("#play").is_disabled()
    assert page.locator("#picker-button").is_disabled()
    page.keyboard.press(" ")
    until(page, "() => !document.getElementById('toast').hidden")
    assert text(page, "toast") == "This page is read-only: VISUALIZER_CONTROL is off."
    assert not (own_server.control / CONTROL_FILE).exists()

    own_server.restart(VISUALIZER_CONTROL="on")
    until(page, usable, "true")
    assert text(page, "transport-reason") == ""
    assert page.locator("#picker-button").is_enabled()


def test_two_tabs_show_the_same_picture(page: Page, server: Server, feeder: Feeder, tab: Callable[..., Page]) -> None:
    second = tab(server.url)
    wait_drawn(second)
    feeder.advance()
    for each in (page, second):
        wait_generation(each, feeder)
    assert text(page, "readout") == text(second, "readout")
    assert page.evaluate("() => orderflow.state().ohlc") == second.evaluate("() => orderflow.state().ohlc")


def test_a_failed_cross_check_turns_the_badge_red_and_is_named(page: Page, feeder: Feeder) -> None:
    assert text(page, "checks-text") == f"checks {len(CHECKS)}/{len(CHECKS)}"
    checks = dict.fromkeys(feeder.status().checks, True) | {"obi_within_one": False}
    feeder.overrides = {"checks": checks}
    feeder.advance()
    wait_generation(page, feeder)
    page.wait_for_selector("#checks[data-tone='bad']")
    assert text(page, "checks-text") == "1 check failed"
    page.hover("#checks")
    page.wait_for_selector("#checks-list:visible")
    assert page.locator("#checks-list [data-ok='false']").inner_text() == "|OBI| ≤ 1"
    page.mouse.move(1, 1)


def test_the_writers_error_is_shown_as_its_sentence(page: Page, feeder: Feeder) -> None:
    feeder.overrides = {"state": "failed", "error": "trades.csv: 12 % of the rows do not parse"}
    feeder.advance()
    wait_state(page, "failed")
    assert text(page, "error") == "trades.csv: 12 % of the rows do not parse"
    _old_by_sight(page, "Nothing more comes until it is started again")
    feeder.overrides = {}
    feeder.advance()
    wait_state(page, "playing")
    page.wait_for_selector("#error", state="hidden")


def test_a_finished_replay_stays_finished_when_its_writer_has_left(page: Page, feeder: Feeder) -> None:
    feeder.overrides = {"state": "finished", "heartbeat_ms": time.time_ns() // 1_000_000 - 60_000}
    feeder.advance()
    wait_state(page, "finished")
    assert page.locator("#state").get_attribute("data-old") == "true"


@pytest.mark.parametrize(
    ("absent", "said"),
    [
        ((OHLC_FILE,), "No trades so far"),
        ((DEPTH_FILE,), "No order book so far"),
        (("cvd",), "The writer publishes no CVD"),
    ],
)
def test_a_panel_without_data_says_why(
    page: Page, server: Server, feeder: Feeder, feed: Callable[..., Feeder], absent: tuple[str, ...], said: str
) -> None:
    feeder.close()
    shutil.rmtree(server.directory)
    other = feed(server.directory, session=f"without-{absent[0]}", bars=40)
    other.without(*absent)
    other.publish()
    wait_generation(page, other)
    until(page, "session => orderflow.state().about.session === session", other.session)
    notes = "#chart-overlay .panel-note.shown"
    page.wait_for_selector(notes)
    assert said in page.locator(notes).all_inner_texts()

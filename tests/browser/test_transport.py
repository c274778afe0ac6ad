"""The transport bar over a stand-in for the processor: what it writes, when it may not, and how it fits."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from shared import CONTROL_FILE, OVERVIEW_FILE, ControlAnswer, Finding, Incident, Overview, encode
from tests.browser.conftest import open_page
from tests.browser.pages import text, until, wait_drawn
from tests.browser.steering import asked, later, show, written
from tests.visualizer.pictures import report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.browser.conftest import Console, Server
    from tests.browser.feeder import Feeder


@pytest.fixture
def control(page: Page, feeder: Feeder, server: Server) -> Path:
    """The control file, not there yet, of a replay that listens."""
    path = server.control / CONTROL_FILE
    path.unlink(missing_ok=True)
    show(page, feeder, control=ControlAnswer(listening=True), heartbeat_ms=later(feeder))
    until(page, "() => document.getElementById('transport').dataset.usable === 'true'")
    return path


def test_keys_mean_nothing_while_something_is_typed_and_in_the_list_of_keys(
    page: Page, feeder: Feeder, control: Path, server: Server
) -> None:
    focused = "() => document.activeElement.outerHTML.slice(0, 80)"
    before = page.evaluate(focused)
    page.keyboard.press("g")
    page.get_by_role("dialog").wait_for()
    for key in (" ", "ArrowLeft", "[", "a", "f", "?", "Home"):
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.evaluate(focused) == before
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    listed = page.get_by_role("dialog").inner_text()
    for words in ("play or pause", "step by an event", "slower, faster", "data report", "follow the newest bar"):
        assert words in listed
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.wait_for_timeout(200)
    assert not control.exists()
    page.keyboard.press(" ")
    assert written(page, feeder, server) == {"action": "pause"}


def test_a_button_with_the_focus_keeps_the_space_bar_and_a_clicked_one_does_not_take_it(
    page: Page, feeder: Feeder, control: Path, server: Server
) -> None:
    page.locator("#event-on").click()
    assert written(page, feeder, server) == {"action": "step", "unit": "event"}
    assert page.evaluate("() => document.activeElement === document.body")
    page.keyboard.press(" ")
    assert written(page, feeder, server) == {"action": "pause"}
    page.locator("#bar-back").focus()
    page.keyboard.press(" ")
    assert written(page, feeder, server) == {"action": "step", "unit": "bar", "count": -1}


def test_the_play_button_says_what_comes_of_a_replay_that_is_still_on_its_way(
    page: Page, feeder: Feeder, control: Path, server: Server
) -> None:
    play, pause = (page.get_by_role("button", name=f"{word} (key space)") for word in ("play", "pause"))
    show(page, feeder, state="playing")
    pause.wait_for()
    show(page, feeder, state="loading")
    pause.wait_for()
    page.keyboard.press(" ")
    assert written(page, feeder, server) == {"action": "pause"}
    play.wait_for()
    show(page, feeder, state="paused")
    show(page, feeder, state="loading")
    play.wait_for()
    show(page, feeder, state="playing")
    pause.wait_for()
    page.keyboard.press("ArrowRight")
    play.wait_for()
    feeder.overrides["state"] = "loading"
    feeder.advance()
    play.wait_for()
    feeder.overrides["state"] = "paused"
    assert written(page, feeder, server) == {"action": "step", "unit": "bar"}
    play.wait_for()
    assert not control.exists()


def test_what_the_report_locates_is_marked_and_named_in_the_slider(page: Page, feeder: Feeder) -> None:
    start_ms, end_ms = feeder.status().start_ms, feeder.status().end_ms
    assert start_ms is not None
    assert end_ms is not None
    whole_ms = end_ms - start_ms
    gap = Incident("trades.csv", 7, start_ms + whole_ms // 10, None, "9 follows 7")
    silence = Incident(None, None, start_ms + whole_ms // 5, start_ms + whole_ms // 4, "3000 s without an event")
    locked = Incident("book.csv", 9, start_ms + whole_ms * 3 // 20, None, "100 bid for 100")
    feeder.report = report(
        findings=(
            Finding("gaps", "breaks", 1, (gap,)),
            Finding("silences", "spells", 1, (silence,)),
            Finding("locked", "books", 1, (locked,)),
        )
    )
    colours = """() => {
      const canvas = document.getElementById("seek-canvas");
      const { width } = canvas;
      const copy = new OffscreenCanvas(width, 1).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, 0, -3);
      const pixels = copy.getImageData(0, 0, width, 1).data;
      const at = (share) => [0, 1, 2, 3].map((part) => pixels[4 * Math.round(share * width) + part]);
      return Object.fromEntries([0.1, 0.15, 0.19, 0.225, 0.26].map((share) => [share, at(share)]));
    }"""
    bare = page.evaluate(colours)
    show(page, feeder)
    until(page, f"bare => JSON.stringify(({colours})()) !== JSON.stringify(bare)", bare)
    marked = page.evaluate(colours)
    # A gap has the width of a line, a silence that of its time; what is merely good to know has none.
    assert {share for share in marked if marked[share] != bare[share]} == {"0.1", "0.225"}
    box = page.locator("#seek").bounding_box()
    assert box is not None
    for share, said in ((0.1, "gap: 9 follows 7"), (0.225, "silence: 50 min without an event"), (0.15, "")):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 10)
        until(
            page, "said => document.getElementById('seek-tip').textContent.split('\\n').slice(1).join() === said", said
        )


def test_speeds_keyed_in_a_row_each_go_on_from_the_one_before(
    page: Page, feeder: Feeder, control: Path, server: Server
) -> None:
    page.keyboard.press("]")
    page.keyboard.press("]")
    first = written(page, feeder, server)
    assert first == {"action": "speed", "speed": 30}
    assert written(page, feeder, server) == {"action": "speed", "speed": 60}


@pytest.mark.parametrize("modifiers", [{"ctrlKey": True, "altKey": True}, {"modifierAltGraph": True}, {"altKey": True}])
def test_brackets_behind_alt_gr_change_the_speed_and_other_keys_with_it_do_nothing(
    page: Page, feeder: Feeder, control: Path, server: Server, modifiers: dict[str, bool]
) -> None:
    press = """([key, modifiers]) => document.body.dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...modifiers }))"""
    if "altKey" in modifiers:
        page.evaluate(press, ["a", modifiers])
    page.evaluate(press, ["[", {"ctrlKey": True}])
    page.evaluate(press, ["]", modifiers | {"metaKey": True}])
    page.evaluate(press, ["]", modifiers])
    assert written(page, feeder, server) == {"action": "speed", "speed": 30}
    assert page.evaluate("() => document.getElementById('loop').dataset.looping") == "false"
    assert not control.exists()


@pytest.mark.parametrize(("key", "unit"), [("ArrowRight", "bar"), ("Shift+ArrowRight", "event")])
def test_a_held_arrow_steps_when_the_last_step_is_there_and_stops_when_it_is_released(
    page: Page, feeder: Feeder, control: Path, server: Server, key: str, unit: str
) -> None:
    for name in key.split("+"):
        page.keyboard.down(name)
    for _ in range(6):
        page.keyboard.down("ArrowRight")
    assert written(page, feeder, server) == {"action": "step", "unit": unit}
    until(
        page, "() => orderflow.replay.targetMs() !== null && document.getElementById('play').title.startsWith('pause')"
    )
    page.keyboard.down("ArrowRight")
    for _ in range(6):
        page.keyboard.down("ArrowRight")
    for name in key.split("+"):
        page.keyboard.up(name)
    assert written(page, feeder, server) == {"action": "step", "unit": unit}
    # What is asked for now is written next: nothing was left of the held key.
    page.keyboard.press("]")
    assert written(page, feeder, server) == {"action": "speed", "speed": 30}
    assert not control.exists()


def test_arrows_pressed_in_a_row_are_all_counted(page: Page, feeder: Feeder, control: Path, server: Server) -> None:
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert written(page, feeder, server) == {"action": "step", "unit": "bar"}
    assert written(page, feeder, server) == {"action": "step", "unit": "bar", "count": 3}


def test_a_time_without_a_zone_in_the_address_is_utc_on_a_read_only_page_too(
    browser: Browser, console: Console, feeder: Feeder, server: Server
) -> None:
    feeder.overrides |= {"control": ControlAnswer(), "heartbeat_ms": later(feeder)}
    feeder.advance()
    at_ms = feeder.status().event_time_ms
    assert at_ms is not None
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    context = browser.new_context(timezone_id="America/New_York")
    try:
        for t, said in ((moment, ""), (f"{moment}Z", ""), (f"{moment}-04:00", "This page is read-only")):
            opened = open_page(context, console, f"{server.url}/?t={t}", 900, 700)
            # Once the address is dealt with, it follows the replay.
            until(opened, "() => new URLSearchParams(location.search).has('interval')")
            assert text(opened, "toast").startswith(said)
            assert bool(text(opened, "toast")) == bool(said)
            opened.close()
    finally:
        context.close()


def test_an_answer_is_waited_for_as_long_as_the_processor_is_loading_and_lives(
    chromium: BrowserContext, console: Console, feeder: Feeder, control: Path, server: Server
) -> None:
    opened = chromium.new_page()
    try:
        console.watch(opened)
        opened.clock.install()
        opened.goto(server.url)
        until(opened, "() => window.orderflow?.state?.().about?.control?.listening === true")
        ask = "() => void orderflow.control.send('instrument', { instrument: 'Y' }).then((is) => (window.answer = is))"
        for heartbeat_ms, given_up in ((later(feeder), False), (feeder.status().published_at_ms - 60_000, True)):
            opened.evaluate("() => (window.answer = null)")
            opened.evaluate(ask)
            found = asked(opened, server)
            control.unlink()
            show(opened, feeder, state="loading", heartbeat_ms=heartbeat_ms)
            opened.clock.run_for(25_000)
            assert opened.evaluate("() => window.answer !== null") == given_up
            if not given_up:
                show(opened, feeder, control=ControlAnswer(found["id"], ok=True, listening=True))
                until(opened, "() => window.answer?.ok === true")
    finally:
        opened.close()


def test_without_a_listening_processor_the_bar_shows_and_says_why_it_does_nothing(
    page: Page, feeder: Feeder, control: Path
) -> None:
    now_ms = feeder.status().published_at_ms
    for overrides, reason in (
        ({"control": ControlAnswer()}, "read-only: the processor takes no commands"),
        ({"control": ControlAnswer(listening=True), "heartbeat_ms": now_ms - 60_000}, "the processor does not answer"),
        ({"heartbeat_ms": later(feeder), "state": "failed", "error": "spoilt"}, "the replay has failed"),
    ):
        show(page, feeder, **overrides)
        until(page, "words => document.getElementById('play').title.startsWith(words)", reason)
        assert page.locator("#play").is_disabled()
        assert page.locator("[data-interval='5m']").is_disabled()
        assert page.locator("#seek").get_attribute("aria-disabled") == "true"
        assert page.locator("#seek-handle").is_visible()
        page.keyboard.press(" ")
        until(page, "() => !document.getElementById('toast').hidden")
        assert reason in text(page, "toast")
        page.locator("#toast").click()
    assert not control.exists()


def test_where_the_end_is_not_known_the_slider_reaches_as_far_as_has_been_seen(
    page: Page, feeder: Feeder, control: Path, server: Server
) -> None:
    show(page, feeder, end_ms=None)
    until(page, "() => orderflow.state().about.end_ms === null")
    until(page, "() => document.getElementById('seek').getAttribute('aria-valuenow') === '100.0'")
    page.keyboard.press("End")
    until(page, "() => !document.getElementById('toast').hidden")
    assert "end is not known" in text(page, "toast")
    page.locator("#toast").click()
    page.locator("#seek").click(position={"x": 5, "y": 5})
    sought = written(page, feeder, server)
    start_ms = feeder.status().start_ms
    assert start_ms is not None
    assert start_ms < sought["time_ms"] < start_ms + 0.02 * 300 * 60_000


def test_the_overview_is_drawn_over_the_whole_range_and_nothing_after_the_clock(
    page: Page, feeder: Feeder, server: Server
) -> None:
    start_ms = feeder.status().start_ms
    assert start_ms is not None
    overview = Overview(start_ms=start_ms, bucket_ms=3_600_000, volumes=(1.0, 4.0, 0.0, 9.0, 2.0))
    (server.directory / OVERVIEW_FILE).write_bytes(encode(overview))
    feeder._writer.write(OVERVIEW_FILE, encode(overview), feeder.generation + 1)
    feeder.advance()
    until(page, "() => orderflow.state().overview?.volumes.length === 5")
    columns = page.evaluate(
        """() => [...orderflow.overview.columns(orderflow.state().overview, orderflow.replay.range(), 1000)]"""
    )
    assert sum(columns) == pytest.approx(16)
    # 1000 minutes in 1000 columns: an hour is 60 of them.
    assert columns[0] == pytest.approx(1 / 60)
    assert columns[65] == pytest.approx(4 / 60)
    assert columns[200] == pytest.approx(9 / 60)
    assert max(columns[300:]) == 0


def test_the_bar_fits_screens_of_every_width(server: Server, feeder: Feeder, tab: Callable[..., Page]) -> None:
    feeder.overrides = {"control": ControlAnswer(listening=True), "heartbeat_ms": later(feeder)}
    feeder.publish()
    page = tab(server.url, 1920, 1080)
    for width, height in ((1920, 1080), (1280, 800), (900, 700), (400, 860)):
        page.set_viewport_size({"width": width, "height": height})
        wait_drawn(page)
        until(page, "width => document.documentElement.scrollWidth <= width", width)
        wait_drawn(page)
        boxes: list[list[float]] = page.evaluate(
            """() => [...document.querySelectorAll("#seek, #transport-row button, #transport-row small")]
              .filter((part) => part.offsetParent && !part.parentElement.closest("button"))
              .map((part) => part.getBoundingClientRect())
              .map(({ left, right, top, bottom }) => [left, right, top, bottom])"""
        )
        assert len(boxes) > 10
        assert all(left >= 0 and right <= width and bottom <= height for left, right, _, bottom in boxes)
        assert [pair for pair in itertools.combinations(boxes, 2) if _overlap(*pair)] == []
        page.locator("#clock-button").click()
        panel = page.locator("#clock-button-panel").bounding_box()
        assert panel is not None
        assert panel["x"] >= 0
        assert panel["x"] + panel["width"] <= width
        page.keyboard.press("Escape")


def test_every_control_has_a_name_and_the_slider_tells_its_time(page: Page, control: Path) -> None:
    assert not control.exists()
    nameless = "() => [...document.querySelectorAll('#transport button')].filter((each) => !each.ariaLabel).length"
    assert page.evaluate(nameless) == 0
    slider = page.get_by_role("slider", name="event time")
    assert slider.get_attribute("aria-valuetext") == page.evaluate(
        "() => orderflow.format.dateTime(orderflow.state().status.event_time_ms).slice(0, 19) + ' UTC'"
    )


def _overlap(one: list[float], other: list[float]) -> bool:
    return one[0] < other[1] - 1 and other[0] < one[1] - 1 and one[2] < other[3] - 1 and other[2] < one[3] - 1

"""The data report in the page: the panel, the marks in the chart, and panels that a dataset leaves empty."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shared import DEPTH_FILE, OHLC_FILE, REPORT_FILE, Finding, Incident
from tests.browser.pages import plot_point, text, until, wait_drawn, wait_frames, wait_generation
from tests.patience import PATIENCE_MS
from tests.visualizer.pictures import MINUTE_MS, report

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from shared import DataReport
    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder

_SHAPES = "() => orderflow.chart.drawn().bands"


def _report(feeder: Feeder) -> DataReport:
    """A gap and a silence among the bars in view, a gap before all bars, and a row that is not in time at all."""
    first_ms, last_ms = feeder.ohlc[0].timestamp_ms, feeder.ohlc[-1].timestamp_ms
    gap = Incident("trades.csv", 7, last_ms - 30 * MINUTE_MS + 20_000, None, "9 follows 7")
    old = Incident("trades.csv", 3, first_ms - 60 * MINUTE_MS, None, "3 follows 1")
    silence = Incident(None, None, last_ms - 20 * MINUTE_MS, last_ms - 10 * MINUTE_MS, "600 s without an event")
    row = Incident("book.csv", 12, None, None, "price '1.2.3' is not a number")
    return report(
        findings=(
            Finding("malformed", "rows that do not parse and are skipped", 1, (row,)),
            Finding("gaps", "breaks in the vendor's sequence numbers", 31, (old, gap)),
            Finding("silences", "spells of over a minute without any event", 1, (silence,)),
        ),
        ignored_files=("notes.txt",),
        ignored_count=1,
    )


@pytest.fixture
def reported(page: Page, feeder: Feeder) -> Page:
    """The page over the feeder's data, which has a report by now."""
    feeder.report = _report(feeder)
    feeder.publish()
    wait_generation(page, feeder)
    until(page, "() => orderflow.state().report !== null")
    wait_frames(page)
    return page


def test_a_book_of_unknown_sizes_is_called_that_beside_dataset_and_imbalance(page: Page, feeder: Feeder) -> None:
    assert "sizes" not in text(page, "dataset")
    meaning = "quotes without sizes, each taken as a size of 1"
    feeder.report = report(findings=(Finding("unknown_sizes", meaning, 900, ()),))
    feeder.publish()
    wait_generation(page, feeder)
    until(page, "() => orderflow.state().report !== null")
    wait_frames(page)
    assert "book sizes unknown: depth and OBI count quotes" in text(page, "dataset")
    assert "OBI top 10 · counts quotes, sizes unknown" in page.locator(".panel-title").all_inner_texts()


def test_a_badge_says_how_many_kinds_of_findings_there_are(page: Page, feeder: Feeder) -> None:
    assert text(page, "report-badge") == ""
    feeder.report = _report(feeder)
    feeder.publish()
    until(page, "() => document.getElementById('report-badge').textContent === '3'")
    assert page.get_attribute("#report-button", "data-level") == "serious"
    feeder.report = report(findings=())
    feeder.publish()
    until(page, "() => document.getElementById('report-badge').textContent === ''")


def test_the_panel_opens_by_key_or_button_lists_everything_and_closes_with_escape(reported: Page) -> None:
    page = reported
    assert page.get_attribute("#report-button", "aria-expanded") == "false"
    page.locator("#report-button").click()
    panel = page.get_by_role("dialog", name="data report")
    panel.wait_for()
    assert page.get_attribute("#report-button", "aria-expanded") == "true"
    said = panel.inner_text()
    for piece in (
        "the whole dataset has been read",
        "1 malformed",
        "rows that do not parse and are skipped",
        "book.csv:12",
        "price '1.2.3' is not a number",
        "31 gaps",
        "trades.csv:7",
        "the first 2 of 31",
        "1 silence",
        "10 min without an event",
        "3 rows",
        "notes.txt",
    ):
        assert piece in said
    page.keyboard.press("Escape")
    panel.wait_for(state="hidden")
    assert page.evaluate("() => document.activeElement.id") == "report-button"
    page.keyboard.press("r")
    panel.wait_for()
    assert page.evaluate("() => document.activeElement.id") == "report"
    page.get_by_role("button", name="close the data report").click()
    panel.wait_for(state="hidden")


def test_a_click_on_a_time_moves_the_chart_there_if_there_are_bars(reported: Page, feeder: Feeder) -> None:
    page = reported
    page.keyboard.press("r")
    old, gap, silence = page.locator("#report button.time").all()
    assert (old.get_attribute("aria-disabled"), gap.get_attribute("aria-disabled")) == ("true", "false")
    before = page.evaluate("() => orderflow.chart.view.x")
    old.click(force=True)
    wait_frames(page)
    assert page.evaluate("() => orderflow.chart.view.x") == before
    gap.focus()
    page.keyboard.press("Enter")
    until(page, "() => !orderflow.chart.view.following")
    low, high = page.evaluate("() => orderflow.chart.view.x")
    at_ms = int(gap.get_attribute("data-ms") or 0)
    assert abs((low + high) / 2 - at_ms) <= MINUTE_MS
    assert high - low == pytest.approx(before[1] - before[0])
    silence.click()
    until(page, "before => orderflow.chart.view.x[0] !== before", low)
    assert feeder.generation


def test_what_was_found_is_shaded_in_the_chart_and_named_under_the_pointer(reported: Page, feeder: Feeder) -> None:
    page = reported
    until(page, f"() => ({_SHAPES})().length === 2")
    before = page.evaluate(f"() => JSON.stringify(({_SHAPES})())")
    feeder.advance()
    wait_generation(page, feeder)
    assert page.evaluate(f"() => JSON.stringify(({_SHAPES})())") == before

    silence_ms = feeder.report.findings[2].incidents[0].time_ms if feeder.report else 0
    assert silence_ms
    x, y = page.evaluate(
        """(ms) => {
          const chart = document.getElementById("chart").getBoundingClientRect();
          const { box, toX } = orderflow.chart.placed().scales[0];
          return [chart.left + toX(ms), chart.top + box.top + box.height / 2];
        }""",
        silence_ms + 5 * MINUTE_MS,
    )
    page.mouse.move(x, y)
    chip = page.locator("#chart-overlay .chip.found.shown")
    chip.wait_for()
    assert chip.inner_text() == "silence: 10 min without an event"

    page.keyboard.press("r")
    page.locator("#report-shade").uncheck()
    until(page, f"() => ({_SHAPES})().length === 0")
    page.locator("#report-shade").check()
    until(page, f"() => ({_SHAPES})().length === 2")


def test_the_report_travels_once_and_is_served_as_a_file(reported: Page, feeder: Feeder, server: Server) -> None:
    page = reported
    assert json.loads(server.get("/report.json")) == json.loads(msgspec.json.encode(feeder.report))
    with page.expect_response(lambda answer: b'"status"' in answer.body()) as later:
        feeder.advance()
    delta: dict[str, Any] = later.value.json()
    assert "ohlc" in delta
    assert "report" not in delta


def test_an_open_panel_keeps_focus_and_closed_findings_when_the_report_grows(reported: Page, feeder: Feeder) -> None:
    page = reported
    page.keyboard.press("r")
    page.locator("#report details[data-kind='silences'] summary").click()
    page.locator("#report button.time").nth(1).focus()
    assert feeder.report
    feeder.report = msgspec.structs.replace(
        feeder.report, trades=99, findings=(*feeder.report.findings, Finding("late", "rows too late", 1))
    )
    feeder.publish()
    page.locator("#report details[data-kind='late']").wait_for()
    assert "99 trades" in text(page, "report-summary")
    assert page.evaluate("() => document.activeElement.className") == "time"
    assert page.locator("#report details[data-kind='silences']").get_attribute("open") is None
    assert page.locator("#report details[data-kind='gaps']").get_attribute("open") is not None
    # The page goes on to the next test, and what is closed stays closed.
    page.locator("#report details[data-kind='silences'] summary").click()


@pytest.mark.parametrize(
    ("absent", "counts", "collapsed", "said", "gone"),
    [
        (
            OHLC_FILE,
            {"trades": 0},
            ["price", "volume", "cvd"],
            ["Price, volume · This dataset holds no trades", "CVD · This dataset holds no trades"],
            ["read-price", "read-cvd"],
        ),
        (
            DEPTH_FILE,
            {"book_events": 0},
            ["obi"],
            ["OBI top 10 · This dataset holds no order book"],
            ["read-obi", "quotes", "depth-frame"],
        ),
    ],
)
def test_a_panel_that_the_dataset_leaves_empty_gives_its_room_to_the_others(
    page: Page,
    server: Server,
    feeder: Feeder,
    feed: Callable[..., Feeder],
    absent: str,
    counts: dict[str, int],
    collapsed: list[str],
    said: list[str],
    gone: list[str],
) -> None:
    feeder.close()
    shutil.rmtree(server.directory)
    other = feed(server.directory, session=f"without-{absent}", bars=40)
    other.without(absent)
    other.report = report(**counts)
    other.publish()
    until(page, "session => orderflow.state().about.session === session", other.session)
    until(page, "collapsed => String(orderflow.chart.view.collapsed) === String(collapsed)", collapsed)
    wait_frames(page)
    assert [note for note in page.locator("#chart-overlay .panel-note.shown").all_inner_texts() if note] == said
    heights: dict[str, float] = page.evaluate(
        """() => Object.fromEntries(
          Object.entries(orderflow.chart.drawn().panels).map(([id, { box }]) => [id, box.height])
        )"""
    )
    total = page.evaluate("() => orderflow.chart.drawn().plot.height")
    assert all(heights[panel] < 25 for panel in collapsed)
    assert sum(height for panel, height in heights.items() if panel not in collapsed) > 0.85 * total
    assert not any(page.locator(f"#{element}").is_visible() for element in gone)
    if absent == DEPTH_FILE:
        assert text(page, "no-book") == "This dataset holds no order book"

    # A dataset that has both gives the room back.
    other.close()
    shutil.rmtree(server.directory)
    whole = feed(server.directory, session=f"with-{absent}", bars=40)
    whole.report = report()
    whole.publish()
    until(page, "session => orderflow.state().about.session === session", whole.session)
    until(page, "() => orderflow.chart.view.collapsed.length === 0")
    wait_drawn(page)
    assert page.locator("#quotes").is_visible()
    height, whole = page.evaluate(
        "() => { const { panels, plot } = orderflow.chart.drawn(); return [panels.price.box.height, plot.height]; }"
    )
    assert height / whole == pytest.approx(0.525, abs=0.02)


def test_while_a_dataset_is_read_the_page_says_so_and_how_far(page: Page, feeder: Feeder) -> None:
    assert not page.locator("#activity").is_visible()
    feeder.overrides = {"state": "loading", "progress": 0.437, "report": {"rows": 1_234_567}}
    feeder.advance()
    page.locator("#activity").wait_for()
    assert text(page, "activity-text") == "reading dataset 43 % · 1,234,567 rows"
    assert page.get_attribute("#progress", "aria-valuenow") == "44"
    assert page.get_attribute("#progress", "aria-valuetext") == text(page, "activity-text")
    feeder.overrides = {}
    feeder.advance()
    page.locator("#activity").wait_for(state="hidden")


def test_the_report_fits_narrow_screens(server: Server, feeder: Feeder, tab: Callable[..., Page]) -> None:
    feeder.report = _report(feeder)
    feeder.publish()
    page = tab(server.url, 400, 860)
    wait_drawn(page)
    page.locator("#menu-button").click()
    page.locator("#report-button").click()
    page.locator("#report").wait_for()
    assert not page.locator("#report-button").is_visible(), "the menu has done what it was opened for"
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
    assert page.evaluate("() => document.getElementById('report').scrollWidth") <= 400
    page.locator("#report button.time[aria-disabled='false']").first.click()
    until(page, "() => !orderflow.chart.view.following")
    assert page.locator("#report").is_visible(), "it stands below the chart that it moves"


def test_a_broken_report_leaves_the_last_one_and_holds_nothing_else_back(reported: Page, feeder: Feeder) -> None:
    page = reported
    feeder.report = report(trades=99)
    feeder.step()
    feeder.publish((feeder.directory / REPORT_FILE).unlink)
    wait_generation(page, feeder)
    page.wait_for_selector("#note:visible", timeout=PATIENCE_MS)
    assert text(page, "note") == "The last good report stays: report_data.json is missing."
    assert page.evaluate("() => orderflow.state().report.trades") == 3
    assert text(page, "last-price") == f"{feeder.ohlc[-1].close:.2f}"
    feeder.report = report(trades=100)
    feeder.advance()
    until(page, "() => orderflow.state().report.trades === 100")
    page.wait_for_selector("#note", state="hidden")


def test_a_point_in_the_chart_can_be_without_a_finding(reported: Page) -> None:
    reported.mouse.move(*plot_point(reported, "price", 0.02, 0.5))
    wait_frames(reported)
    assert reported.locator("#chart-overlay .chip.found.shown").count() == 0

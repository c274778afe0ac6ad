"""What the page hands out: pictures, tables, a still picture and a link."""

from __future__ import annotations

import csv
import io
import re
import struct
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from shared.still import unpacked
from tests.browser.pages import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder


@pytest.fixture
def export(page: Page) -> Iterator[Page]:
    """The page with the panel open; it is closed after the test."""
    page.keyboard.press("x")
    yield page
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("x")


def downloaded(page: Page, button: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.locator("#export").get_by_text(button, exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_pictures_say_what_they_show_and_have_the_panels(export: Page, feeder: Feeder) -> None:
    export.locator("#export-picture").select_option("main")
    name, payload = downloaded(export, "SVG")
    assert re.fullmatch(r"BTCUSDT_1m_[\dTZ.-]+_main\.svg", name)
    texts = ["".join(each.itertext()) for each in ET.fromstring(payload).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - our own
    assert texts[0].startswith("BTCUSDT · 20")
    assert " UTC · 1m bars · playing" in texts[0]
    assert {"Volume", "best bid"} <= {*texts}
    assert not {"Export", "Picture"} & {*texts}
    export.locator("#export-picture").select_option("panel cvd")
    _, payload = downloaded(export, "PNG")
    assert payload.startswith(b"\x89PNG")
    cell, times = export.evaluate(
        """() => {
          const { panels, times } = orderflow.chart.placed().layout;
          return [panels.find(({ id }) => id === "cvd").cell, times];
        }"""
    )
    width, height = struct.unpack(">II", payload[16:24])
    assert width >= 2 * cell["width"]
    assert height / width == pytest.approx((cell["height"] + times["height"] + 40) / cell["width"], rel=0.01)


def test_tables_are_those_in_view_or_all_as_the_server_has_them(export: Page, feeder: Feeder, server: Server) -> None:
    export.locator("#export-table").select_option("ohlc")
    _, seen = downloaded(export, "In view")
    _, everything = downloaded(export, "All")
    assert everything.decode() == server.get("/tables/ohlc.csv")
    low, high = export.evaluate("() => orderflow.chart.view.x")
    wanted = [bar.timestamp_ms for bar in feeder.ohlc if low - 30_000 <= bar.timestamp_ms < high + 30_000]
    assert [int(row[0]) for row in list(csv.reader(io.StringIO(seen.decode())))[1:]] == wanted
    command = export.locator("#export input[aria-label='command for the whole history']")
    assert command.input_value().startswith(
        "processor aggregate DATASET --view bars --interval 1m --instrument BTCUSDT"
    )
    export.locator("#export-format").select_option("parquet")
    name, seen_typed = downloaded(export, "In view")
    assert re.fullmatch(r"BTCUSDT_1m_[\dTZ.-]+_ohlc\.parquet", name)
    assert pl.read_parquet(seen_typed).rows() == pl.read_csv(seen).rows()
    _, everything_typed = downloaded(export, "All")
    assert pl.read_parquet(everything_typed).rows() == pl.read_csv(everything).rows()
    export.locator("#export-format").select_option("csv")


def test_a_still_picture_and_a_link_are_of_this_moment(export: Page, feeder: Feeder) -> None:
    _, payload = downloaded(export, "ZIP")
    assert unpacked(payload).status.event_time_ms == feeder.status().event_time_ms
    link = export.locator("#export input[aria-label='link to this moment']").input_value()
    assert "instrument=BTCUSDT&interval=1m&t=20" in link


def test_a_still_picture_is_not_called_stale(page: Page, feeder: Feeder) -> None:
    feeder.overrides = {"still_ms": 5, "heartbeat_ms": 5, "state": "paused"}
    feeder.advance()
    until(page, "() => document.getElementById('state').dataset.name === 'still'")
    until(page, "() => document.getElementById('transport-reason').textContent.includes('still picture')")
    assert page.locator("#play").is_disabled()
    assert page.locator("#state").get_attribute("data-old") == "false"
    feeder.overrides = {}

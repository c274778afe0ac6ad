"""Datasets that hold only a part of what the page can show, through the real processor: each plays, and the page shows
what there is."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from processor.core.events import ASK, BID, CLEAR, BookEvents
from tests.browser.pages import text, until, wait_drawn, wait_state
from tests.core.markets import market, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Server


def _best_quotes(rows: int = 2000) -> BookEvents:
    """A book of one level a side, as quotes are: every quote replaces the one before."""
    trades, _ = market(rows=5 * rows)
    middle = trades.price_ticks
    columns = zip(middle - 1, middle + 1, strict=True)
    return BookEvents(
        time_ns=np.repeat(trades.time_ns, 3),
        side=np.tile(np.array([CLEAR, BID, ASK], np.int8), rows),
        price_ticks=np.array([price for bid, ask in columns for price in (0, bid, ask)], np.int64),
        size_lots=np.stack([np.zeros(rows, np.int64), trades.size_lots, trades.size_lots[::-1]], axis=1).ravel(),
        price_decimals=1,
        size_decimals=3,
    )


def _replay(dataset: Path, directory: Path, *options: str) -> None:
    command = [sys.executable, "-m", "processor", "replay", str(dataset), "--out", str(directory)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PROCESSOR_")}
    subprocess.run(
        [*command, "--speed", "max", "--at-end", "exit", "--cache", "off", *options],
        check=True,
        env=clean,
        capture_output=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("holds", "collapsed", "said"),
    [
        ("trades", ["obi"], "OBI top 10 · This dataset holds no order book"),
        ("book", ["price", "volume", "cvd"], "Price, volume · This dataset holds no trades"),
        ("trades and best quotes", [], None),
    ],
)
def test_a_dataset_of_one_kind_plays_and_fills_the_page_with_what_it_has(
    server: Server, tab: Callable[..., Page], tmp_path: Path, holds: str, collapsed: list[str], said: str | None
) -> None:
    trades, book = market(rows=4000)
    book = _best_quotes() if "quotes" in holds else book
    traded = "trades" in holds
    dataset = write(tmp_path / "d", trades if traded else None, None if holds == "trades" else book)
    _replay(dataset, server.directory)
    page = tab(server.url)
    wait_state(page, "finished")
    if traded:
        wait_drawn(page)
    until(
        page,
        """(wanted) => {
          const { collapsed, hidden } = orderflow.chart.view;
          return String(collapsed.filter((id) => !hidden.includes(id))) === String(wanted);
        }""",
        collapsed,
    )
    notes = [note for note in page.locator("#chart-overlay .panel-note.shown").all_inner_texts() if note]
    assert (notes[0] if notes else None) == said
    assert page.title().endswith("WALK")
    assert (text(page, "last-price") != "") == traded
    if holds == "trades and best quotes":
        depth = page.evaluate("() => orderflow.state().depth")
        assert (len(depth["bids"]), len(depth["asks"])) == (1, 1)
        assert text(page, "quote-spread") == "0.2"
    page.keyboard.press("r")
    assert "the whole dataset has been read" in text(page, "report-summary")
    page.keyboard.press("Escape")


@pytest.mark.slow
def test_without_trades_the_price_is_that_of_the_best_quotes_where_they_are_published(
    server: Server, tab: Callable[..., Page], tmp_path: Path
) -> None:
    _, book = market(rows=4000)
    _replay(write(tmp_path / "d", None, book), server.directory, "--views", "quotes")
    page = tab(server.url)
    wait_state(page, "finished")
    until(
        page, "() => orderflow.state().quotes.length > 0 && String(orderflow.chart.view.collapsed).startsWith('volume')"
    )
    wait_drawn(page)
    until(page, "() => document.getElementById('read-quotes-mid').textContent !== '–'")
    bid, ask, mid = (float(text(page, f"read-quotes-{name}")) for name in ("bid", "ask", "mid"))
    assert mid == pytest.approx((bid + ask) / 2)
    depth = page.evaluate("() => orderflow.state().depth")
    assert (bid, ask) == (depth["bids"][0][0], depth["asks"][0][0])
    assert not page.locator("#read-price").is_visible()
    low, high = page.evaluate("() => orderflow.chart.drawn().panels.price.y")
    assert low < bid < high
    notes = page.locator("#chart-overlay .panel-note.shown").all_inner_texts()
    assert next(note for note in notes if note) == "Volume · This dataset holds no trades"

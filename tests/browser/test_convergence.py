"""However answers are lost, repeated by workers that lag, or skipped, a page ends with the newest picture."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shared import OHLC
from tests.browser.pages import until
from tests.visualizer.pictures import MINUTE_MS, picture, with_view
from visualizer.server.delta import delta, known

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from shared import Picture

_RECEIVE = "([state, answer]) => orderflow.store.receive(state, answer, 1000)"
_KNOWN = "(state) => orderflow.store.known(state)"


def _history(chance: random.Random) -> list[Picture]:
    """Pictures as a writer publishes them: rows grow, the oldest fall off, sessions change, replays begin again."""
    pictures = []
    first, bars, session = 0, 1, 0
    for generation in range(1, 30):
        event = chance.random()
        if event < 0.1:
            session, first, bars = session + 1, chance.randrange(5), chance.randrange(4)
        elif event < 0.2:
            first, bars = chance.randrange(3), chance.randrange(1, 4)
        else:
            bars += chance.randrange(4)
            dropped = max(0, bars - 8)
            first, bars = first + dropped, bars - dropped
        made = picture(bars, first, session=f"s{session}", generation=generation, published_at_ms=1000 * generation)
        closes = [msgspec.structs.replace(row, close=row.close + chance.random()) for row in made.ohlc[-1:]]
        pictures.append(with_view(made, OHLC, made.ohlc[:-1] + tuple(closes)))
    return pictures


@pytest.mark.parametrize("seed", range(6))
def test_a_page_converges_to_the_newest_picture(shared_page: Page, seed: int) -> None:
    chance = random.Random(seed)
    pictures = _history(chance)
    until(shared_page, "() => window.orderflow?.store !== undefined")
    state: Any = shared_page.evaluate("() => orderflow.store.empty()")
    for index, newest in enumerate(pictures):
        if chance.random() < 0.3:
            continue
        seen = pictures[max(0, index - chance.randrange(3))]
        answer = delta(seen, None, known(shared_page.evaluate(_KNOWN, state))) | {"server_ms": 1000}
        if chance.random() < 0.8:
            state = shared_page.evaluate(_RECEIVE, [state, answer])
        if state["status"]:
            assert state["status"]["published_at_ms"] <= newest.status.published_at_ms
    for _ in range(2):
        answer = delta(pictures[-1], None, known(shared_page.evaluate(_KNOWN, state))) | {"server_ms": 1000}
        state = shared_page.evaluate(_RECEIVE, [state, answer])
    expected = [list(msgspec.structs.astuple(row)) for row in pictures[-1].ohlc]
    assert state["ohlc"] == expected
    assert [row[0] // MINUTE_MS for row in state["metrics"]] == [row[0] // MINUTE_MS for row in expected]
    assert state["status"]["generation"] == pictures[-1].status.generation
    assert delta(pictures[-1], None, known(shared_page.evaluate(_KNOWN, state))) == {}

"""What the page holds after any mixture of moves, forwards, backwards and into other sessions: the picture, no more."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec

from shared import DATA_FILES, DEPTH, METRICS, OHLC, Depth, FileEntry, MetricsRow, OhlcRow
from tests.visualizer.pictures import held, status
from visualizer.server.delta import delta, known

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from shared import Picture

_KEPT = 12
_TAKE_IN = """([state, answer]) => {
  const { store } = orderflow;
  const next = store.receive(state ?? store.empty(), answer, 0);
  return [next, store.known(next)];
}"""


def _picture(moment: int, per_bar: int, **fields: Any) -> Picture:
    """What is published at a moment: one trade each, so many of them a bar, and the newest bars."""
    last = moment // per_bar
    bars = range(max(0, last - _KEPT + 1), last + 1)
    closes = {bar: min(moment, (bar + 1) * per_bar - 1) for bar in bars}
    generation = fields["generation"]
    return held(
        status(event_time_ms=moment, files={name: FileEntry(generation, 1, 1) for name in DATA_FILES}, **fields),
        # Not every bar has a trade.
        (OHLC, tuple(OhlcRow(bar * per_bar, 1, 1, 1, closes[bar], 1) for bar in bars if bar % 5 != 3)),
        (METRICS, tuple(MetricsRow(bar * per_bar, 0, 0, 0, 0, 0, 0, 0, closes[bar]) for bar in bars)),
        (DEPTH, Depth()),
    )


def _rows(rows: tuple[Any, ...]) -> list[list[float]]:
    return [list(msgspec.structs.astuple(row)) for row in rows]


def test_the_page_holds_the_picture_whatever_moves_lie_between_two_polls(page: Page) -> None:
    dice = random.Random(4)
    state: dict[str, Any] | None = None
    sent: dict[str, Any] = {}
    moment, per_bar, session = 40, 4, 0
    for generation in range(1, 250):
        move = dice.random()
        if move < 0.3:
            moment += dice.choice((0, 1, 2, 5))
        elif move < 0.6:
            moment = max(0, moment - dice.choice((1, 3, 4, 9, 60)))
        elif move < 0.85:
            moment = dice.randrange(300)
        else:
            session, per_bar = session + 1, dice.choice((1, 4, 8, 50))
        if dice.random() < 0.3:
            continue  # nobody has looked in between
        shown = _picture(
            moment, per_bar, generation=generation, session=str(session), published_at_ms=generation, heartbeat_ms=1
        )
        answer = delta(shown, None, known(sent)) | {"server_ms": 0}
        state, sent = page.evaluate(_TAKE_IN, [state, msgspec.to_builtins(answer)])
        assert state is not None
        assert state["ohlc"] == _rows(shown.ohlc)
        assert state["metrics"] == _rows(shown.metrics)
        assert state["status"]["event_time_ms"] == moment
        assert None not in state["crc32"].values()

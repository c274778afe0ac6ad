"""A store keeps UTC days: what it tells of sessions that start within them is what one pass over the events makes."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Final
from unittest import mock

import pytest

from processor.core.engine import Engine
from processor.core.flow import sizes
from processor.core.flow.cells import OF_CELLS, cells_of
from processor.core.flow.kept import EARLIER_SESSIONS, nothing_traded
from processor.settings import Activity, Aggregation
from processor.store.activity_index import ActivityIndex
from processor.store.alerts import AlertsIndex
from processor.store.files import trades_of_segment
from processor.store.reader import state_before
from processor.store.sessions import traded_before
from tests.core.streams import Trade, Update
from tests.store.test_store import SECOND_NS, assert_same, chunk_of, read_on, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from processor.core.flow.cells import Cells
    from processor.core.merge.chunk import Chunk
    from processor.settings import CvdReset
    from processor.store.manifest import Manifest

_MINUTE_NS: Final = 60 * SECOND_NS
SESSIONS_MINUTES: Final = (1, 810)
_STEPS_NS: Final = (0, 1, SECOND_NS, _MINUTE_NS, 60 * _MINUTE_NS, 600 * _MINUTE_NS)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Manifest]]:
    """Four weeks of some segments a day, more sessions than are kept; sizes need ever more decimals, then 128 bits."""
    folder = tmp_path_factory.mktemp("store")
    with mock.patch("os.fsync"), mock.patch.object(sizes, "SAMPLE_ORDERS", 40):
        yield folder, written(folder, _chunks(Random(5)), 9)


def _chunks(chance: Random) -> list[Chunk]:
    time_ns = 19_000 * 1440 * _MINUTE_NS
    trades: list[Trade] = []
    updates: list[Update] = []
    for _ in range(350):
        time_ns += chance.choice(_STEPS_NS)
        if chance.random() < 0.1:
            # Just when a session starts.
            begin_ns = chance.choice(SESSIONS_MINUTES) * _MINUTE_NS
            time_ns += (begin_ns - time_ns) % (1440 * _MINUTE_NS)
        trades.append(Trade(time_ns, chance.randint(995, 1005), chance.randint(1, 10**6), chance.choice((1, -1, 0))))
        # Of an empty book: what rests for weeks would be looked at every second.
        updates.append(Update(time_ns + chance.choice((0, 7)), chance.choice((0, 1)), 1000, 0))
    updates.sort(key=lambda each: each.time_ns)
    moments = sorted({each.time_ns for each in trades} | {each.time_ns for each in updates})
    ends = [-1, *moments[8::9], moments[-1] + 1]
    return [
        chunk_of(trades, updates, after_ns, until_ns, (1 + number // 20, 2 + min(12, number // 4)))
        for number, (after_ns, until_ns) in enumerate(pairwise(ends))
    ]


@pytest.mark.parametrize(
    ("interval_ns", "activity", "reset", "session_minutes"),
    [
        (_MINUTE_NS // 240, None, "day", 1),
        (5 * SECOND_NS, None, "day", 810),
        (_MINUTE_NS, None, "day", 1),
        (420 * _MINUTE_NS, None, "day", 810),
        (1440 * _MINUTE_NS, None, "none", 810),
        (0, Activity("t", Decimal(7)), "day", 1),
    ],
)
def test_an_engine_taken_up_has_the_sessions_of_one_pass(
    store: tuple[Path, Manifest], interval_ns: int, activity: Activity | None, reset: CvdReset, session_minutes: int
) -> None:
    folder, manifest = store
    aggregation = Aggregation(
        interval_ns,
        10,
        reset,
        activity,
        frozenset({"alerts", "flow", "events", "ladder"}),
        alerts=("session_delta < 0", "cvd > 5000", "divergence"),
        session_ns=session_minutes * _MINUTE_NS,
    )
    index = None if activity is None else ActivityIndex(folder, activity, manifest.first_ns or 0)
    keep = 1 if interval_ns < _MINUTE_NS else 4
    played, alerts = Engine(aggregation, keep=keep), AlertsIndex(folder, aggregation)
    for number in range(len(manifest.segments)):
        if number % 7 == 3:
            if index is not None:
                index.extend(manifest, number)
            before = partial(alerts.before, manifest, index, lambda: None)
            state, first = state_before(folder, manifest, number, aggregation, keep=keep, index=index, alerts=before)
            found = Engine(aggregation, keep=keep, state=state)
            read_on(folder, manifest, found, first, number - 1)
            assert_same(found, played, keep)
            assert found.trade_bars.delta == played.trade_bars.delta
            read_on(folder, manifest, found, number, number)
        read_on(folder, manifest, played, number, number)
        if number % 7 == 3:
            assert_same(found, played, keep)


@pytest.mark.parametrize("session_minutes", SESSIONS_MINUTES)
def test_the_last_sessions_before_every_segment_are_those_of_one_pass(
    store: tuple[Path, Manifest], session_minutes: int
) -> None:
    folder, manifest = store
    passed = nothing_traded()
    for number, segment in enumerate(manifest.segments):
        found = traded_before(folder, manifest, number, session_minutes * _MINUTE_NS)
        scale = found.session.price_decimals, found.session.size_decimals
        assert found.dataset == passed.dataset
        assert [_cells(each) for each in (*found.earlier, found.session)] == [
            _cells(each.finer(*scale)) for each in (*passed.earlier, passed.session)
        ]
        for trades in trades_of_segment(folder, number, segment):
            minutes = trades.time_ns // _MINUTE_NS
            cells = cells_of(trades, minutes, is_narrow=False, session_ns=session_minutes * _MINUTE_NS)
            passed = passed.added(cells)
    assert len(passed.earlier) == EARLIER_SESSIONS


def _cells(session: Cells) -> list[list[int]]:
    return [getattr(session, name).tolist() for name in ("day", *OF_CELLS)]

"""What of a segment need not be replayed: whatever the moment in it, an engine is that of one pass once it is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core import engine as engines
from processor.core.aggregates import large_orders
from processor.core.engine import Engine
from processor.settings import Aggregation
from processor.store import measures
from processor.store.activity_index import ActivityIndex
from processor.store.reader import read_segment, state_before
from tests.store.test_store import (
    ANY_AGGREGATION,
    SECOND_NS,
    assert_same,
    chunked,
    market_of_seconds,
    read_on,
    written,
)

if TYPE_CHECKING:
    from processor.core.merge.chunk import Chunk


@given(
    chunks=chunked(),
    aggregation=ANY_AGGREGATION,
    keep=st.sampled_from([1, 3, 1000]),
    segment_events=st.sampled_from([7, 25, 1000]),
    fine_events=st.sampled_from([1, 256]),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=3),
)
def test_an_engine_taken_up_for_any_moment_of_a_segment_is_that_of_one_pass_once_there(
    chunks: list[Chunk],
    aggregation: Aggregation,
    keep: int,
    segment_events: int,
    fine_events: int,
    shares: list[float],
) -> None:
    with (
        TemporaryDirectory() as name,
        mock.patch("os.fsync"),
        mock.patch.object(measures, "_FINE_EVENTS", fine_events),
        mock.patch.object(engines, "_ORDERS_KEPT", keep),
        mock.patch.object(large_orders, "LEAST_ORDERS", 2),
    ):
        folder = Path(name)
        manifest = written(folder, chunks, segment_events)
        wanted = replace(aggregation, extras=aggregation.extras - {"alerts"})
        for number, segment in enumerate(manifest.segments):
            index: ActivityIndex | None = None
            if aggregation.activity is not None:
                index = ActivityIndex(folder, aggregation.activity, manifest.first_ns or 0)
                index.extend(manifest, number)
            for share in shares:
                at_ns = segment.first_ns + round((segment.last_ns - segment.first_ns) * share)
                state, first = state_before(folder, manifest, number, wanted, keep=keep, index=index, at_ns=at_ns)
                engines_there = [Engine(wanted, keep=keep, state=state), Engine(wanted, keep=keep)]
                for engine, since in zip(engines_there, (first, 0), strict=True):
                    read_on(folder, manifest, engine, since, number - 1)
                    until = read_segment(folder, number, segment).until(at_ns)
                    engine.advance(until.trades, until.book)
                assert engines_there[0].ahead is None
                assert_same(engines_there[0], engines_there[1], keep)


@pytest.mark.parametrize("seconds", [1, 5, 7, 30, 60])
def test_heatmap_and_measures_start_close_before_a_moment_and_are_right_there(tmp_path: Path, seconds: int) -> None:
    wanted = Aggregation(interval_ns=seconds * SECOND_NS, extras=frozenset({"heatmap", "measures"}))
    with mock.patch.object(measures, "_FINE_EVENTS", 1):
        manifest = written(tmp_path, market_of_seconds(600), segment_events=500)
    for number, segment in list(enumerate(manifest.segments))[1:-1]:
        at_ns = segment.last_ns - SECOND_NS
        state, first = state_before(tmp_path, manifest, number, wanted, keep=20, at_ns=at_ns)
        assert state is not None
        assert state.ahead is not None
        assert at_ns - state.ahead.until_ns < (20 * seconds + 40 if seconds in {1, 7} else 40) * SECOND_NS
        found, played = Engine(wanted, keep=20, state=state), Engine(wanted, keep=20)
        for engine, since in ((found, first), (played, 0)):
            read_on(tmp_path, manifest, engine, since, number - 1)
            there = read_segment(tmp_path, number, segment).until(at_ns)
            engine.advance(there.trades, there.book)
        assert_same(found, played, 20)

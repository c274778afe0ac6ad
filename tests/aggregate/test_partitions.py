"""Days computed apart against one pass over all of them: the same table to the last bit, whatever the stream."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.aggregate.partitions import Partition, computed, divisible, engine_of_parts, partitions, pieces
from processor.aggregate.table import table
from processor.core.engine import Engine
from processor.errors import DatasetError
from processor.settings import Aggregation, Settings
from processor.store.base_bars import adds_up
from processor.store.reader import state_of_bars
from processor.units import NS_PER_DAY
from tests.store.test_store import SECOND_NS, assert_same, chunked, market_of_seconds, read_on, written

if TYPE_CHECKING:
    from processor.core.merge.chunk import Chunk

HOUR_NS = 3600 * SECOND_NS

settings = st.builds(
    Settings,
    interval=st.sampled_from(["1s", "1m", "1h", "7h", "1d", "3d"]),
    obi_levels=st.sampled_from([0, 3, 10]),
    cvd_reset=st.sampled_from(["none", "day"]),
    session_start=st.sampled_from(["00:00", "00:01", "13:30", "22:00", "23:59"]),
)


@given(
    chunks=chunked(),
    wanted=settings,
    segment_events=st.sampled_from([1, 7, 1000]),
    back=st.integers(0, 3),
    least=st.sampled_from([None, 1, 2, 5]),
)
def test_days_or_pieces_engine_of_parts_are_one_pass(
    chunks: list[Chunk], wanted: Settings, segment_events: int, back: int, least: int | None
) -> None:
    with TemporaryDirectory() as name, mock.patch("os.fsync"):
        folder = Path(name)
        manifest = written(folder, chunks, segment_events)
        last = len(manifest.segments)
        end = max(0, last - back)
        divide = partitions if least is None else partial(pieces, least=least)
        found = divide(folder, manifest, wanted.aggregation, end)
        assert [number for part in found for number in range(part.first, part.end)] == list(range(end))
        assert sum(part.events for part in found) == sum(
            segment.trades + segment.book_events for segment in manifest.segments[:end]
        )
        if not end:
            return
        whole = Engine(wanted.aggregation)
        read_on(folder, manifest, whole, 0, end - 1)
        parts = [computed(partition) for partition in found]
        engine = engine_of_parts(folder, manifest, parts, wanted.aggregation, end)
        assert_same(engine, whole, 1_000_000)
        assert table(engine, wanted).equals(table(whole, wanted))
        if adds_up(wanted.aggregation):
            state = state_of_bars(folder, manifest, end, wanted.aggregation, lambda _: None)
            added_up = Engine(wanted.aggregation, state=state)
            assert_same(added_up, whole, 1_000_000)
            assert table(added_up, wanted).equals(table(whole, wanted))
        read_on(folder, manifest, engine, end, last - 1)
        read_on(folder, manifest, whole, end, last - 1)
        assert_same(engine, whole, 1_000_000)
        assert table(engine, wanted).equals(table(whole, wanted))


def test_a_partition_is_a_utc_day_and_all_of_them_where_the_cvd_restarts_within_an_interval(tmp_path: Path) -> None:
    chunks = [chunk for day in range(3) for chunk in market_of_seconds(100, day * NS_PER_DAY)]
    manifest = written(tmp_path, chunks, segment_events=50)
    end = len(manifest.segments)

    def days(aggregation: Aggregation) -> list[set[str]]:
        found = partitions(tmp_path, manifest, aggregation, end)
        return [{segment.day for segment in manifest.segments[part.first : part.end]} for part in found]

    each = [{"1970-01-01"}, {"1970-01-02"}, {"1970-01-03"}]
    assert days(Aggregation()) == days(Aggregation(cvd_reset="day")) == days(Aggregation(7 * HOUR_NS)) == each
    assert days(Aggregation(7 * HOUR_NS, cvd_reset="day")) == [set().union(*each)]
    assert not divisible(Aggregation(3 * NS_PER_DAY, cvd_reset="day"))
    assert not divisible(Aggregation(4 * HOUR_NS, cvd_reset="day", session_ns=22 * HOUR_NS))
    assert divisible(Aggregation(2 * HOUR_NS, cvd_reset="day", session_ns=22 * HOUR_NS))


def test_a_store_that_is_not_there_is_missed_by_its_path(tmp_path: Path) -> None:
    manifest = written(tmp_path / "one", market_of_seconds(10))
    found = partitions(tmp_path / "one", manifest, Aggregation(), 1)[0]
    for folder, key in ((tmp_path / "two", found.key), (found.folder, "another")):
        with pytest.raises(DatasetError, match=rf"{folder} is not there, or is another store, on .*: workers need"):
            computed(Partition(folder, key, found.first, found.end, found.events, found.aggregation))

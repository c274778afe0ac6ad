"""What a store keeps of what is detected, against one pass over the same events."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from processor.core.aggregates import large_orders
from processor.core.detected import kept
from processor.core.engine import Engine
from processor.publish.views.events import events_payload
from processor.settings import Activity, Aggregation
from processor.store import divergences
from processor.store.activity_index import ActivityIndex
from processor.store.reader import state_before
from tests.core.detected.lively import SECOND, markets
from tests.store.test_store import chunk_of, read_on, written

if TYPE_CHECKING:
    from processor.core.merge.chunk import Chunk
    from processor.settings import CvdReset
    from tests.core.streams import Trade, Update

LENGTHS: Final = st.sampled_from(
    [(SECOND, None), (3 * SECOND, None), (250_000_000, None), (0, Activity("t", Decimal(2)))]
)


def chunks_of(trades: list[Trade], updates: list[Update], count: int) -> list[Chunk]:
    times = sorted({trade.time_ns for trade in trades} | {update.time_ns for update in updates})
    ends = sorted({times[len(times) * part // count - 1] for part in range(1, count + 1)} | {times[-1]})
    return [chunk_of(trades, updates, after, until, (1, 2)) for after, until in zip([0, *ends], ends, strict=False)]


@settings(max_examples=10)
@given(
    market=markets(),
    length=LENGTHS,
    reset=st.sampled_from(["none", "day"]),
    keep=st.sampled_from([1, 4, 25]),
    most=st.sampled_from([2, 200]),
    margin=st.sampled_from([4, 64]),
    restarts=st.lists(st.integers(0, 6), max_size=1),
)
def test_what_is_shown_after_any_segment_is_that_of_one_pass(
    market: tuple[list[Trade], list[Update]],
    length: tuple[int, Activity | None],
    reset: CvdReset,
    keep: int,
    most: int,
    margin: int,
    restarts: list[int],
) -> None:
    aggregation = Aggregation(length[0], 10, reset, length[1], frozenset({"events"}))
    with (
        TemporaryDirectory() as name,
        mock.patch("os.fsync"),
        mock.patch.object(large_orders, "LEAST_ORDERS", 4),
        mock.patch.object(kept, "MOST_OF_A_KIND", most),
        mock.patch.object(divergences, "MARGIN", margin),
    ):
        folder = Path(name)
        manifest = written(folder, chunks_of(*market, 5), 1, restarts)
        played = Engine(aggregation, keep=keep)
        index = ActivityIndex(folder, length[1], manifest.first_ns or 0) if length[1] is not None else None
        for number in range(len(manifest.segments)):
            if index is not None:
                index.extend(manifest, number)
            state, first = state_before(folder, manifest, number, aggregation, keep=keep, index=index)
            found = Engine(aggregation, keep=keep, state=state)
            read_on(folder, manifest, found, first, number - 1)
            for until in (number - 1, number):
                now_ns = manifest.segments[until].last_ns + 1 if until >= 0 else None
                for clock_ns in (None, now_ns):
                    assert events_payload(found, clock_ns) == events_payload(played, clock_ns)
                if until < number:
                    for engine in (found, played):
                        read_on(folder, manifest, engine, number, number)

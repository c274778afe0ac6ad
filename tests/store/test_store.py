"""A store against one pass over the same events: whatever the segments, whatever the moment, whatever the interval."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core import engine as engines
from processor.core.aggregates import large_orders
from processor.core.engine import Engine, checks
from processor.core.events import BID, BookEvents
from processor.core.flow import sizes
from processor.core.intervals import WEEK_NS
from processor.core.measures.own import NO_OWN, OwnMeasures
from processor.core.measures.sampled import MeasuredBook, joined
from processor.core.merge.chunk import Chunk
from processor.core.price_step import PriceStep
from processor.core.report import Report
from processor.errors import DatasetError
from processor.formats import open_dataset
from processor.publish.moment import Moment, SessionInfo, SessionState
from processor.publish.views import VIEWS
from processor.settings import Activity, Aggregation
from processor.store import manifest as manifests
from processor.store import writer as writing
from processor.store.activity_index import ActivityIndex
from processor.store.alerts import AlertsIndex
from processor.store.manifest import MANIFEST_FILE, STORE_VERSION, Manifest
from processor.store.measures import bars_before
from processor.store.reader import bare_state_before, read_segment, segment_holding, state_before
from processor.store.writer import StoreWriter
from processor.units import NS_PER_DAY
from shared import decode
from tests.core.streams import (
    EDGE_SIZES,
    Trade,
    Update,
    aggregations,
    book_streams,
    columns_of_book,
    columns_of_trades,
    trade_streams,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

SECOND_NS = 1_000_000_000

OWN = OwnMeasures((2, 30), (Decimal("0.02"), Decimal(700)))

ANY_AGGREGATION = st.builds(
    lambda each, own: replace(
        each,
        own=own,
        extras=frozenset({"alerts", "flow", "events", "heatmap", "ladder", "measures"}),
        alerts=(
            "obi_10 > 0 for 1 s",
            "delta < 0 or divergence",
            "(not sweep) for 1 m",
            "price crosses 100 and mid > 99",
        ),
    ),
    aggregations(
        intervals_ns=[
            250_000_000,
            SECOND_NS,
            1_500_000_000,
            5 * SECOND_NS,
            60 * SECOND_NS,
            420 * SECOND_NS,
            NS_PER_DAY,
            WEEK_NS,
        ],
        obi_levels=[0, 3, 10, 10],
    ),
    # One's own measures are replayed from the begin of a segment, the others from close before a moment.
    st.sampled_from([NO_OWN, NO_OWN, OWN]),
)

SUBJECT = SessionInfo("s", "d", "f", "X", ("X",), "1m", 10, 50, "none", "exchange")
SITUATION = SessionState("paused")
AT_THE_END = replace(SITUATION, has_all=True)


@st.composite
def chunked(draw: st.DrawFn) -> list[Chunk]:
    """Chunks of a market; later ones may need more decimals, of sizes too unless these are as large as can be."""
    sizes_grow = draw(st.sampled_from([1, 1, 0]))
    if sizes_grow:
        trades, book = draw(trade_streams()), draw(book_streams())
    else:
        trades, book = (
            draw(trade_streams(sizes=EDGE_SIZES)),
            draw(book_streams(sizes=st.one_of(st.just(0), EDGE_SIZES))),
        )
    moments = sorted({trade.time_ns for trade in trades} | {update.time_ns for update in book})
    ends = sorted(draw(st.sets(st.sampled_from(moments), max_size=6)) | {moments[-1]}) if moments else []
    chunks = []
    decimals = (1, 2)
    for after_ns, until_ns in pairwise([-1, *ends]):
        decimals = (decimals[0] + draw(st.integers(0, 1)), decimals[1] + draw(st.integers(0, sizes_grow)))
        chunks.append(chunk_of(trades, book, after_ns, until_ns, decimals))
    return chunks


def chunk_of(
    trades: Sequence[Trade], book: Sequence[Update], after_ns: int, until_ns: int, decimals: tuple[int, int]
) -> Chunk:
    scale_price, scale_size = 10 ** (decimals[0] - 1), 10 ** (decimals[1] - 2)
    some_trades = [
        trade._replace(price_ticks=trade.price_ticks * scale_price, size_lots=trade.size_lots * scale_size)
        for trade in trades
        if after_ns < trade.time_ns <= until_ns
    ]
    some_updates = [
        update._replace(price_ticks=update.price_ticks * scale_price, size_lots=update.size_lots * scale_size)
        for update in book
        if after_ns < update.time_ns <= until_ns
    ]
    return Chunk(
        trades=(columns_of_trades(some_trades, *decimals),),
        book=(columns_of_book(some_updates, *decimals),),
        until_ns=until_ns,
        consumed_bytes=0,
    )


def new_manifest(instrument: str = "X") -> Manifest:
    return Manifest(
        version=STORE_VERSION, key="k", format="made", instrument=instrument, clock="exchange", source_bytes=1
    )


def written(
    folder: Path,
    chunks: Sequence[Chunk],
    segment_events: int = 10,
    restarts: Sequence[int] = (),
    instrument: str = "X",
) -> Manifest:
    """A store of `chunks`; before those numbered `restarts` the writer dies, and the next begins from the first."""
    manifest = new_manifest(instrument)
    with mock.patch.object(writing, "SEGMENT_EVENTS", segment_events):
        for end in (*restarts, len(chunks)):
            writer = StoreWriter(folder, manifest)
            for chunk in chunks[:end]:
                writer.add(chunk)
            manifest = manifests.load(folder) or new_manifest(instrument)
        writer.close(Report())
    found = manifests.load(folder)
    assert found is not None
    return found


def read_on(folder: Path, manifest: Manifest, engine: Engine, first: int, last: int) -> None:
    for number in range(first, last + 1):
        chunk = read_segment(folder, number, manifest.segments[number])
        engine.advance(chunk.trades, chunk.book)


def assert_same(found: Engine, played: Engine, keep: int) -> None:
    assert found.rows().equals(played.rows())
    assert found.trade_bars.rows().tail(keep).equals(played.trade_bars.rows().tail(keep))
    assert (found.trades, found.book.samples) == (played.trades, played.book.samples)
    assert (found.first_ns, found.event_ns) == (played.first_ns, played.event_ns)
    for side, expected in zip(found.book.levels(1000), played.book.levels(1000), strict=True):
        assert [column.tolist() for column in side] == [column.tolist() for column in expected]
    assert found.book.price_decimals == played.book.price_decimals
    assert found.trade_bars.size_decimals == played.trade_bars.size_decimals
    assert found.trade_bars.traded == played.trade_bars.traded
    for published in VIEWS:
        if published.view.presence == "asked":
            for situation in (SITUATION, AT_THE_END) if published.view.name == "sizes" else (SITUATION,):
                made = [published.payload(Moment(engine, SUBJECT, situation)) for engine in (found, played)]
                assert made[0] == made[1], published.view.name
                assert made[0] is None or not list(published.view.faults(decode(published.view.file, made[0])))
    for engine in (found, played):
        assert False not in checks(engine.rows(), engine).values()


@given(
    chunks=chunked(),
    aggregation=ANY_AGGREGATION,
    keep=st.sampled_from([1, 3, 1000]),
    segment_events=st.sampled_from([1, 7, 1000]),
    restarts=st.lists(st.integers(0, 6), max_size=2),
    sample=st.sampled_from([1, 4, 1000]),
)
def test_an_engine_taken_up_before_any_segment_is_that_of_one_pass(
    chunks: list[Chunk], aggregation: Aggregation, keep: int, segment_events: int, restarts: list[int], sample: int
) -> None:
    with (
        TemporaryDirectory() as name,
        mock.patch("os.fsync"),
        mock.patch.object(engines, "_ORDERS_KEPT", keep),
        mock.patch.object(sizes, "SAMPLE_ORDERS", sample),
        mock.patch.object(large_orders, "LEAST_ORDERS", 2),
    ):
        folder = Path(name)
        manifest = written(folder, chunks, segment_events, restarts)
        played = Engine(aggregation, keep=keep)
        alerts = AlertsIndex(folder, aggregation)
        index: ActivityIndex | None = None
        if aggregation.activity is not None and manifest.first_ns is not None:
            index = ActivityIndex(folder, aggregation.activity, manifest.first_ns)
        for number in range(len(manifest.segments)):
            if index is not None:
                index.extend(manifest, number)
            before = partial(alerts.before, manifest, index, lambda: None)
            state, first = state_before(folder, manifest, number, aggregation, keep=keep, index=index, alerts=before)
            found = Engine(aggregation, keep=keep, state=state)
            read_on(folder, manifest, found, first, number - 1)
            assert_same(found, played, keep)
            for engine in (found, played):
                read_on(folder, manifest, engine, number, number)
            assert_same(found, played, keep)
        events = sum(len(part) for chunk in chunks for part in (*chunk.trades, *chunk.book))
        assert sum(segment.trades + segment.book_events for segment in manifest.segments) == events


def test_no_measure_is_counted_twice_where_a_segment_ends_with_the_first_sample_of_a_bar(tmp_path: Path) -> None:
    times_ns = [0, 1_000_000_000, 61_000_000_000, 62_000_000_000, 200_000_000_000]
    events = BookEvents(
        time_ns=np.array(times_ns),
        side=np.full(5, BID, np.int8),
        price_ticks=np.full(5, 995),
        size_lots=np.array([1, 3, 2, 7, 4]),
        price_decimals=1,
        size_decimals=2,
    )
    chunks = [
        Chunk((), (events.rows(slice(at, at + 1)),), time_ns, consumed_bytes=0) for at, time_ns in enumerate(times_ns)
    ]
    manifest = written(tmp_path, chunks, 1, [])
    minute_ns = 60_000_000_000
    book = MeasuredBook(interval_ns=minute_ns)
    passed = joined([book.advance(events), book.open_bars()])
    found = bars_before(tmp_path, manifest, len(manifest.segments), Aggregation(interval_ns=minute_ns), None)
    assert found.bucket.tolist() == passed.bucket.tolist() == [0, 1, 3]
    assert found.samples.tolist() == passed.samples.tolist() == [2, 2, 1]
    assert found.flow.tolist() == passed.flow.tolist()


@pytest.mark.parametrize("keep", [1, 2, 5])
def test_as_many_bars_by_activity_as_are_kept_are_whole_before_every_segment(tmp_path: Path, keep: int) -> None:
    activity = Activity("t", Decimal(7))
    aggregation = Aggregation(interval_ns=0, activity=activity)
    manifest = written(tmp_path, market_of_seconds(200), segment_events=20)
    index = ActivityIndex(tmp_path, activity, manifest.first_ns or 0)
    played = Engine(aggregation, keep=keep)
    lengths = set()
    for number in range(len(manifest.segments)):
        index.extend(manifest, number)
        state, first = state_before(tmp_path, manifest, number, aggregation, keep=keep, index=index)
        found = Engine(aggregation, keep=keep, state=state)
        lengths.add(number - first)
        read_on(tmp_path, manifest, found, first, number - 1)
        assert_same(found, played, keep)
        read_on(tmp_path, manifest, played, number, number)
    assert len(manifest.segments) == 20
    assert max(lengths) < 10


@given(chunks=chunked(), restarts=st.lists(st.integers(0, 6), max_size=2))
def test_a_segment_has_the_price_step_of_all_events_up_to_its_end(chunks: list[Chunk], restarts: list[int]) -> None:
    with TemporaryDirectory() as name, mock.patch("os.fsync"):
        folder = Path(name)
        manifest = written(folder, chunks, 7, restarts)
        step = PriceStep()
        for number, segment in enumerate(manifest.segments):
            chunk = read_segment(folder, number, segment)
            step = step.advanced(chunk.trades, chunk.book)
            assert segment.price_step == step
        assert manifest.price_step == step


@given(chunks=chunked(), segment_events=st.sampled_from([1, 7, 1000]))
def test_segments_hold_the_chunks_events_in_order_and_never_two_days(chunks: list[Chunk], segment_events: int) -> None:
    with TemporaryDirectory() as name, mock.patch("os.fsync"):
        folder = Path(name)
        manifest = written(folder, chunks, segment_events)
        last_ns = -1
        times: list[int] = []
        for number, segment in enumerate(manifest.segments):
            chunk = read_segment(folder, number, segment)
            events = [int(time_ns) for part in (*chunk.trades, *chunk.book) for time_ns in part.time_ns]
            assert last_ns < min(events) == segment.first_ns <= max(events) == segment.last_ns
            assert segment.first_ns // NS_PER_DAY == segment.last_ns // NS_PER_DAY
            last_ns = segment.last_ns
            times += events
            assert segment_holding(manifest, segment.first_ns) == segment_holding(manifest, segment.last_ns) == number
        assert sorted(times) == sorted(
            int(time_ns) for chunk in chunks for part in (*chunk.trades, *chunk.book) for time_ns in part.time_ns
        )


def market_of_seconds(seconds: int, begin_ns: int = 0) -> list[Chunk]:
    times = [begin_ns + second * SECOND_NS for second in range(seconds)]
    trades = [Trade(time_ns, 1000 + second % 3, 5, 1 - second % 3) for second, time_ns in enumerate(times)]
    book = [Update(time_ns, second % 2, 990 + second % 7, second % 5) for second, time_ns in enumerate(times)]
    ends = range(begin_ns, begin_ns + seconds * SECOND_NS, 10 * SECOND_NS)
    last_ns = begin_ns + seconds * SECOND_NS
    return [chunk_of(trades, book, end - 10 * SECOND_NS, end, (1, 2)) for end in (*ends, last_ns)]


def test_a_store_without_its_manifest_is_still_a_dataset_of_the_own_layout(tmp_path: Path) -> None:
    manifest = written(tmp_path, market_of_seconds(200), segment_events=40)
    (tmp_path / MANIFEST_FILE).unlink()
    report = Report()
    opened = open_dataset(tmp_path).open(None, "exchange", report)
    events = sum(len(part) for chunk in opened.chunks(report) for part in (*chunk.trades, *chunk.book))
    assert events == sum(segment.trades + segment.book_events for segment in manifest.segments) == 400


@pytest.mark.parametrize("kind", ["book", "trades", "bars", "checkpoint"])
def test_a_missing_or_shortened_file_is_named(tmp_path: Path, kind: str) -> None:
    written(tmp_path, market_of_seconds(100), segment_events=40)
    path = next(tmp_path.rglob(f"{kind}-0001.parquet"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DatasetError, match=rf"{kind}-0001\.parquet has \d+ bytes, .*manifest\.json says"):
        manifests.load(tmp_path)
    path.unlink()
    with pytest.raises(DatasetError, match=rf"{kind}-0001\.parquet.*cannot be read"):
        manifests.load(tmp_path)


def test_a_manifest_of_another_version_or_none_at_all_is_told_apart(tmp_path: Path) -> None:
    assert manifests.load(tmp_path) is None
    (tmp_path / MANIFEST_FILE).parent.mkdir()
    (tmp_path / MANIFEST_FILE).write_bytes(b'{"version": 4}')
    with pytest.raises(DatasetError, match=r"manifest\.json is damaged"):
        manifests.load(tmp_path)
    written(tmp_path / "made", market_of_seconds(10))
    payload = (tmp_path / "made" / MANIFEST_FILE).read_bytes()
    (tmp_path / MANIFEST_FILE).write_bytes(
        payload.replace(b'"version":"%s"' % STORE_VERSION.encode(), b'"version":"99"')
    )
    with pytest.raises(DatasetError, match=rf"understands version {STORE_VERSION}. Convert the dataset again"):
        manifests.load(tmp_path)


def test_the_bare_engine_of_a_day_gives_that_days_rows_of_one_pass(tmp_path: Path) -> None:
    day = NS_PER_DAY
    trades = [Trade(n * day // 10, 1000 + n % 3, 5, 1 - n % 3) for n in range(40)]
    book = [Update(n * day // 10 + 1, n % 2, 990 + n % 7, n % 5) for n in range(40)]
    chunks = [chunk_of(trades, book, at - 1, at + day - 1, (1, 2)) for at in range(0, 4 * day, day)]
    manifest = written(tmp_path, chunks)
    aggregation = Aggregation(interval_ns=3600 * SECOND_NS)
    whole = Engine(aggregation)
    read_on(tmp_path, manifest, whole, 0, len(manifest.segments) - 1)
    first = next(n for n, segment in enumerate(manifest.segments) if segment.first_ns >= 2 * day)
    found = Engine(aggregation, state=bare_state_before(tmp_path, manifest, first, aggregation))
    read_on(tmp_path, manifest, found, first, len(manifest.segments) - 1)
    assert found.rows().filter(pl.col("bucket") >= 48).equals(whole.rows().filter(pl.col("bucket") >= 48))

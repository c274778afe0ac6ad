"""Where events become known: the same in the files, in a store, and in one pass."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Final, get_args

import pytest

from processor.core.aggregates import large_orders
from processor.core.aggregates.batches import Batches
from processor.core.alerts.raising import Raising
from processor.core.detected.detector import Detector
from processor.core.detected.found import Kind
from processor.core.events import ASK, BID, BUY, SELL
from processor.errors import SettingError
from processor.formats import open_dataset
from processor.replay.player import Player
from processor.settings import Aggregation, Settings
from processor.sources.opening import open_source
from processor.store import divergences
from processor.store import writer as writing
from processor.store.cache import Cache
from tests.core.detected.lively import SECOND
from tests.core.markets import write
from tests.core.streams import Trade, Update, columns_of_book, columns_of_trades

if TYPE_CHECKING:
    from pathlib import Path

    from processor.sources.base import Source

START_NS: Final = 1_700_000_000 * SECOND
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty minutes with some events of each kind."""
    monkeypatch.setattr(large_orders, "LEAST_ORDERS", 10)
    monkeypatch.setattr(writing, "SEGMENT_EVENTS", 300)
    monkeypatch.setattr(divergences, "MARGIN", 8)
    monkeypatch.setattr("processor.formats.own.GROUP_ROWS", 200)
    chance = Random(5)
    trades, updates = [], []
    for number in range(2400):
        now = START_NS + number * SECOND // 2
        for side, best in ((BID, 999), (ASK, 1001)):
            level = chance.randint(0, 6)
            size = 900 if chance.random() < 0.03 else chance.randint(1, 9)
            updates.append(Update(now, side, best - level if side == BID else best + level, size))
        size = 500 if chance.random() < 0.02 else chance.randint(1, 9)
        prices = chance.choice([[1001], [999], [1000, 1001, 1002], [1000 + chance.randint(-40, 40)]])
        trades += [Trade(now, price, size, chance.choice([BUY, SELL]) if len(prices) == 1 else BUY) for price in prices]
    return write(tmp_path / "market", columns_of_trades(trades), columns_of_book(updates))


def times_of(dataset: Path, kind: Kind, aggregation: Aggregation) -> list[int]:
    """In one pass."""
    source = open_source(open_dataset(dataset), None, "exchange", None)
    detector, batches = Detector(aggregation), Batches(aggregation)
    for chunk in source.start(aggregation, None, keep=None)[1]:
        detector.advance(batches.of(chunk.trades, chunk.book))
    source.close()
    detector.settle()
    return sorted({each.time_ns for each in detector.found if each.kind == kind})


def walked(source: Source, kind: Kind, aggregation: Aggregation, at_ns: int, *, forward: bool) -> list[int]:
    found = []
    while (next_ns := source.event_time(at_ns, kind, aggregation, forward=forward)) is not None:
        found.append(at_ns := next_ns)
    return found


@pytest.mark.parametrize(("kind", "interval"), [*((kind, "5s") for kind in KINDS), ("divergence", "50t")])
def test_files_and_store_know_the_same_times_of_events_as_one_pass(
    dataset: Path, tmp_path: Path, kind: Kind, interval: str
) -> None:
    aggregation = Settings(interval=interval).aggregation
    expected = times_of(dataset, kind, aggregation)
    assert len(expected) > 2
    files = open_source(open_dataset(dataset), None, "exchange", None)
    cached = open_source(open_dataset(dataset), None, "exchange", Cache(tmp_path / "cache", 10**9))
    try:
        assert walked(cached, kind, aggregation, 0, forward=True) == expected
        assert walked(cached, kind, aggregation, 2 * START_NS, forward=False) == expected[::-1]
        for at_ns in (0, expected[1]):
            assert files.event_time(at_ns, kind, aggregation, forward=True) == expected[0 if at_ns == 0 else 2]
        assert files.event_time(expected[1], kind, aggregation, forward=False) == expected[0]
    finally:
        files.close()
        cached.close()


ALERTS: Final = (
    ("(not size > 400) for 20 s", "price > 1001 for 700 ms", "sweep and price < 1010"),
    ("divergence or delta < -30", "obi_5 > 0.5 for 1 s"),
    ("size > 100000",),
)


def alert_times(dataset: Path, aggregation: Aggregation) -> list[int]:
    """In one pass."""
    source = open_source(open_dataset(dataset), None, "exchange", None)
    raising, batches = Raising(aggregation), Batches(aggregation)
    chunks = source.start(aggregation, None, keep=None)[1]
    alerts = [each for chunk in chunks for each in raising.take(batches.of(chunk.trades, chunk.book))]
    source.close()
    return sorted({each.time_ns for each in (*alerts, *raising.end())})


@pytest.mark.parametrize(
    ("alerts", "interval"), [(ALERTS[0], "5s"), (ALERTS[1], "5s"), (ALERTS[1], "50t"), (ALERTS[2], "5s")]
)
def test_files_and_store_know_the_same_times_of_alerts_as_one_pass(
    dataset: Path, tmp_path: Path, alerts: tuple[str, ...], interval: str
) -> None:
    aggregation = replace(Settings(interval=interval).aggregation, alerts=alerts)
    times = alert_times(dataset, aggregation)
    assert len(times) > 10 or alerts == ALERTS[-1]
    chance = Random(3)
    asked = [0, 2 * START_NS, *times[-2:], *(START_NS + chance.randint(0, 12_000) * SECOND // 10 for _ in range(40))]
    files = open_source(open_dataset(dataset), None, "exchange", None)
    cached = open_source(open_dataset(dataset), None, "exchange", Cache(tmp_path / "cache", 10**9))
    try:
        # It waits for the whole store, which is being made.
        assert cached.alert_time(2 * START_NS, aggregation, forward=True) is None
        for source, moments in ((files, asked[::15]), (cached, asked)):
            for at_ns in moments:
                following = min((each for each in times if each > at_ns), default=None)
                preceding = max((each for each in times if each < at_ns), default=None)
                assert source.alert_time(at_ns, aggregation, forward=True) == following
                assert source.alert_time(at_ns, aggregation, forward=False) == preceding
    finally:
        files.close()
        cached.close()


def test_there_is_a_clear_word_where_no_event_follows(dataset: Path) -> None:
    aggregation = Aggregation()
    source = open_source(open_dataset(dataset), None, "exchange", None)
    player = Player(source, aggregation, keep=10, expired=lambda: False, while_waiting=lambda: None)
    sweeps = times_of(dataset, "sweep", aggregation)
    assert player.nearest(sweeps[0], "sweep", forward=True) == sweeps[1]
    with pytest.raises(SettingError, match="expected a sweep that becomes known after"):
        player.nearest(sweeps[-1], "sweep", forward=True)
    with pytest.raises(SettingError, match="expected an absorption that becomes known before"):
        player.nearest(START_NS, "absorption", forward=False)
    with pytest.raises(SettingError, match=r"next alert.*expected an expression to be set before"):
        player.nearest(START_NS, "alert", forward=True)
    player.aggregation = replace(aggregation, alerts=("sweep",))
    assert player.nearest(sweeps[1], "alert", forward=False) == sweeps[0]
    with pytest.raises(SettingError, match="expected an alert that is raised after"):
        player.nearest(sweeps[-1], "alert", forward=True)

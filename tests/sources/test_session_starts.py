"""Where sessions start: the same in the files, in a store, and in a cache that is still being filled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from processor.core.merge import ordering
from processor.core.sessions import starts_among
from processor.errors import SettingError
from processor.formats import open_dataset
from processor.replay.player import Player
from processor.settings import Aggregation
from processor.sources.opening import open_source
from processor.sources.store import StoreSource
from processor.store import writer as writing
from processor.store.cache import Cache
from tests.core.markets import market, write

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from processor.sources.base import Source

HOUR_NS: Final = 3_600_000_000_000
DAY_NS: Final = 24 * HOUR_NS


def plain(times: list[int], session_ns: int = 0) -> list[int]:
    """The starts of sessions, as their definition says."""
    found = []
    for index, time_ns in enumerate(times):
        before_ns = times[index - 1] if index else None
        days = {(each - session_ns) // DAY_NS for each in (time_ns, before_ns or 0)}
        if before_ns is None or time_ns - before_ns >= HOUR_NS or len(days) > 1:
            found.append(time_ns)
    return found


def spread(times: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """The same times with pauses of up to ten hours now and then, some of exactly an hour."""
    chance = np.random.default_rng(seed)
    pauses = np.where(chance.random(len(times)) < 0.004, chance.integers(0, 10, len(times)) * HOUR_NS, 0)
    pauses[0] = 0
    moved: NDArray[np.int64] = times + np.cumsum(pauses)
    return moved


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "SEGMENT_EVENTS", 500)
    monkeypatch.setattr(ordering, "HELD_ROWS", 300)
    monkeypatch.setattr("processor.formats.own.GROUP_ROWS", 400)


@pytest.fixture
def dataset(tmp_path: Path) -> tuple[Path, list[int]]:
    """A market with pauses, and the times of its events."""
    trades, book = market(3_000)
    book = replace(book, time_ns=spread(book.time_ns, 1))
    # Trades pause where the book does.
    trades = replace(trades, time_ns=book.time_ns[:: len(book) // len(trades)][: len(trades)])
    return write(tmp_path / "market", trades, book), np.unique(book.time_ns).tolist()


def all_starts(source: Source, end_ns: int, session_ns: int) -> tuple[list[int], list[int]]:
    """Every start, found forwards and then backwards."""
    forwards, at_ns = [], 0
    while (found_ns := source.session_start(at_ns, session_ns, forward=True)) is not None:
        forwards.append(at_ns := found_ns)
    backwards, at_ns = [], end_ns + 1
    while (found_ns := source.session_start(at_ns, session_ns, forward=False)) is not None:
        backwards.append(at_ns := found_ns)
    return forwards, backwards[::-1]


def test_files_and_store_and_cache_know_the_same_starts_as_a_plain_reading(
    dataset: tuple[Path, list[int]], tmp_path: Path
) -> None:
    folder, times = dataset
    session_ns = times[1000] % DAY_NS
    expected = plain(times, session_ns)
    assert len(expected) > 8
    assert times[1000] in expected, "it starts within a segment"
    files = open_source(open_dataset(folder), None, "exchange", None)
    cached = open_source(open_dataset(folder), None, "exchange", Cache(tmp_path / "cache", 10**9))
    try:
        assert all_starts(cached, times[-1], 0) == (plain(times), plain(times))
        assert all_starts(cached, times[-1], session_ns) == (expected, expected)
        assert files.session_start(expected[2], session_ns, forward=True) == expected[3]
        assert files.session_start(expected[2], session_ns, forward=False) == expected[1]
        assert files.session_start(expected[-1], session_ns, forward=True) is None
    finally:
        files.close()
        cached.close()


def test_a_dense_segment_is_not_read_to_know_that_no_session_starts_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "SEGMENT_EVENTS", 500)
    source = open_source(
        open_dataset(write(tmp_path / "market", *market(3_000))), None, "exchange", Cache(tmp_path / "c", 10**9)
    )
    try:
        first_ns = source.session_start(0, 0, forward=True)
        assert first_ns is not None

        def refuse(*_: object) -> None:
            raise AssertionError

        monkeypatch.setattr(StoreSource, "chunk", refuse)
        assert source.session_start(first_ns, 0, forward=True) is None
    finally:
        source.close()


def test_there_is_a_clear_word_where_no_session_follows(dataset: tuple[Path, list[int]]) -> None:
    folder, times = dataset
    source = open_source(open_dataset(folder), None, "exchange", None)
    player = Player(source, Aggregation(), keep=10, expired=lambda: False, while_waiting=lambda: None)
    assert player.nearest(times[0], "session", forward=True) == plain(times)[1]
    with pytest.raises(SettingError, match="expected a session that starts after"):
        player.nearest(times[-1], "session", forward=True)
    with pytest.raises(SettingError, match="expected a session that starts before"):
        player.nearest(times[0], "session", forward=False)


def test_events_at_any_times_start_what_the_definition_says() -> None:
    chance = np.random.default_rng(7)
    for _ in range(200):
        times = np.unique(chance.integers(0, 4 * DAY_NS // HOUR_NS, 12)) * HOUR_NS + chance.integers(0, 2) * 1_800
        session_ns = int(chance.integers(0, 24)) * HOUR_NS
        expected = plain(times.tolist(), session_ns)
        assert starts_among(times, None, session_ns).tolist() == expected
        assert starts_among(times[3:], int(times[2]), session_ns).tolist() == [
            each for each in expected if each >= times[3]
        ]

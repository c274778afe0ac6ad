"""A replay that goes on from its moment in another way does not read the same segments again."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from processor.settings import Settings
from processor.sources.store import StoreSource
from processor.store.reader import read_segment
from tests.store.test_store import market_of_seconds, written

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from processor.core.merge.chunk import Chunk
    from processor.store.manifest import Segment

SECOND_NS = 10**9


def test_another_interval_at_the_same_moment_reads_no_segment_again_and_another_moment_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = written(tmp_path, market_of_seconds(600), segment_events=80)
    read: list[int] = []

    def counted(folder: Path, number: int, segment: Segment) -> Chunk:
        read.append(number)
        return read_segment(folder, number, segment)

    monkeypatch.setattr("processor.sources.store.read_segment", counted)

    def taken(source: StoreSource, interval: str, second: int) -> list[Chunk]:
        """The segment of a moment and the two after it, which a replay takes or reads ahead."""
        at_ns = (manifest.first_ns or 0) + second * SECOND_NS
        _, chunks = source.start(Settings(interval=interval).aggregation, at_ns, keep=1000)
        return [*islice(chunks, 3)]

    source = StoreSource(tmp_path, lambda: manifest)
    first = taken(source, "1s", 200)
    assert len(read) == 3
    assert taken(source, "5s", 200) == first
    assert taken(source, "1m", 200) == first
    assert len(read) == 3

    taken(source, "1m", 400)
    assert len(read) == 6
    again = taken(source, "1m", 200)
    assert len(read) == 9
    assert [chunk.until_ns for chunk in again] == [chunk.until_ns for chunk in first]


def test_reading_a_whole_store_holds_none_of_its_segments(tmp_path: Path) -> None:
    manifest = written(tmp_path, market_of_seconds(600), segment_events=80)
    source = StoreSource(tmp_path, lambda: manifest)
    _, chunks = source.start(Settings().aggregation, None, keep=None)
    assert len([*chunks]) == len(manifest.segments)
    assert source._held is None

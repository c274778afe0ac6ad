"""How often a worker reads, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared import DirectoryReader
from tests.browser.feeder import Feeder
from tests.shared.test_reader import Counting
from visualizer.server.feed import Feed

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """Seconds that pass while the directory is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, read_s: float) -> None:
        self.now_s = 0.0
        read = DirectoryReader.poll

        def slowly(reader: DirectoryReader) -> object:
            self.now_s += read_s
            return read(reader)

        monkeypatch.setattr(DirectoryReader, "poll", slowly)


@pytest.mark.parametrize("read_s", [0.001, 0.05])
def test_a_worker_reads_for_half_of_its_time_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_s: float
) -> None:
    clock = Clock(monkeypatch, read_s)
    feeder = Feeder(tmp_path / "ipc")
    feeder.publish()
    feed = Feed(tmp_path / "ipc", Counting(), lambda: clock.now_s)
    first, _ = feed.poll()
    feeder.publish()
    clock.now_s += 0.9 * read_s
    assert feed.poll() == (first, None)
    clock.now_s += 0.2 * read_s
    second, _ = feed.poll()
    assert first is not None
    assert second is not None
    assert second.status.generation > first.status.generation

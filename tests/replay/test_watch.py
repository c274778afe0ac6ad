"""The watch over the files of a dataset: what it tells, how often it looks, and that it tells it once."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from processor.formats import Dataset, open_dataset
from processor.replay.watch import DatasetWatch
from processor.units import NS_PER_SECOND
from tests.formats.samples import tardis
from tests.replay.fake_clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tardis(tmp_path / "dataset")


def test_a_change_is_told_once_and_not_before_two_seconds_have_passed(folder: Path) -> None:
    clock = FakeClock()
    watch = DatasetWatch(open_dataset(folder), clock)
    changed = next(path for path in sorted(folder.rglob("*")) if path.is_file())
    with changed.open("ab") as file:
        file.write(b"\n")
    clock.sleep(1.9)
    assert watch.new_changes() is None

    clock.sleep(0.2)
    assert watch.new_changes() == f"changed: {changed.name}"
    clock.sleep(10)
    assert watch.new_changes() is None


def test_files_that_stay_as_they_are_are_no_change_and_have_the_same_digest(folder: Path) -> None:
    clock = FakeClock()
    watch = DatasetWatch(open_dataset(folder), clock)
    clock.sleep(3)

    assert watch.new_changes() is None
    assert DatasetWatch(open_dataset(folder), clock).digest == watch.digest


def test_a_folder_that_takes_long_to_look_at_is_looked_at_for_a_hundredth_of_the_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    watch = DatasetWatch(open_dataset(folder), clock)
    looks: list[int] = []

    def slowly(_: Dataset) -> dict[Path, tuple[int, int]]:
        looks.append(clock.now_ns)
        clock.now_ns += NS_PER_SECOND // 2
        return {}

    monkeypatch.setattr(Dataset, "marks", slowly)
    monkeypatch.setattr("processor.replay.watch.changes", lambda _before, _after: "")
    for _ in range(1000):
        clock.sleep(0.25)
        watch.new_changes()

    assert len(looks) > 3
    assert all(later - earlier >= 50 * NS_PER_SECOND for earlier, later in pairwise(looks))

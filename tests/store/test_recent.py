"""Small files of a store are not read again as long as they are what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from processor.errors import DatasetError
from processor.names import openable
from processor.store import files

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read from now on, with nothing known of earlier ones."""
    found: list[str] = []

    def opened(path: Path) -> AbstractContextManager[object]:
        found.append(path.name)
        return openable(path)

    monkeypatch.setattr("processor.store.files.openable", opened)
    monkeypatch.setattr(files, "_RECENT", files._Recent())
    return found


def written(path: Path, *values: int) -> Path:
    pl.DataFrame({"a": values, "b": values}).write_parquet(path)
    return path


def test_a_file_is_read_once_for_the_same_columns_until_it_changes(tmp_path: Path, read: list[str]) -> None:
    path = written(tmp_path / "one", 1, 2)
    for _ in range(3):
        assert files.read_parquet(path)["a"].to_list() == [1, 2]
        assert files.read_parquet(path, ["b"]).columns == ["b"]
    assert read == ["one", "one"]

    written(path, 3)
    assert files.read_parquet(path)["a"].to_list() == [3]
    assert read == ["one"] * 3


def test_a_file_that_is_gone_is_not_known_any_more(tmp_path: Path, read: list[str]) -> None:
    path = written(tmp_path / "one", 1)
    files.read_parquet(path)
    path.unlink()
    with pytest.raises(DatasetError, match="one: not readable"):
        files.read_parquet(path)
    assert read == ["one"]


def test_what_was_asked_for_longest_ago_makes_room_and_what_is_large_is_not_kept(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two columns of two numbers take 32 bytes.
    monkeypatch.setattr(files, "_MOST_RECENT_BYTES", 8 * 32)
    names = [f"{number}" for number in range(9)]
    for name in names:
        files.read_parquet(written(tmp_path / name, 1, 2))
    files.read_parquet(tmp_path / "1")
    assert read == names
    files.read_parquet(tmp_path / "0")
    files.read_parquet(tmp_path / "1")
    assert read == [*names, "0"]

    large = written(tmp_path / "large", *range(3))
    files.read_parquet(large)
    files.read_parquet(large)
    assert read == [*names, "0", "large", "large"]

"""What a dataset is of which stores are a part: all of their files, all others beside them, and nothing else."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from processor.aggregate.table import aggregate_all
from processor.cli.conversion import convert
from processor.cli.inspection import inspect
from processor.errors import DatasetError
from processor.formats import open_dataset
from processor.settings import Settings
from processor.sources.opening import open_source
from processor.sources.store import StoreSource
from processor.store.manifest import STORE_VERSION
from processor.units import NS_PER_DAY, NS_PER_SECOND
from tests.formats.samples import TARDIS_TRADES

if TYPE_CHECKING:
    from pathlib import Path

_FIRST_DAY = 20301
_TRADES = 5


def _store(folder: Path, *days: int) -> Path:
    """A store of these days, each with trades at prices of its own: that of `binance:X` in `folder`."""
    times = [((_FIRST_DAY + day) * NS_PER_DAY + at * NS_PER_SECOND) // 1000 for day in days for at in range(_TRADES)]
    rows = [f"binance,X,{time},{time},{time},buy,{100 + time // 86_400_000_000 - _FIRST_DAY},2" for time in times]
    (folder / "raw").mkdir(parents=True)
    (folder / "raw" / "trades.csv").write_text("\n".join([TARDIS_TRADES, *rows]) + "\n")
    dataset = open_dataset(folder / "raw")
    made = convert(dataset, "binance:X", "exchange", folder, lambda _done: None)
    shutil.rmtree(folder / "raw")
    return made.folder


def _days(path: Path) -> list[tuple[int, float, float]]:
    """Of each day that is played: which, its price and its volume."""
    (found,) = aggregate_all(open_dataset(path), ["binance:X"], Settings(interval="1d"), None)
    rows = found.rows.select("timestamp_ms", "open", "volume").rows()
    return [(time // 86_400_000 - _FIRST_DAY, price, volume) for time, price, volume in rows]


def _expected(*days: int) -> list[tuple[int, float, float]]:
    return [(day, 100.0 + day, 2.0 * _TRADES) for day in days]


def test_a_day_that_was_copied_into_a_store_is_played_with_it(tmp_path: Path) -> None:
    store = _store(tmp_path / "one", 0, 1)
    (other,) = _store(tmp_path / "other", 2).glob("[!.]*")
    shutil.copytree(other, store / other.name)
    assert _days(tmp_path / "one") == _expected(0, 1, 2)


def test_a_folder_or_a_file_of_a_store_is_played_alone(tmp_path: Path) -> None:
    first, second = sorted(_store(tmp_path, 0, 1).glob("[!.]*"))
    assert _days(second) == _expected(1)
    (file,) = first.iterdir()
    assert _days(file) == _expected(0)


def test_a_whole_store_is_played_from_any_moment_also_through_a_link(tmp_path: Path) -> None:
    _store(tmp_path / "made", 0, 1)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "here").symlink_to(tmp_path / "made")
    for folder in ("made", "linked"):
        assert isinstance(open_source(open_dataset(tmp_path / folder), None, "exchange", None), StoreSource)


@pytest.mark.parametrize("days_left", [0, 1])
def test_of_several_stores_in_a_folder_none_may_miss_a_file(tmp_path: Path, days_left: int) -> None:
    _store(tmp_path / "one", 0)
    days = sorted(_store(tmp_path / "other", 1, 2).glob("[!.]*"))
    assert _days(tmp_path) == _expected(0, 1, 2)
    for day in days[days_left:]:
        shutil.rmtree(day)
    with pytest.raises(DatasetError, match=r"trades-000\d\.parquet, which .*manifest\.json names, cannot be read"):
        _days(tmp_path)
    with pytest.raises(DatasetError, match="cannot be read"):
        inspect(tmp_path, None, "exchange")


def test_several_stores_of_another_version_are_played_by_their_events(tmp_path: Path) -> None:
    for day in (0, 1):
        manifest = _store(tmp_path / str(day), day) / ".index" / "manifest.json"
        manifest.write_text(manifest.read_text().replace(f'"version":"{STORE_VERSION}"', '"version":"1"', 1))
    assert _days(tmp_path) == _expected(0, 1)
    with pytest.raises(DatasetError, match="Convert the dataset again"):
        _days(tmp_path / "0")


def test_what_a_store_of_another_instrument_lacks_does_not_matter(tmp_path: Path) -> None:
    lacking = _store(tmp_path / "one", 0)
    for file in lacking.rglob("trades*"):
        file.unlink()
    manifest = lacking / ".index" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("binance:X", "binance:Y"))
    _store(tmp_path / "other", 1)
    assert _days(tmp_path) == _expected(1)


def test_a_conversion_that_still_grows_beside_a_store_is_not_looked_at(tmp_path: Path) -> None:
    _store(tmp_path, 0)
    growing = _store(tmp_path / "made", 1)
    (file,) = growing.rglob("trades*")
    file.unlink()
    growing.rename(tmp_path / ".growing.partial")
    assert _days(tmp_path) == _expected(0)

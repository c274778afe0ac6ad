"""A file is of one format at most, whatever the order in which the formats are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.errors import NothingToReplay
from processor.formats.disk.dataset_files import files_of
from processor.formats.disk.files import SourceFile
from processor.formats.registry import formats
from tests.formats import test_dbn, test_hftbacktest, test_iex, test_itch, test_mapping, test_sierra, test_sqlite_tables
from tests.formats.samples import write
from tests.formats.test_reading import WRITERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processor.formats.base import Format


def claims(path: Path) -> list[str]:
    return claims_on(SourceFile(path))


def claims_on(file: SourceFile) -> list[str]:
    head = file.head()
    return [known.name for known in formats() if is_claimed(known, file, head)]


def is_claimed(known: Format, file: SourceFile, head: bytes) -> bool:
    try:
        return bool(known.instruments(file, head))
    except NothingToReplay:
        return False


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__)
def test_every_sample_is_claimed_by_exactly_one_format(tmp_path: Path, writer: Callable[[Path], Path]) -> None:
    found = {path.name: claims(path) for path in writer(tmp_path).rglob("*") if path.is_file()}
    assert found
    assert {name: by for name, by in found.items() if len(by) != 1} == {}


@pytest.mark.parametrize(
    ("writer", "name"),
    [
        (lambda folder: test_dbn.mbo(folder, test_dbn.CLEARED), "databento-dbn"),
        (lambda folder: test_hftbacktest.npz(folder, test_hftbacktest.new(test_hftbacktest.ROWS)), "hftbacktest"),
        (lambda folder: test_hftbacktest.npz(folder, test_hftbacktest.old(test_hftbacktest.ROWS)), "hftbacktest"),
        (lambda folder: test_iex.deep(folder, []), "iex"),
        (lambda folder: test_itch.day(folder, test_itch.delete(1, 1)), "itch"),
        (test_mapping.trades_file, "mapping"),
        (lambda folder: write(folder / "X.scid", test_sierra.scid(test_sierra.trade(0, 1, bought=1))), "sierra"),
        (lambda folder: write(folder / "X.depth", test_sierra.depth(test_sierra.change(0, 1))), "sierra"),
        (lambda folder: test_sqlite_tables.database(folder / "a.db", test_sqlite_tables.TRADES), "sqlite"),
    ],
    ids=["dbn", "npz", "old-npz", "iex", "itch", "mapping", "scid", "depth", "sqlite"],
)
def test_every_sample_that_is_no_plain_text_is_claimed_by_its_format_alone(
    tmp_path: Path, writer: Callable[[Path], Path], name: str
) -> None:
    writer(tmp_path)
    assert [by for file in files_of(tmp_path, lambda *_: None) if (by := claims_on(file))] == [[name]]


def test_every_recorded_file_is_claimed_by_one_format_at_most(shared_data: Path) -> None:
    folders = ("binance-raw", "databento", "more", "okx-raw", "sqlite", "tardis", "expected")
    files = [path for folder in folders for path in (shared_data / folder).rglob("*") if path.is_file()]
    assert {path.name: by for path in files if len(by := claims(path)) > 1} == {}


@pytest.mark.parametrize("name", ["bybit_float_seconds.csv", "okx_gbk_header.csv"])
def test_every_spoilt_file_that_plays_is_claimed_by_exactly_one_format(shared_data: Path, name: str) -> None:
    assert len(claims(shared_data / "malformed" / name)) == 1

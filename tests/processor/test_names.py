"""Files are shown and opened whatever they are called."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import polars as pl
import pytest

from processor.aggregate.table import aggregate_all
from processor.cli.conversion import convert
from processor.core.report import Report
from processor.formats import open_dataset
from processor.names import openable, printable, printable_lines
from processor.replay.resume import path_text
from processor.replay.session_info import session_info
from processor.settings import Settings
from processor.sources.opening import open_source
from processor.store.cache import Cache
from tests.formats.samples import tardis

if TYPE_CHECKING:
    from pathlib import Path

NO_UNICODE = os.fsdecode(b"caf\xe9")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("trades (1).csv", "trades (1).csv"),
        ("\u00e9t\u00e9\u3000\u00a0", "\u00e9t\u00e9\u3000\u00a0"),
        (NO_UNICODE, "caf\\xe9"),
        ("\x1b[31m\n", "\\x1b[31m\\n"),
        ("a\u202eb\u2028\ud800", "a\\u202eb\\u2028\\ud800"),
    ],
)
def test_a_name_is_shown_as_it_is_but_for_what_cannot_be_shown(name: str, shown: str) -> None:
    assert printable(name) == shown
    assert printable_lines(f"{name.strip()}\nb").endswith("\nb")


@pytest.mark.parametrize("name", ["a.parquet", f"{NO_UNICODE}.parquet", "trades[1].parquet", "a*?.parquet", "\u00e9"])
def test_polars_opens_a_file_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        pl.DataFrame({"a": [1]}).write_parquet(file)
    (tmp_path / "trades1.parquet").write_bytes(b"another one")
    with openable(path) as opened:
        assert pl.read_parquet(opened)["a"].to_list() == [1]
    assert path.is_file()


def test_a_dataset_in_a_folder_whose_name_is_no_unicode_is_aggregated_kept_and_converted(tmp_path: Path) -> None:
    folder = tardis(tmp_path / NO_UNICODE / NO_UNICODE)
    dataset = open_dataset(folder)
    cache = Cache(tmp_path / NO_UNICODE / "cache", 1 << 30)
    cold, warm = (aggregate_all(dataset, dataset.instruments, Settings(), cache) for _ in range(2))
    assert (cold[0].trades, warm[0].rows.equals(cold[0].rows)) == (3, True)
    convert(dataset, dataset.instruments[0], "exchange", tmp_path / f"{NO_UNICODE}[1]")
    kept = open_dataset(tmp_path / f"{NO_UNICODE}[1]")
    source = open_source(kept, None, "exchange", None)
    source.close()
    assert source.time_range is not None
    assert kept.open(None, "exchange", Report()).size_bytes
    assert session_info(folder, Settings()).dataset == "caf\\xe9"


def test_where_a_dataset_lies_is_remembered_whatever_it_is_called(tmp_path: Path) -> None:
    assert path_text(tmp_path) == str(tmp_path)
    assert path_text(tmp_path / NO_UNICODE) == f"{tmp_path.as_uri()}/caf%E9"

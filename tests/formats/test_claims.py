"""A file is of one format at most, whatever the order in which the formats are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from processor.formats import FORMATS
from processor.formats.base import SourceFile
from tests.formats.test_reading import WRITERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def claims(path: Path) -> list[str]:
    file = SourceFile(path)
    head = file.head()
    return [known.name for known in FORMATS if known.instruments(file, head)]


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__)
def test_every_sample_is_claimed_by_exactly_one_format(tmp_path: Path, writer: Callable[[Path], Path]) -> None:
    found = {path.name: claims(path) for path in writer(tmp_path).rglob("*") if path.is_file()}
    assert found
    assert {name: by for name, by in found.items() if len(by) != 1} == {}


def test_every_recorded_file_is_claimed_by_one_format_at_most(shared_data: Path) -> None:
    folders = ("binance-raw", "databento", "okx-raw", "sqlite", "tardis", "expected")
    files = [path for folder in folders for path in (shared_data / folder).rglob("*") if path.is_file()]
    assert {path.name: by for path in files if len(by := claims(path)) > 1} == {}


@pytest.mark.parametrize("name", ["bybit_float_seconds.csv", "okx_gbk_header.csv"])
def test_every_spoilt_file_that_plays_is_claimed_by_exactly_one_format(shared_data: Path, name: str) -> None:
    assert len(claims(shared_data / "malformed" / name)) == 1

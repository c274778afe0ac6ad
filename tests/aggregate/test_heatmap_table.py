"""The table of the heatmap on real recordings, beside what an independent program made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from typer.testing import CliRunner

from processor.cli.main import app
from tests.aggregate.recordings import RECORDINGS, expected_tables, tabled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def within(cells: pl.DataFrame, windows: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The cells inside the windows that the expected ones are listed in."""
    inside = cells.join(pl.DataFrame(windows), on="timestamp_ms")
    inside = inside.filter(pl.col("row_price").is_between("first_row", "last_row"))
    return inside.select("timestamp_ms", "side", "row_price", "size").to_dict(as_series=False)


@pytest.mark.parametrize("mode", ["last", "max"])
@pytest.mark.parametrize(("folder", "name", "interval"), RECORDINGS)
def test_a_recording_gives_the_expected_cells(
    shared_data: Path,
    converted: Callable[[str], Path],
    tmp_path: Path,
    folder: str,
    name: str,
    interval: str,
    mode: str,
) -> None:
    expected, row = expected_tables(shared_data, name)
    cells = tabled(
        converted(folder), "heatmap", tmp_path / "table.parquet", "--mode", mode, "--row", row, "--interval", interval
    )

    assert within(cells, expected["heatmap_windows"]) == expected["heatmap" if mode == "last" else "heatmap_max"]


def test_columns_have_a_length_of_their_own(shared_data: Path, tmp_path: Path) -> None:
    of_bars = tabled(shared_data / "lobster", "heatmap", tmp_path / "bars.parquet", "--interval", "5m")
    of_columns = tabled(
        shared_data / "lobster", "heatmap", tmp_path / "columns.parquet", "--interval", "1h", "--column", "5m"
    )

    assert of_columns.equals(of_bars)
    done = CliRunner().invoke(app, ["aggregate", "x", "--view", "heatmap", "--out", "x.csv", "--column", "8d"])
    assert str(done.exception).startswith("invalid column '8d'")

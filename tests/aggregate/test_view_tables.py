"""The tables behind the views, against those of an independent program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.aggregate.recordings import RECORDINGS, expected_tables, tabled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FROM_FILES: Final = {"footprint", "events"}
"""What is read from the files, too: of the trades with their price step, and of trades and book."""
QUOTIENTS: Final = {"vwap", "session_vwap", "session_sigma"}


@pytest.mark.parametrize("view", ["footprint", "statistics", "profile", "tape", "cvd_by_size", "measures", "events"])
@pytest.mark.parametrize(("folder", "name", "interval"), RECORDINGS)
def test_a_recording_gives_the_expected_table_from_a_store_and_from_its_files(
    shared_data: Path,
    converted: Callable[[str], Path],
    tmp_path: Path,
    folder: str,
    name: str,
    interval: str,
    view: str,
) -> None:
    expected, row = expected_tables(shared_data, name)
    wanted: dict[str, list[Any]] = expected[view]
    edges = wanted.pop("edges", [])
    wanted |= {f"edge_{number}": [edge] * len(wanted["timestamp_ms"]) for number, edge in enumerate(edges, 1)}
    options = ("--row", row, "--interval", interval, "--cache", "off")
    for source in [converted(folder), *([shared_data / folder] if view in FROM_FILES else [])]:
        found = tabled(source, view, tmp_path / "table.parquet", *options).to_dict(as_series=False)
        for column, values in wanted.items():
            if column in QUOTIENTS:
                assert found[column] == pytest.approx(values, rel=1e-12, abs=0), column
            else:
                assert found[column] == values, column

"""`processor alerts`, and the option of the replay, as their users meet them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from shared import STATUS_FILE
from tests.cli.running import run_here
from tests.core.markets import market, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("markets") / "walk", *market(rows=2000))


def test_all_alerts_of_the_history_are_a_table(dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "alerts.csv"
    found = run_here("alerts", dataset, "obi_10 > 0.2  for 3 s", "size > 9", "--out", out, "--cache", "off")
    assert found.returncode == 0, found.stderr
    rows = pl.read_csv(out)
    assert rows.columns == ["time_ns", "from_ns", "expression", "value", "price"]
    assert set(rows["expression"]) == {"obi_10 > 0.2 for 3 s", "size > 9"}
    assert rows["time_ns"].is_sorted()
    lasting = rows.filter(pl.col("expression").str.starts_with("obi"))
    assert set(lasting["time_ns"] - lasting["from_ns"]) == {3_000_000_000}
    assert lasting["value"].min() > 0.2  # type: ignore[operator] # a number
    assert f"{out}: {len(rows)} alerts of " in found.stderr
    later = run_here("alerts", dataset, "size > 9", "--out", tmp_path / "later.parquet", "--start", "+1h")
    assert later.returncode == 0, later.stderr
    times = rows.filter(pl.col("expression") == "size > 9")["time_ns"]
    kept = pl.read_parquet(tmp_path / "later.parquet")["time_ns"].to_list()
    assert 0 < len(kept) < len(times)
    assert kept == times.to_list()[-len(kept) :]


def test_an_expression_that_means_nothing_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    found = run_here("alerts", tmp_path / "missing", "obi10 > 0.6", "--out", tmp_path / "alerts.csv")
    assert found.returncode == 1
    assert "invalid alert 'obi10 > 0.6': unknown name 'obi10' at column 1" in found.stderr
    assert "did you mean obi_10?" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_replay_raises_the_alerts_it_is_given_and_says_which(dataset: Path, tmp_path: Path) -> None:
    given = ("--alert", "size > 9", "--alert", "obi_10 > 0.2 for 3 s")
    pace = ("--speed", "max", "--at-end", "exit", "--views", "alerts", "--cache", "off")
    found = run_here("replay", dataset, "--out", tmp_path, *given, *pace)
    assert found.returncode == 0, found.stderr
    assert json.loads((tmp_path / STATUS_FILE).read_bytes())["alerts"] == ["size > 9", "obi_10 > 0.2 for 3 s"]
    rows = json.loads((tmp_path / "alerts_data.json").read_bytes())
    assert {row[2] for row in rows} == {"size > 9", "obi_10 > 0.2 for 3 s"}
    refused = run_here("replay", dataset, "--out", tmp_path, "--alert", "sweep > 1")
    assert refused.returncode == 1
    assert "sweep is an event, without a value" in refused.stderr


def test_several_alerts_in_the_environment_have_semicolons_between_them(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.cli.running._clean", lambda: {"PROCESSOR_ALERT": "size > 9; sweep ;"})
    found = run_here("replay", dataset, "--out", tmp_path, "--speed", "max", "--at-end", "exit", "--cache", "off")
    assert found.returncode == 0, found.stderr
    assert json.loads((tmp_path / STATUS_FILE).read_bytes())["alerts"] == ["size > 9", "sweep"]

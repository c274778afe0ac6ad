"""`processor still`, and what a reader and the validator make of what it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared import REPORT_FILE, DirectoryReader
from shared.still import packed
from shared.validate import faults
from tests.browser.feeder import Feeder
from tests.cli.running import run_here
from tests.visualizer.pictures import report

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    feeder = Feeder(tmp_path / "ipc", bars=20)
    feeder.publish()
    feeder.close()
    picture = DirectoryReader(tmp_path / "ipc").poll()
    assert picture is not None
    path = tmp_path / "still.zip"
    path.write_bytes(packed(picture))
    return path


def test_a_still_picture_becomes_a_directory_that_keeps_the_contract(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run_here("still", file, "--out", out)
    assert (done.returncode, "BTCUSDT of random walk" in done.stderr) == (0, True)
    assert faults(out) == []
    picture = DirectoryReader(out).poll()
    assert picture is not None
    assert picture.status.still_ms == picture.status.published_at_ms
    assert len(picture.ohlc) == 21
    health = run_here("health", out)
    assert (health.returncode, "still picture" in health.stderr) == (1, True)


def test_what_another_session_has_left_there_goes(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    feeder = Feeder(out, session="before")
    feeder.report = report()
    feeder.publish()
    refused = run_here("still", file, "--out", out)
    assert (refused.returncode, "already has a writer" in refused.stderr) == (1, True)
    feeder.close()
    assert run_here("still", file, "--out", out).returncode == 0
    assert not (out / REPORT_FILE).exists()
    assert faults(out) == []


def test_what_is_no_still_picture_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "odd.zip").write_bytes(b"PK\x03\x04 but no zip")
    for name, reason in (("odd.zip", "is no still picture"), ("none.zip", "cannot be read")):
        done = run_here("still", tmp_path / name, "--out", tmp_path / "out")
        assert (done.returncode, reason in done.stderr) == (1, True)
    assert not (tmp_path / "out").exists()

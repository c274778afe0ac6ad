from __future__ import annotations

from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from visualizer.server.asking import Asking

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_pages_ask_for_is_asked_for_in_the_control_directory_every_two_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    asking = Asking(tmp_path / "control", names=("tape",))
    asking.note(["ohlc", "tape", "../../escape"])
    assert [path.name for path in (tmp_path / "control/views").iterdir()] == ["tape"]
    assert [path.name for path in tmp_path.iterdir()] == ["control"]

    (tmp_path / "control/views/tape").unlink()
    now_s += 1.9
    asking.note(["tape"])
    assert not (tmp_path / "control/views/tape").exists()
    now_s += 0.2
    asking.note(["tape"])
    assert (tmp_path / "control/views/tape").exists()


def test_a_page_that_may_not_write_asks_for_nothing() -> None:
    Asking(None, names=("tape",)).note(["tape"])


def test_a_directory_that_cannot_be_written_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    (tmp_path / "control").write_text("no directory")
    asking = Asking(tmp_path / "control", names=("tape",))
    with capture_logs() as logs:
        for _ in range(3):
            asking.note(["tape"])
            now_s += 10
    assert [(log["event"], log["view"]) for log in logs] == [("view_not_asked_for", "tape")]

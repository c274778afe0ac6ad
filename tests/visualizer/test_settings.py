from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from visualizer.server.settings import SettingError, Settings, describe, load


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(f"VISUALIZER_{field.upper()}", raising=False)


def test_defaults_serve_the_local_page() -> None:
    settings = load()
    assert (settings.host, settings.port) == ("127.0.0.1", 8050)
    assert settings.ipc_dir == Path("data/ipc")
    assert settings.poll_ms == 500


def test_every_setting_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUALIZER_IPC_DIR", "/srv/ipc")
    monkeypatch.setenv("visualizer_workers", "3")
    monkeypatch.setenv("VISUALIZER_HOST", "")
    settings = load()
    assert settings.ipc_dir == Path("/srv/ipc")
    assert settings.workers == 3
    assert settings.host == "127.0.0.1"


def test_a_misspelt_name_is_refused_with_the_nearest_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUALIZER_POTR", "9000")
    with pytest.raises(SettingError, match="VISUALIZER_POTR is not a setting; did you mean VISUALIZER_PORT"):
        load()


def test_a_value_that_will_not_do_is_named_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUALIZER_PORT", "eighty")
    with pytest.raises(SettingError, match=r"VISUALIZER_PORT='eighty' will not do: .*integer"):
        load()


def test_settings_do_not_change_after_they_are_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().port = 1


def test_the_help_lists_every_setting() -> None:
    text = describe()
    for field in Settings.model_fields:
        assert f"VISUALIZER_{field.upper()}=" in text


def test_a_wrong_setting_ends_the_command_with_a_sentence() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "visualizer"],
        env={"VISUALIZER_THREDS": "2"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert "did you mean VISUALIZER_THREADS?" in ended.stderr
    assert "Traceback" not in ended.stderr

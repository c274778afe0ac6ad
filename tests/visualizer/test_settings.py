from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from visualizer.server.settings import SettingError, Settings, describe, load

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize(
    ("host", "bind"),
    [("127.0.0.1", "127.0.0.1:8050"), ("::1", "[::1]:8050"), ("[::1]", "[::1]:8050"), ("localhost", "localhost:8050")],
)
def test_the_server_is_bound_to_addresses_of_both_kinds(monkeypatch: pytest.MonkeyPatch, host: str, bind: str) -> None:
    monkeypatch.setenv("VISUALIZER_HOST", host)
    monkeypatch.setattr("visualizer.metrics.folder.claimed", Path)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    assert runpy.run_path(str(ROOT / "visualizer/gunicorn.conf.py"))["bind"] == bind


def test_a_wrong_setting_ends_the_command_with_a_sentence() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "visualizer"],
        env={"VISUALIZER_THREDS": "2"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert "did you mean VISUALIZER_THREADS?" in ended.stderr
    assert "Traceback" not in ended.stderr


EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound
TOKEN = "a-token-of-24-characters"  # noqa: S105 - nobody's
OTHER = "another-token-of-the-like"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "localhost", "::1", "[::1]"])
def test_on_loopback_no_token_is_needed(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("VISUALIZER_HOST", host)
    assert load().tokens == {}


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "[::]", "192.168.1.7", "replay.example", "desk", ""])
@pytest.mark.parametrize("variable", ["HOST", "PUBLISHED"])
def test_beyond_loopback_there_is_no_start_without_a_token(
    monkeypatch: pytest.MonkeyPatch, host: str, variable: str
) -> None:
    monkeypatch.setenv(f"VISUALIZER_{variable}", host)
    if not host:
        assert load().tokens == {}
        return
    with pytest.raises(SettingError) as refused:
        load()
    assert "set VISUALIZER_TOKEN" in str(refused.value)
    assert "VISUALIZER_LOGIN=off" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("variable", ["VISUALIZER_TOKEN", "VISUALIZER_WATCH_TOKEN"])
def test_beyond_loopback_either_token_is_enough(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv("VISUALIZER_HOST", EVERYWHERE)
    monkeypatch.setenv(variable, TOKEN)
    assert list(load().tokens.values()) == [TOKEN]


def test_beyond_loopback_everybody_may_do_everything_if_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUALIZER_HOST", EVERYWHERE)
    monkeypatch.setenv("VISUALIZER_LOGIN", "off")
    assert load().tokens == {}


def test_a_container_that_is_published_on_loopback_needs_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUALIZER_HOST", EVERYWHERE)
    monkeypatch.setenv("VISUALIZER_PUBLISHED", "127.0.0.1")
    assert load().tokens == {}


def test_tokens_may_be_in_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "steer").write_text(f"{TOKEN}\n")
    (tmp_path / "watch").write_text(OTHER)
    monkeypatch.setenv("VISUALIZER_TOKEN_FILE", str(tmp_path / "steer"))
    monkeypatch.setenv("VISUALIZER_WATCH_TOKEN_FILE", str(tmp_path / "watch"))
    assert load().tokens == {"steer": TOKEN, "watch": OTHER}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"TOKEN": "short"}, "VISUALIZER_TOKEN will not do: expected 16 to 256 printable ASCII characters"),
        ({"WATCH_TOKEN": "with a space in it, and"}, "VISUALIZER_WATCH_TOKEN will not do"),
        ({"TOKEN": "x" * 257}, "VISUALIZER_TOKEN will not do"),
        ({"TOKEN": "é" * 20}, "VISUALIZER_TOKEN will not do"),
        ({"TOKEN": TOKEN, "WATCH_TOKEN": TOKEN}, "are the same"),
        ({"TOKEN": TOKEN, "LOGIN": "off"}, "VISUALIZER_LOGIN=off contradicts the token"),
        ({"TOKEN": TOKEN, "TOKEN_FILE": "whole"}, "VISUALIZER_TOKEN and VISUALIZER_TOKEN_FILE are both given"),
        ({"TOKEN_FILE": "none"}, "none' cannot be read: No such file"),
        ({"TOKEN_FILE": "pipe"}, "pipe' cannot be read: "),
        ({"TOKEN_FILE": "empty"}, "empty' is empty; it must hold a token"),
        ({"TOKEN_FILE": "binary"}, "binary' cannot be read: "),
        ({"TOKEN_FILE": "long"}, "long' cannot be read: "),
        ({"WATCH_TOKEN_FILE": "weak"}, "VISUALIZER_WATCH_TOKEN will not do"),
        ({"PROXIES": "*"}, "is no address"),
    ],
)
def test_what_protects_nothing_is_refused_and_no_token_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], reason: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    files = {"whole": TOKEN.encode(), "empty": b" \n", "binary": b"\xff" * 20, "long": b"x" * 1000, "weak": b"weak-one"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    for name, value in given.items():
        monkeypatch.setenv(f"VISUALIZER_{name}", str(tmp_path / value) if name.endswith("FILE") else value)
    with pytest.raises(SettingError) as refused:
        load()
    assert reason in str(refused.value)
    secrets = [value for name, value in given.items() if name.endswith("TOKEN")] + ["weak-one"]
    assert not any(secret in str(refused.value) for secret in secrets)
    assert "\n" not in str(refused.value)

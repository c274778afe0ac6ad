"""By which names the server may be asked for anything at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from shared import CONTROL_FILE
from visualizer.server import page_files
from visualizer.server.dashboard import create
from visualizer.server.hosts import is_ours, listed
from visualizer.server.settings import SettingError, Settings, load

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

STYLE = re.findall(r'href="(.*?)"', page_files.STYLES)[0]
ENTRY = re.findall(r'src="(.*)"', page_files.ENTRY)[0]
NAMES = listed(" Replay.example, replay.lan. ,")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("named")


@pytest.fixture(scope="module")
def client(folder: Path) -> FlaskClient:
    settings = Settings(ipc_dir=folder / "ipc", control_dir=folder / "control", names="replay.example")
    client: FlaskClient = create(settings, clock_s=lambda: 0.0).server.test_client()
    return client


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:8050", "192.168.1.7", "[::1]:8050", "[2001:db8::7]", "[::ffff:127.0.0.1]:80"),
        *("localhost", "LOCALHOST:8050", "localhost.", "replay.localhost:8050", "a.b.localhost"),
        *("visualizer:8050", "my_host", "desk-7:8050", "Desk"),
        *("replay.example", "REPLAY.example:443", "replay.example.", "replay.lan:8050", "replay.lan.:8050"),
    ],
)
def test_what_nobody_else_can_register_and_what_is_listed_is_ours(host: str) -> None:
    assert is_ours(host, NAMES)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8050", "sub.replay.example", "replay.example.evil.example", "xreplay.example"),
        *("127.0.0.1.evil.example", "localhost.evil.example", "evil-localhost.example", "evillocalhost.example"),
        *("256.0.0.1", "127.0.0.1.1", "1.2.3", "::1", "[::1", "[evil.example]", "[fe80::1%eth0]", "[]"),
        *("", ":8050", ".", "..", "..localhost", "localhost:80:80", "localhost:x", "a b", "a/b", "a@localhost"),
        *("localhost, evil.example", "löcal", "localhost\n"),
    ],
)
def test_any_other_name_and_what_is_no_name_is_not(host: str) -> None:
    assert not is_ours(host, NAMES)


@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/report.json", "/_dash-layout", STYLE, ENTRY, "/none"])
def test_whatever_is_asked_for_by_another_name_is_refused_with_the_name_and_the_setting(
    client: FlaskClient, path: str
) -> None:
    answer = client.get(path, headers={"Host": "evil.example:8050"})
    assert answer.status_code == 403
    assert answer.content_type.startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.text == (
        "This server does not answer to the name 'evil.example:8050'; if it is meant to, list it in VISUALIZER_NAMES.\n"
    )


@pytest.mark.parametrize("path", ["/control", "/poll"])
def test_nothing_can_be_sent_to_another_name(client: FlaskClient, folder: Path, path: str) -> None:
    headers = {"Host": "evil.example", "Origin": "http://evil.example"}
    assert client.post(path, json={"action": "play"}, headers=headers).status_code == 403
    assert not (folder / "control" / CONTROL_FILE).exists()


def test_what_is_shown_of_a_name_is_short_and_plain(client: FlaskClient) -> None:
    answer = client.get("/", headers={"Host": "<b>\x1b[1mé" + 5000 * "x"})
    assert answer.status_code == 403
    assert answer.text.removesuffix("\n").isprintable()
    assert answer.text.isascii()
    assert len(answer.text) < 300


def test_a_request_without_a_name_is_refused(client: FlaskClient) -> None:
    assert client.get("/health", headers={"Host": ""}).status_code == 403


def test_a_listed_name_and_the_services_of_compose_are_answered(client: FlaskClient) -> None:
    for host in ("replay.example", "visualizer:8050", "127.0.0.1:8050"):
        assert client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("text", ["https://replay.example", "replay.example:443", "*.example", "a b", "bücher.example"])
def test_what_is_no_name_is_refused_as_a_setting(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("VISUALIZER_NAMES", text)
    with pytest.raises(SettingError, match=r"VISUALIZER_NAMES=.* is no name; expected names like replay\.example"):
        load()

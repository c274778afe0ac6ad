"""POST /control: what is written for whom, and what is refused with which status and sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from shared import CONTROL_FILE, MAX_CONTROL_BYTES, decode_command
from visualizer.server.dashboard import create
from visualizer.server.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

PLAY = {"action": "play"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("steered")
    return Settings(ipc_dir=folder / "ipc", control_dir=folder / "control", names="replay.example")


@pytest.fixture(scope="module")
def shared_client(settings: Settings) -> FlaskClient:
    client: FlaskClient = create(settings).server.test_client()
    return client


@pytest.fixture
def client(shared_client: FlaskClient, path: Path) -> FlaskClient:
    path.unlink(missing_ok=True)
    return shared_client


@pytest.fixture
def path(settings: Settings) -> Path:
    return settings.control_dir / CONTROL_FILE


def refused(answer: TestResponse, status: int) -> str:
    assert answer.status_code == status
    assert answer.content_type == "application/json"
    body = json.loads(answer.data)
    assert set(body) == {"error"}
    return str(body["error"])


def test_a_command_is_written_and_answered_with_its_id(client: FlaskClient, path: Path) -> None:
    answer = client.post("/control", json={"action": "seek", "fraction": 0.5, "session": "s"})

    assert answer.status_code == 202
    assert answer.json
    written: dict[str, Any] = json.loads(path.read_bytes())
    assert written == {"contract": "1.0", "action": "seek", "fraction": 0.5, "session": "s", "id": answer.json["id"]}
    assert decode_command(path.read_bytes()).id == answer.json["id"]


def test_the_page_chooses_neither_the_id_nor_the_version(client: FlaskClient, path: Path) -> None:
    answer = client.post("/control", json=PLAY | {"id": "mine", "contract": "9.9"})

    assert answer.status_code == 202
    assert "mine" not in path.read_text()
    assert json.loads(path.read_bytes())["contract"] == "1.0"


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b'{"action": "jump"}', "action 'jump' is unknown; there are play"),
        (b'{"action": "step", "unit": "bars"}', "expected event or book or trade or bar"),
        (b"{}", "there is no action"),
        (b"[]", "holds no object"),
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 9000, "nested too deeply"),
    ],
)
def test_what_is_no_command_is_refused_with_what_would_be_right(
    client: FlaskClient, path: Path, body: bytes, hint: str
) -> None:
    answer = client.post("/control", data=body, content_type="application/json")

    assert hint in refused(answer, 400)
    assert not path.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:81"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_page_of_another_site_writes_nothing(client: FlaskClient, path: Path, headers: dict[str, str]) -> None:
    assert "another site" in refused(client.post("/control", json=PLAY, headers=headers), 403)
    assert not path.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "https://replay.example", "Host": "replay.example"},
        {"Origin": "https://replay.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_the_own_page_and_a_program_may_write(client: FlaskClient, path: Path, headers: dict[str, str]) -> None:
    assert client.post("/control", json=PLAY, headers=headers).status_code == 202
    assert path.exists()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_form_could_send_is_refused(client: FlaskClient, path: Path, kind: str) -> None:
    answer = client.post("/control", data=json.dumps(PLAY), content_type=kind)

    assert "application/json" in refused(answer, 415)
    assert not path.exists()


def test_an_oversized_body_is_refused(client: FlaskClient, path: Path) -> None:
    body = json.dumps(PLAY | {"session": "s" * MAX_CONTROL_BYTES})

    assert "at most 16384 bytes" in refused(client.post("/control", data=body, content_type="application/json"), 413)
    assert not path.exists()


def test_other_methods_are_not_for_it(client: FlaskClient) -> None:
    assert client.get("/control").status_code != 202
    assert client.put("/control", json=PLAY).status_code == 405


def test_a_read_only_page_writes_nothing(tmp_path: Path) -> None:
    settings = Settings(ipc_dir=tmp_path, control_dir=tmp_path / "control", control="off")
    client = create(settings).server.test_client()

    assert "VISUALIZER_CONTROL is off" in refused(client.post("/control", json=PLAY), 403)
    assert not (tmp_path / "control").exists()


def test_a_directory_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "control").write_bytes(b"")
    client = create(Settings(ipc_dir=tmp_path, control_dir=tmp_path / "control")).server.test_client()

    assert "cannot write" in refused(client.post("/control", json=PLAY), 503)


@pytest.mark.parametrize("setting", ["on", "off"])
def test_the_page_is_told_whether_it_may_steer(tmp_path: Path, setting: Any) -> None:
    client = create(Settings(ipc_dir=tmp_path, control=setting)).server.test_client()

    assert f'"data-control":"{setting}"' in client.get("/_dash-layout").text

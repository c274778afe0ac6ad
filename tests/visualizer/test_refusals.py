from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from visualizer.server.dashboard import create
from visualizer.server.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

POLL: Final = "/poll"
CALLBACK: Final = "/_dash-update-component"
SCRIPTS: Final = "/_dash-component-suites"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    made: FlaskClient = create(Settings(ipc_dir=tmp_path_factory.mktemp("none"), control="off")).server.test_client()
    return made


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"\xff\xfe", b'{"session":"\\ud800"}', b"[" * 30_000, b'{"generation":1'),
        b'{"unknown":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    ],
)
def test_what_is_no_poll_of_the_page_is_a_400_and_one_line_of_log(client: FlaskClient, body: bytes) -> None:
    with capture_logs() as logs:
        answer = client.post(POLL, data=body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.text.startswith("this is no poll of the page: ")
    assert [log["event"] for log in logs] == ["request_refused"]


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", ""])
def test_a_poll_that_says_to_be_something_else_is_a_415(client: FlaskClient, kind: str) -> None:
    assert client.post(POLL, data=b"{}", content_type=kind).status_code == 415


@settings(suppress_health_check=list(HealthCheck), max_examples=60)
@given(
    known=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["views", "session", "ohlc", "crc32", "last", "monitor_ms"]), inner)
        ),
        max_leaves=8,
    )
)
def test_whatever_a_page_says_it_holds_it_is_answered(client: FlaskClient, known: Any) -> None:
    with capture_logs():
        answer = client.post(POLL, data=json.dumps(known), content_type="application/json")

    assert answer.status_code in {200, 400}
    assert (answer.status_code == 400) == ("NaN" in json.dumps(known) or "Infinity" in json.dumps(known))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_callback_of_dash_is_a_404_and_one_line_of_log_as_there_is_none(client: FlaskClient, method: str) -> None:
    with capture_logs() as logs:
        answer = client.open(CALLBACK, method=method, json={"output": "x.y"})

    assert answer.status_code == 404
    assert "POST /poll" in answer.text
    assert [log["event"] for log in logs] == ["request_refused"]


@pytest.mark.parametrize(
    "name",
    [
        *("x/y", "dash/deps/nope.js", "dash/../../x", "dash/deps/", "dash/%ff", "dash/%00", "os/os.js", "dash/%s%s"),
        f"dash/{'a' * 300}.js",
    ],
)
def test_a_script_that_there_is_not_is_a_404_and_one_line_of_log(client: FlaskClient, name: str) -> None:
    with capture_logs() as logs:
        answer = client.get(f"{SCRIPTS}/{name}")

    assert answer.status_code == 404
    assert [log["event"] for log in logs] == ["request_refused"]
    assert len(json.dumps(logs[0])) < 1000


class Chunks:
    """A body in chunks that turns out malformed, or endless, while it is read."""

    def __init__(self, *, endless: bool) -> None:
        self.read_bytes = 0
        self.endless = endless

    def read(self, size: int = -1) -> bytes:
        from gunicorn.http.errors import InvalidChunkSize  # type: ignore[import-untyped]

        if not self.endless:
            raise InvalidChunkSize(b"zz")
        self.read_bytes += max(size, 1)
        return b" " * max(size, 1)

    readline = read


def send(folder: Path, path: str, body: Chunks) -> tuple[TestResponse, list[Any]]:
    steering = create(Settings(ipc_dir=folder, control_dir=folder)).server.test_client()
    environment = {
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_LENGTH": "",
    }
    with capture_logs() as logs:
        return steering.post(path, content_type="application/json", environ_overrides=environment), logs


@pytest.mark.parametrize("path", [POLL, "/control"])
def test_a_body_in_malformed_chunks_is_a_400_and_one_line_of_log(tmp_path: Path, path: str) -> None:
    answer, logs = send(tmp_path, path, Chunks(endless=False))

    assert answer.status_code == 400
    assert "malformed: Invalid chunk size" in answer.text
    assert [log["event"] for log in logs] == ["request_refused"]


@pytest.mark.parametrize("path", [POLL, "/control"])
def test_of_an_endless_body_no_more_is_read_than_may_be(tmp_path: Path, path: str) -> None:
    body = Chunks(endless=True)
    answer, _ = send(tmp_path, path, body)

    assert answer.status_code in {400, 413}
    assert 0 < body.read_bytes < 200_000

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shared import DataReport, encode
from tests.browser.feeder import Feeder
from tests.visualizer.pictures import report
from visualizer.server.dashboard import create
from visualizer.server.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "ipc"


@pytest.fixture
def client(directory: Path) -> FlaskClient:
    client: FlaskClient = create(Settings(ipc_dir=directory), clock_s=lambda: 0.0).server.test_client()
    return client


def _poll(client: FlaskClient, held: object = None) -> dict[str, Any]:
    answer = client.post("/poll", json={} if held is None else held)
    assert answer.status_code == 200
    data: dict[str, Any] = msgspec.json.decode(answer.data)
    return data


def test_a_poll_is_answered_with_the_difference(client: FlaskClient, directory: Path) -> None:
    feeder = Feeder(directory, bars=20)
    feeder.publish()
    first = _poll(client)
    assert first["reset"]
    assert len(first["ohlc"]["rows"]) == len(feeder.ohlc)
    assert first["monitor"]["files"][0]["name"] == "ohlc_data.json"
    held = {
        "session": feeder.session,
        "generation": feeder.generation,
        "published_at_ms": first["status"]["published_at_ms"],
        "heartbeat_ms": first["status"]["heartbeat_ms"],
        "about": first["about"]["crc32"],
        "views": {
            "ohlc": {"crc32": first["ohlc"]["crc32"], "first": 0, "last": feeder.ohlc[-1].timestamp_ms},
            "depth": {"crc32": first["depth"]["crc32"]},
        },
        "monitor_ms": first["monitor"]["at_ms"],
    }
    assert set(_poll(client, held)) == {"server_ms", "control"}
    feeder.advance()
    answer = _poll(client, held)
    assert len(answer["ohlc"]["rows"]) <= 2
    assert "metrics" not in answer
    feeder.close()


def test_a_poll_before_any_data_says_what_is_missing(client: FlaskClient) -> None:
    answer = _poll(client)
    assert answer["problem"] == "status.json is missing"
    assert "status" not in answer


def test_health_answers_whatever_the_data_is_like(client: FlaskClient, directory: Path) -> None:
    empty = client.get("/health")
    assert empty.status_code == 200
    assert empty.json == {"status": "ok", "state": None, "data_age_ms": None, "problem": "status.json is missing"}
    feeder = Feeder(directory, bars=2)
    feeder.publish()
    feeder.close()
    full = client.get("/health").json
    assert full is not None
    assert full["state"] == "playing"
    assert 0 <= full["data_age_ms"] < 60_000


def test_metrics_are_prometheus_text(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    assert "# TYPE visualizer_poll_seconds histogram" in answer.text


def test_every_answer_carries_the_security_headers(client: FlaskClient) -> None:
    for path in ("/", "/health", "/_dash-layout", "/page/none/main.js", "/poll"):
        with client.get(path) as answer:
            headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "unsafe-eval" not in headers["Content-Security-Policy"]
        assert re.search(r"script-src 'self'( 'sha256-[^' ]+'){2};", headers["Content-Security-Policy"])


def test_the_page_names_no_other_host(client: FlaskClient) -> None:
    text = client.get("/").text
    assert "http://" not in text
    assert "https://" not in text
    assert 'lang="en"' in text


def test_a_request_larger_than_any_page_sends_is_refused(client: FlaskClient) -> None:
    answer = client.post("/poll", data=b"x" * 100_000, content_type="application/json")
    assert answer.status_code == 413


def test_the_ipc_directory_is_only_read(client: FlaskClient, directory: Path) -> None:
    directory.mkdir()
    (directory / "status.json").write_bytes(encode({"half": True}))
    _poll(client)
    assert [path.name for path in directory.iterdir()] == ["status.json"]


def test_the_report_is_served_as_a_file_once_there_is_one(client: FlaskClient, directory: Path) -> None:
    assert client.get("/report.json").status_code == 404
    feeder = Feeder(directory, bars=2)
    feeder.report = report()
    feeder.publish()
    feeder.close()
    answer = client.get("/report.json")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert msgspec.convert(answer.json, DataReport) == report()

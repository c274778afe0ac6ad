"""The server as its monitors meet it: several workers that speak as one."""

from __future__ import annotations

import json
import os
import re
import signal
import time
import urllib.request
from typing import TYPE_CHECKING

from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Server
    from tests.browser.feeder import Feeder


def _poll(server: Server) -> None:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.url}/poll",
        b"{}",
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own server
        assert answer.status == 200


def _figure(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not in\n{text}"
    return float(found[1])


def test_metrics_speak_for_all_workers_and_for_the_processor(own_server: Server, feed: Callable[..., Feeder]) -> None:
    feeder = feed(own_server.directory, bars=20)
    feeder.publish()
    before = _two_workers(own_server)
    count = _figure(own_server.get("/metrics"), "visualizer_poll_seconds_count")
    for _ in range(24):
        _poll(own_server)
    # Whichever worker answers, it says the same.
    texts = [own_server.get("/metrics") for _ in range(6)]
    assert {_figure(text, "visualizer_poll_seconds_count") for text in texts} == {count + 24}
    assert {_figure(text, "processor_generation") for text in texts} == {1.0}
    assert texts[0].count("# TYPE visualizer_poll_seconds histogram") == 1

    os.kill(before[0], signal.SIGKILL)
    assert _two_workers(own_server, without=before[0]) != before
    assert _figure(own_server.get("/metrics"), "visualizer_poll_seconds_count") >= count + 24


def _two_workers(server: Server, without: int = 0) -> list[int]:
    """Poll until both workers have answered, none of them the one that was killed."""
    deadline = time.monotonic() + PATIENCE_S
    while without in (pids := server.workers()) or len(pids) < 2:
        assert time.monotonic() < deadline, f"still {pids}"
        _poll(server)
        time.sleep(0.05)
    return pids


def test_logs_are_one_json_event_a_line(own_server: Server) -> None:
    own_server.get("/health")
    lines = own_server.log.read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert {"event", "level", "timestamp"} <= set.intersection(*(set(event) for event in events))
    assert any(event["event"] == "application_loaded" for event in events)
    assert not any("GET /health" in line for line in lines)

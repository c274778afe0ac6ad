from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared import DATA_FILES, DEPTH_FILE, OHLC_FILE, REPORT_FILE, STATUS_FILE, IpcStats, WriteStats
from tests.visualizer.pictures import status
from visualizer.metrics.monitor import monitor
from visualizer.metrics.readings import Memory, Reads

_CALM = WriteStats(writes=9, rate_hz=4.0, last_ms=0.4, p50_ms=0.4, p99_ms=0.9, max_ms=2.0, bytes=60_000)
_OWN = Memory(100_000_000, 90_000_000)


def _panel(
    ipc: dict[str, Any] | None = None, reads: dict[str, Reads] | None = None, own: Memory = _OWN
) -> dict[str, Any]:
    files = dict.fromkeys((*DATA_FILES, STATUS_FILE), _CALM)
    stats = IpcStats(files=files, rss_bytes=100, rss_baseline_bytes=100)
    return monitor(status(ipc=msgspec.structs.replace(stats, **(ipc or {}))), reads or {}, own)


def _file(panel: dict[str, Any], name: str) -> dict[str, Any]:
    return next(file for file in panel["files"] if file["name"] == name)


def test_a_healthy_exchange_lights_nothing() -> None:
    panel = _panel()
    assert panel["level"] == "ok"
    assert panel["total_bytes"] == (180_000, "ok")
    assert _file(panel, OHLC_FILE)["p99_ms"] == (0.9, "ok")


@pytest.mark.parametrize(
    ("stats", "figure"),
    [
        (WriteStats(rate_hz=10.1), "hz"),
        (WriteStats(writes=200, p99_ms=10.01), "p99_ms"),
        (WriteStats(writes=2, p50_ms=10.01, p99_ms=10.01), "p99_ms"),
    ],
)
def test_a_write_limit_crossed_lights_its_figure_and_the_whole(stats: WriteStats, figure: str) -> None:
    panel = _panel({"files": {DEPTH_FILE: stats}})
    assert _file(panel, DEPTH_FILE)[figure][1] == "over"
    assert panel["level"] == "over"


def test_ten_writes_a_second_are_within_the_limit() -> None:
    assert _panel({"files": {DEPTH_FILE: WriteStats(rate_hz=10.0)}})["level"] == "ok"


def test_a_view_is_listed_where_it_is_written_and_does_not_count_as_one_of_the_data_files() -> None:
    assert REPORT_FILE not in [file["name"] for file in _panel()["files"]]
    panel = _panel({"files": dict.fromkeys((*DATA_FILES, REPORT_FILE, STATUS_FILE), _CALM)})
    assert _file(panel, REPORT_FILE)["p99_ms"] == (0.9, "ok")
    assert panel["total_bytes"] == (180_000, "ok")


def test_the_longest_write_alone_lights_nothing() -> None:
    assert _panel({"files": {DEPTH_FILE: WriteStats(max_ms=500.0)}})["level"] == "ok"


def test_a_slow_write_among_the_first_lights_nothing() -> None:
    panel = _panel({"files": {DEPTH_FILE: WriteStats(writes=199, p50_ms=1.0, p99_ms=17.0)}})
    assert _file(panel, DEPTH_FILE)["p99_ms"] == (17.0, "ok")
    assert panel["level"] == "ok"


def test_a_slow_parse_lights_up() -> None:
    panel = _panel(reads={OHLC_FILE: Reads(parses=100, parse_p99_ms=5.5)})
    assert _file(panel, OHLC_FILE)["parse_p99_ms"] == (5.5, "over")
    assert panel["level"] == "over"


def test_a_few_parses_are_not_judged_by_the_slowest() -> None:
    assert _panel(reads={OHLC_FILE: Reads(parses=99, parse_p99_ms=80.0)})["level"] == "ok"


def test_data_files_together_over_their_limit_light_up_whatever_status_json_weighs() -> None:
    big = dict.fromkeys(DATA_FILES, WriteStats(bytes=170_000)) | {STATUS_FILE: WriteStats(bytes=10**6)}
    assert _panel({"files": big})["total_bytes"] == (510_000, "over")


def test_growing_memory_lights_up_beyond_a_quarter_and_fifty_megabytes() -> None:
    grown = _panel({"rss_bytes": 176_000_000, "rss_baseline_bytes": 100_000_000})
    assert grown["memory"][0]["rss_bytes"] == (176_000_000, "over")
    assert grown["memory"][0]["grows"]
    breathing = _panel({"rss_bytes": 174_000_000, "rss_baseline_bytes": 100_000_000})
    assert breathing["level"] == "ok"
    unknown = _panel(own=Memory(10**10, 0))
    assert unknown["level"] == "ok"


def test_a_figure_near_its_limit_warns() -> None:
    panel = _panel({"files": {OHLC_FILE: WriteStats(writes=200, p99_ms=8.5)}})
    assert _file(panel, OHLC_FILE)["p99_ms"] == (8.5, "near")
    assert panel["level"] == "near"


def test_failed_writes_warn() -> None:
    assert _panel({"failed_writes": 2})["failed_writes"] == (2, "near")


def test_before_any_status_the_panel_shows_what_reading_knows() -> None:
    panel = monitor(None, {OHLC_FILE: Reads(refused={"failed": 3, "partial": 0, "mixed": 0})}, Memory())
    file = _file(panel, OHLC_FILE)
    assert file["failed"] == (3, "ok")
    assert file["hz"] is None
    assert panel["level"] == "ok"

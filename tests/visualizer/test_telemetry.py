from __future__ import annotations

import re

import pytest

from shared import OHLC_FILE, STATUS_FILE, IpcStats, WriteStats
from tests.visualizer.pictures import picture
from visualizer.metrics.readings import Memory, memory, quantile, reads
from visualizer.metrics.telemetry import Telemetry


@pytest.fixture
def telemetry(monkeypatch: pytest.MonkeyPatch) -> Telemetry:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    return Telemetry()


def test_reads_and_refusals_are_counted_by_file_and_kind(telemetry: Telemetry) -> None:
    for _ in range(99):
        telemetry.parsed(OHLC_FILE, 0.0004)
    telemetry.parsed(OHLC_FILE, 0.08)
    telemetry.failed(STATUS_FILE, "partial")
    telemetry.failed(STATUS_FILE, "partial")
    telemetry.failed(STATUS_FILE, "mixed")
    found = reads(telemetry.gather())
    assert found[OHLC_FILE].parses == 100
    assert found[OHLC_FILE].parse_p99_ms == pytest.approx(0.5)
    assert found[STATUS_FILE].refused == {"failed": 0, "partial": 2, "mixed": 1}
    assert found[STATUS_FILE].parse_p99_ms is None


def test_memory_has_no_baseline_before_the_worker_is_warm(telemetry: Telemetry) -> None:
    found = memory(telemetry.gather())
    assert found.rss_bytes > 1_000_000
    assert found == Memory(found.rss_bytes, 0)


def test_the_exposition_holds_the_processors_figures_too(telemetry: Telemetry) -> None:
    telemetry.polled(0.003)
    ipc = IpcStats({OHLC_FILE: WriteStats(7, 4.0, 0.4, 0.5, 1.5, 9.0, 60_000)}, 2, 5_000, 4_000)
    text = telemetry.exposition(picture(ipc=ipc, heartbeat_ms=1000), now_ms=3500).decode()
    for line in (
        "visualizer_poll_seconds_count 1.0",
        'processor_write_seconds{file="ohlc_data.json",q="0.99"} 0.0015',
        'processor_write_hz{file="ohlc_data.json"} 4.0',
        'processor_file_bytes{file="ohlc_data.json"} 60000.0',
        'processor_writes_total{file="ohlc_data.json"} 7.0',
        "processor_failed_writes_total 2.0",
        "processor_rss_bytes 5000.0",
        "processor_generation 1.0",
        "processor_heartbeat_age_seconds 2.5",
        'processor_state{state="playing"} 1.0',
    ):
        assert re.search(rf"^{re.escape(line)}$", text, re.MULTILINE), line


def test_without_a_picture_the_exposition_holds_the_visualizers_own(telemetry: Telemetry) -> None:
    text = telemetry.exposition(None, now_ms=0).decode()
    assert "visualizer_rss_bytes" in text
    assert "processor_" not in text


@pytest.mark.parametrize(
    ("cumulative", "share", "expected"),
    [
        ([], 0.99, None),
        ([(1.0, 0), (float("inf"), 0)], 0.99, None),
        ([(1.0, 10), (float("inf"), 10)], 0.5, 0.5),
        ([(1.0, 0), (2.0, 10), (float("inf"), 10)], 0.5, 1.5),
        ([(1.0, 5), (2.0, 5), (float("inf"), 10)], 0.99, 2.0),
    ],
)
def test_a_quantile_is_read_off_the_histogram(
    cumulative: list[tuple[float, float]], share: float, expected: float | None
) -> None:
    assert quantile(cumulative, share) == expected

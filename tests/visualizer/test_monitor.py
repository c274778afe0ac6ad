from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import DATA_FILES, DEPTH_FILE, OHLC_FILE, REPORT_FILE, STATUS_FILE, IpcStats, WriteStats
from tests.visualizer.pictures import status
from visualizer.metrics.monitor import monitor
from visualizer.metrics.readings import Memory, Polls, Reads, polls

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


@pytest.mark.parametrize(
    ("given_polls", "levels"),
    [
        (Polls(), (None, None)),
        (Polls(rate_hz=200.0, p95_ms=120.0), ("ok", "ok")),
        (Polls(rate_hz=201.0, p95_ms=121.0), ("near", "near")),
        (Polls(rate_hz=250.1, p95_ms=20.0), ("over", "ok")),
        (Polls(rate_hz=19.9, p95_ms=900.0), ("ok", "ok")),
        (Polls(rate_hz=20.0, p95_ms=150.1), ("ok", "over")),
    ],
)
def test_more_polls_than_two_processes_answer_in_time_light_up(
    given_polls: Polls, levels: tuple[str | None, str | None]
) -> None:
    panel = monitor(status(), {}, _OWN, given_polls)
    found = [panel[name] and panel[name][1] for name in ("polls_hz", "poll_p95_ms")]
    assert found == [*levels]
    assert (panel["level"] == "over") == ("over" in levels)


def test_what_is_over_its_limit_comes_with_what_to_do_once_however_many_files_are() -> None:
    assert _panel()["advice"] == []
    fast = dict.fromkeys((*DATA_FILES, STATUS_FILE), WriteStats(rate_hz=11.0))
    (sentence,) = _panel({"files": fast})["advice"]
    assert sentence.startswith("more than 10 publications a second")
    (sentence,) = _panel({"failed_writes": 1})["advice"]
    assert "full disk" in sentence
    assert _panel({"files": {OHLC_FILE: WriteStats(writes=200, p99_ms=8.5)}})["advice"] == []


@given(
    counts=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=3, max_size=3),
    elapsed_s=st.sampled_from([2.0, 10.0]),
)
def test_polls_of_a_while_are_those_counted_since_it_began(counts: list[tuple[int, int]], elapsed_s: float) -> None:
    bounds = (0.01, 0.1, float("inf"))
    before = {bound: float(sum(old for old, _ in counts[: index + 1])) for index, bound in enumerate(bounds)}
    now = {bound: before[bound] + sum(fresh for _, fresh in counts[: index + 1]) for index, bound in enumerate(bounds)}
    found = polls(before, now, elapsed_s)
    new = [fresh for _, fresh in counts]
    if not sum(new):
        assert found == Polls()
        return
    assert found.rate_hz == pytest.approx(sum(new) / elapsed_s, abs=0.051)
    # The slowest of the fastest 95 % lies in the first bucket that reaches so many.
    place = next(index for index in range(3) if sum(new[: index + 1]) >= 0.95 * sum(new) and any(new[: index + 1]))
    lowest_ms, highest_ms = ((0.0, 10.0), (10.0, 100.0), (100.0, 100.0))[place]
    assert found.p95_ms is not None
    assert lowest_ms <= found.p95_ms <= highest_ms


def test_between_two_counts_at_one_time_nothing_is_known_of_polls() -> None:
    assert polls({}, {0.1: 3.0, float("inf"): 3.0}, 0.0) == Polls()
    assert polls({}, {}, 2.0) == Polls()

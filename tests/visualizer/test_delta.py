from __future__ import annotations

import msgspec
import pytest

from shared import DATA_FILES, DEPTH_FILE, METRICS_FILE, OHLC_FILE, FileEntry, Level, Overview, Picture
from tests.visualizer.pictures import MINUTE_MS, picture, report, status
from visualizer.server.delta import Known, delta, known


def _held(source: Picture, **fields: object) -> Known:
    """What a page holds that was told all of a picture."""
    about = delta(source, None, Known())["about"]["crc32"]
    held = Known(
        session=source.status.session,
        generation=source.status.generation,
        published_at_ms=source.status.published_at_ms,
        heartbeat_ms=source.status.heartbeat_ms,
        about=about,
        ohlc_ms=source.ohlc[-1].timestamp_ms if source.ohlc else None,
        metrics_ms=source.metrics[-1].timestamp_ms if source.metrics else None,
    )
    return msgspec.structs.replace(held, **fields)


def test_a_new_page_is_told_everything() -> None:
    answer = delta(picture(), None, Known())
    assert answer["reset"] is True
    assert answer["about"]["instrument"] == "BTCUSDT"
    assert answer["status"]["state"] == "playing"
    assert [row[0] for row in answer["ohlc"]["rows"]] == [0, MINUTE_MS, 2 * MINUTE_MS]
    assert answer["ohlc"]["whole"]
    assert answer["metrics"]["total"] == 3
    assert answer["depth"] == {"bids": [(99.5, 1)], "asks": [(100.5, 2)]}


def test_an_up_to_date_page_is_told_nothing() -> None:
    assert delta(picture(), None, _held(picture())) == {}


def test_a_page_that_follows_is_told_the_open_bar_and_the_new_ones_only() -> None:
    answer = delta(picture(bars=5, generation=2), None, _held(picture(bars=3)))
    assert [row[0] for row in answer["ohlc"]["rows"]] == [2 * MINUTE_MS, 3 * MINUTE_MS, 4 * MINUTE_MS]
    assert not answer["ohlc"]["whole"]
    assert answer["ohlc"]["total"] == 5
    assert "reset" not in answer
    assert "about" not in answer


def test_only_files_written_since_travel() -> None:
    files = {name: FileEntry(1, 10, 20) for name in DATA_FILES} | {DEPTH_FILE: FileEntry(2, 10, 21)}
    answer = delta(picture(generation=2, files=files), None, _held(picture()))
    assert set(answer) == {"status", "depth"}


def test_a_page_whose_last_bar_is_gone_is_told_all_bars() -> None:
    answer = delta(picture(bars=2, first=7, generation=2), None, _held(picture()))
    assert answer["ohlc"]["whole"]
    assert [row[0] for row in answer["ohlc"]["rows"]] == [7 * MINUTE_MS, 8 * MINUTE_MS]


def test_another_session_resets_the_page_and_sends_everything() -> None:
    answer = delta(picture(session="second", published_at_ms=2000), None, _held(picture()))
    assert answer["reset"]
    assert answer["ohlc"]["whole"]
    assert "depth" in answer


@pytest.mark.parametrize(
    "older",
    [
        picture(generation=4),
        picture(session="before", generation=99, published_at_ms=500),
    ],
)
def test_a_worker_with_an_older_picture_never_sends_a_page_backwards(older: Picture) -> None:
    assert delta(older, None, _held(picture(generation=5))) == {}


def test_a_worker_without_a_picture_leaves_the_page_what_it_holds() -> None:
    assert delta(None, "status.json is missing", _held(picture())) == {"problem": "status.json is missing"}


def test_a_problem_is_told_once_and_so_is_its_end() -> None:
    troubled = _held(picture(), problem="status.json is missing")
    assert delta(picture(), "status.json is missing", troubled) == {}
    assert delta(picture(), None, troubled) == {"problem": None}


def test_a_heartbeat_without_a_new_generation_is_news() -> None:
    answer = delta(picture(heartbeat_ms=2000), None, _held(picture()))
    assert answer["status"]["heartbeat_ms"] == 2000
    assert set(answer) == {"status"}


def test_settled_fields_travel_again_when_one_changes() -> None:
    answer = delta(picture(generation=2, checks={"times_increase": False}), None, _held(picture()))
    assert answer["about"]["checks"] == {"times_increase": False}


def test_a_page_that_lost_an_answer_can_ask_for_everything_again() -> None:
    answer = delta(picture(), None, _held(picture(), generation=-1, ohlc_ms=None, metrics_ms=None))
    assert answer["ohlc"]["whole"]
    assert answer["metrics"]["whole"]
    assert "reset" not in answer


def test_files_that_the_writer_does_not_publish_do_not_travel() -> None:
    files = {METRICS_FILE: FileEntry(1, 10, 20)}
    answer = delta(Picture(status(files=files), (), picture().metrics, picture().depth), None, Known())
    assert "metrics" in answer
    assert OHLC_FILE not in files
    assert "ohlc" not in answer
    assert "depth" not in answer


def test_the_report_travels_once_and_again_when_it_changed() -> None:
    first = msgspec.structs.replace(picture(), report=report(), report_crc32=7)
    answer = delta(first, None, Known())
    assert answer["report"]["crc32"] == 7
    assert answer["report"]["findings"][0]["incidents"][0]["time_ms"] == MINUTE_MS
    assert msgspec.json.decode(msgspec.json.encode(answer["report"]))["files"][0]["name"] == "trades.csv"

    later = msgspec.structs.replace(picture(generation=2), report=report(), report_crc32=7)
    assert "report" not in delta(later, None, _held(first, report=7))
    changed = msgspec.structs.replace(later, report=report(trades=4), report_crc32=8)
    assert delta(changed, None, _held(first, report=7))["report"]["trades"] == 4


def test_the_overview_travels_when_it_changed_and_again_in_another_session() -> None:
    overview = Overview(start_ms=0, bucket_ms=1000, volumes=(1.0, 2.5))
    first = msgspec.structs.replace(picture(), overview=overview, overview_crc32=7)
    answer = delta(first, None, Known())
    assert answer["overview"] == {"start_ms": 0, "bucket_ms": 1000, "volumes": (1.0, 2.5), "crc32": 7}
    later = msgspec.structs.replace(picture(generation=2), overview=overview, overview_crc32=7)
    assert "overview" not in delta(later, None, _held(first, overview=7))
    assert "overview" in delta(later, None, _held(first, overview=6))
    other = msgspec.structs.replace(picture(session="other", published_at_ms=2000), overview=overview, overview_crc32=7)
    assert "overview" in delta(other, None, _held(first, overview=7))


def test_a_picture_without_views_brings_none() -> None:
    assert not {"report", "overview"} & delta(picture(), None, Known()).keys()


@pytest.mark.parametrize("sent", [None, 5, "x", [], {"generation": "many"}, {"session": 7}])
def test_what_no_page_sends_counts_as_a_page_that_holds_nothing(sent: object) -> None:
    assert known(sent) == Known()


def test_an_answer_is_json_as_it_stands() -> None:
    answer = delta(picture(), "a problem", Known())
    assert msgspec.json.decode(msgspec.json.encode(answer))["depth"]["bids"] == [[99.5, 1]]


def test_a_typical_answer_is_small() -> None:
    many = tuple(Level(42_000.1 + level, 1.234) for level in range(50))
    full = picture(bars=1000)
    later = msgspec.structs.replace(
        full, status=status(generation=2), depth=msgspec.structs.replace(full.depth, asks=many)
    )
    files = dict(later.status.files) | {DEPTH_FILE: FileEntry(1, 10, 20)}
    quiet = msgspec.structs.replace(later, status=status(generation=2, files=files))
    assert len(msgspec.json.encode(delta(quiet, None, _held(full)))) < 500
    assert len(msgspec.json.encode(delta(later, None, _held(full)))) < 2000


def test_a_page_that_is_moved_back_is_told_all_bars_since_those_after_the_clock_are_gone() -> None:
    answer = delta(picture(bars=3, generation=2), None, _held(picture(bars=5)))
    assert answer["ohlc"]["whole"]
    assert answer["metrics"]["whole"]
    assert [row[0] for row in answer["ohlc"]["rows"]] == [0, MINUTE_MS, 2 * MINUTE_MS]
    assert "reset" not in answer


def test_a_page_that_is_moved_back_within_its_last_bar_is_told_that_bar_anew() -> None:
    before = picture(bars=5)
    earlier = msgspec.structs.replace(
        picture(bars=5, generation=2), ohlc=(*before.ohlc[:-1], msgspec.structs.replace(before.ohlc[-1], volume=1))
    )
    answer = delta(earlier, None, _held(before))
    assert [(row[0], row[5]) for row in answer["ohlc"]["rows"]] == [(4 * MINUTE_MS, 1)]
    assert not answer["ohlc"]["whole"]


def test_a_page_that_is_moved_before_every_bar_is_told_that_there_are_none() -> None:
    answer = delta(picture(bars=0, generation=2), None, _held(picture(bars=5)))
    assert answer["ohlc"] == {"rows": [], "whole": True, "total": 0}


def test_what_is_looped_over_is_told() -> None:
    assert delta(picture(loop_ms=(60_000, 120_000)), None, Known())["about"]["loop_ms"] == (60_000, 120_000)
    assert delta(picture(), None, Known())["about"]["loop_ms"] is None

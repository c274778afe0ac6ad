from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from shared import DEPTH, METRICS, OHLC, OVERVIEW, REPORT, VIEWS, Depth, FileEntry, Level, Overview, encode
from shared.views.events import EVENTS, EventRow
from shared.views.quotes import QUOTES, QuotesRow
from shared.views.tape import TAPE, TapeRow
from tests.visualizer.pictures import MINUTE_MS, held, picture, report, status, with_view
from visualizer.server.delta import HeldView, Known, delta, known

if TYPE_CHECKING:
    from shared import Picture, View


def _held(source: Picture, **fields: object) -> Known:
    """What a page holds that was told all of a picture."""
    answer = delta(source, None, Known())
    views = {}
    for view in VIEWS:
        change = answer.get(view.name, {})
        rows = change.get("rows")
        ends = (rows[0][0], rows[-1][0]) if rows else (None, None)
        views[view.name] = HeldView(change.get("crc32"), *ends)
    held = Known(
        session=source.status.session,
        generation=source.status.generation,
        published_at_ms=source.status.published_at_ms,
        heartbeat_ms=source.status.heartbeat_ms,
        about=answer["about"]["crc32"],
        views=views,
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
    assert answer["depth"]["value"] == {"bids": ([99.5, 1],), "asks": ([100.5, 2],)}


def test_an_up_to_date_page_is_told_nothing() -> None:
    assert delta(picture(), None, _held(picture())) == {}


def test_a_page_that_follows_is_told_the_open_bar_and_the_new_ones_only() -> None:
    answer = delta(picture(bars=5, generation=2), None, _held(picture(bars=3)))
    assert [row[0] for row in answer["ohlc"]["rows"]] == [2 * MINUTE_MS, 3 * MINUTE_MS, 4 * MINUTE_MS]
    assert not answer["ohlc"]["whole"]
    assert answer["ohlc"]["total"] == 5
    assert "reset" not in answer
    assert "about" not in answer


def test_of_rows_with_one_key_all_travel_from_the_first_of_the_last_key_that_the_page_has() -> None:
    def rows(*times_ms: int) -> tuple[EventRow, ...]:
        return tuple(EventRow(at, "sweep", "buy", 1.0, size, at, "3") for size, at in enumerate(times_ms))

    before = with_view(picture(), EVENTS, rows(1, 2, 2))
    page = _held(before)
    of_page = HeldView(zlib.crc32(encode(rows(1, 2, 2))), 1, 2)
    page = msgspec.structs.replace(page, views=page.views | {"events": of_page})
    answer = delta(with_view(picture(generation=2), EVENTS, rows(1, 2, 2, 2, 3)), None, page)["events"]
    assert [row[0] for row in answer["rows"]] == [2, 2, 2, 3]
    assert (answer["whole"], answer["total"]) == (False, 5)


def test_only_files_written_since_travel() -> None:
    later = with_view(picture(generation=2), DEPTH, Depth(bids=(Level(99.5, 3),)))
    assert set(delta(later, None, _held(picture()))) == {"status", "depth"}


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
        picture(session="before", generation=4, published_at_ms=500),
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


def test_a_page_that_lost_an_answer_can_ask_for_all_of_a_view_again() -> None:
    holds = _held(picture())
    answer = delta(picture(), None, msgspec.structs.replace(holds, views=holds.views | {"ohlc": HeldView()}))
    assert answer["ohlc"]["whole"]
    assert set(answer) == {"status", "ohlc"}


def test_files_that_the_writer_does_not_publish_do_not_travel() -> None:
    answer = delta(held(status(), (METRICS, picture().metrics)), None, Known())
    assert "metrics" in answer
    assert "ohlc" not in answer
    assert "depth" not in answer


def test_a_page_goes_on_showing_the_data_of_a_failed_session_that_lists_none() -> None:
    assert set(delta(held(status(generation=2)), None, _held(picture()))) == {"status"}


@pytest.mark.parametrize(
    ("view", "value", "other"),
    [(REPORT, report(), report(trades=4)), (OVERVIEW, Overview(0, 1000, (1.0, 2.5)), Overview(0, 1000, (1.0,)))],
    ids=["report", "overview"],
)
def test_what_is_replaced_whole_travels_when_its_bytes_changed_and_again_in_another_session(
    view: View[Any], value: object, other: object
) -> None:
    first = with_view(picture(), view, value)
    answer = delta(first, None, Known())
    assert answer[view.name] == {"value": msgspec.to_builtins(value), "crc32": zlib.crc32(encode(value))}
    assert view.name not in delta(with_view(picture(generation=2), view, value), None, _held(first))
    assert (
        msgspec.convert(
            msgspec.to_builtins(
                delta(with_view(picture(generation=2), view, other), None, _held(first))[view.name]["value"]
            ),
            view.type,
        )
        == other
    )
    elsewhere = with_view(picture(session="other", published_at_ms=2000), view, value)
    assert view.name in delta(elsewhere, None, _held(first))


def test_only_what_a_page_asks_for_travels() -> None:
    assert set(delta(picture(), None, Known(views={"depth": HeldView()}))) == {"reset", "status", "about", "depth"}


def test_what_a_page_begins_to_ask_for_travels_without_a_new_publication() -> None:
    holds = _held(picture())
    without = msgspec.structs.replace(holds, views={"ohlc": holds.views["ohlc"], "depth": HeldView()})
    assert set(delta(picture(), None, without)) == {"status", "depth"}


def test_what_a_slow_line_cannot_carry_at_once_travels_with_later_answers_the_smallest_first() -> None:
    events = (EventRow(MINUTE_MS, "sweep", "buy", 100.0, 2.0, MINUTE_MS, "3"),)
    quotes = (QuotesRow(0, 99.5, 100.5), QuotesRow(MINUTE_MS, 99.5, 100.5))
    tape = tuple(TapeRow(i, MINUTE_MS, 1, 1.0, 1, 100.0, 100.0, 1) for i in range(9))
    base = picture()
    sizes = {EVENTS.file: 200, QUOTES.file: 100, TAPE.file: 900}
    files = base.status.files | {name: FileEntry(1, size, 20) for name, size in sizes.items()}
    now = held(msgspec.structs.replace(base.status, files=files), (EVENTS, events), (QUOTES, quotes), (TAPE, tape))
    now = msgspec.structs.replace(now, held=base.held | now.held)
    names = {"events", "quotes", "tape"}
    page = _held(base)

    def told(most_bytes: int | None, has: frozenset[str] = frozenset()) -> set[str]:
        views = page.views | {name: HeldView(now.held[name].crc32 if name in has else None) for name in names}
        return names & set(delta(now, None, msgspec.structs.replace(page, views=views, most_bytes=most_bytes)))

    assert told(None) == told(1200) == names
    assert told(1199) == told(300) == {"events", "quotes"}
    assert told(10) == {"quotes"}
    assert told(10, frozenset({"quotes"})) == {"events"}
    assert told(10, frozenset({"quotes", "events"})) == {"tape"}
    # What all pages hold is never held back, and neither is it in another session.
    other = delta(now, None, Known(session="before", views=dict.fromkeys(("ohlc", *names), HeldView()), most_bytes=1))
    assert {"ohlc", *names} & set(other) == {"ohlc", "quotes"}


def test_no_view_is_called_as_something_else_that_travels() -> None:
    others = {"reset", "status", "about", "problem", "monitor", "server_ms", "control", "asked", "crc32", "offsetMs"}
    assert not others & {view.name for view in VIEWS}


@pytest.mark.parametrize("sent", [None, 5, "x", [], {"generation": "many"}, {"session": 7}])
def test_what_no_page_sends_counts_as_a_page_that_holds_nothing(sent: object) -> None:
    assert known(sent) == Known()


def test_an_answer_is_json_as_it_stands() -> None:
    answer = delta(picture(), "a problem", Known())
    assert msgspec.json.decode(msgspec.json.encode(answer))["depth"]["value"]["bids"] == [[99.5, 1]]


def test_a_typical_answer_is_small() -> None:
    many = tuple(Level(42_000.1 + level, 1.234) for level in range(50))
    full = picture(bars=1000)
    quiet = picture(bars=1000, generation=2)
    later = with_view(quiet, DEPTH, Depth(bids=full.depth.bids, asks=many))
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
    smaller = msgspec.structs.replace(before.ohlc[-1], volume=1)
    earlier = with_view(picture(bars=5, generation=2), OHLC, (*before.ohlc[:-1], smaller))
    answer = delta(earlier, None, _held(before))
    assert [(row[0], row[5]) for row in answer["ohlc"]["rows"]] == [(4 * MINUTE_MS, 1)]
    assert not answer["ohlc"]["whole"]


def test_a_page_that_is_moved_before_every_bar_is_told_that_there_are_none() -> None:
    answer = delta(picture(bars=0, generation=2), None, _held(picture(bars=5)))
    assert answer["ohlc"] == {"rows": [], "whole": True, "total": 0, "crc32": zlib.crc32(b"[]")}


def test_what_is_looped_over_is_told() -> None:
    assert delta(picture(loop_ms=(60_000, 120_000)), None, Known())["about"]["loop_ms"] == (60_000, 120_000)
    assert delta(picture(), None, Known())["about"]["loop_ms"] is None

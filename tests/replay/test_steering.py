"""Whatever way a moment is reached, the files are those of a plain play to it; and nothing else is done by commands."""

from __future__ import annotations

import json
import shutil
import tempfile
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from processor.settings import Settings
from processor.settings import speed as speed_of
from processor.store import writer as writing
from processor.store.cache import Cache
from shared import DEPTH_FILE, METRICS_FILE, OHLC_FILE, ON_REQUEST, Status, ask_for
from shared.validate import faults
from shared.views.footprint import FOOTPRINT_FILE
from tests import reference
from tests.core.markets import FIRST_NS, market, write
from tests.replay.steered import Steered
from tests.replay.test_replay import ALERTS, contents, play

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR_NS = 3_600_000_000_000
HOURS = 3.0
ROWS = 4_000


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("markets") / "walk", *market(ROWS, HOURS))


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "SEGMENT_EVENTS", 400)
    monkeypatch.setattr("processor.core.merge.ordering.HELD_ROWS", 300)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", 10**9)


def at_ns(status: Status) -> int:
    assert status.resume is not None
    return status.resume.event_ns


def plain(dataset: Path, out: Path, status: Status, views: frozenset[str] = frozenset()) -> dict[str, bytes]:
    """The files of a plain play, with the settings and to the moment of `status`."""
    play(
        dataset,
        out,
        speed=None,
        until=at_ns(status),
        interval=status.interval,
        obi_levels=status.obi_levels,
        cvd_reset=status.cvd_reset,
        session_start=status.session_start,
        row=status.row,
        alerts=status.alerts,
        views=views,
    )
    return contents(out)


class Journeys(RuleBasedStateMachine):
    """Random commands; after each the replay is paused, and its files compared with those of a plain play."""

    dataset: ClassVar[Path]
    cached: ClassVar[bool]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        cache = Cache(self.folder / "cache", 10**9) if self.cached else None
        self.steered = Steered(self.dataset, self.folder, cache, views=ON_REQUEST, alerts=ALERTS[:1])

    @initialize()
    def begin(self) -> None:
        self.steered.__enter__()

    @rule(fraction=st.floats(0, 1))
    def seek(self, fraction: float) -> None:
        self.steered.do("seek", time_ms=int((FIRST_NS + fraction * HOURS * HOUR_NS) // 1_000_000))

    @rule(by_ns=st.one_of(st.integers(-HOUR_NS, HOUR_NS), st.sampled_from([-1, 1, 1_000_000])))
    def seek_by(self, by_ns: int) -> None:
        self.steered.do("seek", by_ns=by_ns)

    @rule(unit=st.sampled_from(["event", "book", "trade", "bar"]), count=st.sampled_from([-40, -3, -1, 1, 2, 40]))
    def step(self, unit: str, count: int) -> None:
        self.steered.do("step", unit=unit, count=count)

    @rule(speed=st.sampled_from([0.5, 100, 9000, "max"]))
    def play_on(self, speed: float | str) -> None:
        self.steered.do("speed", speed=speed)
        self.steered.do("play")

    @rule(interval=st.sampled_from(["250ms", "1s", "5s", "7s", "1m", "1h", "1d", "1t", "17t", "20v", "5000d"]))
    def interval(self, interval: str) -> None:
        self.steered.do("interval", interval=interval)

    @rule(levels=st.sampled_from([0, 3, 10]))
    def obi_levels(self, levels: int) -> None:
        self.steered.do("obi_levels", obi_levels=levels)

    @rule(reset=st.sampled_from(["none", "day"]))
    def cvd_reset(self, reset: str) -> None:
        self.steered.do("cvd_reset", cvd_reset=reset)

    @rule(start=st.sampled_from(["00:00", "00:01", "01:30", "22:00"]))
    def session_start(self, start: str) -> None:
        self.steered.do("session_start", session_start=start)

    @rule(row=st.sampled_from(["auto", "1", "25"]))
    def row(self, row: str) -> None:
        self.steered.do("row", row=row)

    @rule(expression=st.sampled_from(ALERTS))
    def alert(self, expression: str) -> None:
        status = self.steered.status()
        is_set = status is not None and expression in status.alerts
        self.steered.do("alerts", **{"remove" if is_set else "add": expression})

    @invariant()
    def files_are_those_of_a_plain_play(self) -> None:
        if self.steered.status() is None:
            return
        status = self.steered.do("pause")
        found = self.steered.files()
        assert faults(self.steered.ipc) == []
        out = self.folder / "plain"
        shutil.rmtree(out, ignore_errors=True)
        assert plain(self.dataset, out, status, ON_REQUEST) == found

    def teardown(self) -> None:
        self.steered.end()
        assert self.steered.went_well
        shutil.rmtree(self.folder)


@pytest.mark.parametrize("cached", [True, False], ids=["cached", "direct"])
def test_any_mixture_of_commands_ends_in_the_bytes_of_a_plain_play_to_the_same_moment(
    dataset: Path, *, cached: bool
) -> None:
    class OfThisDataset(Journeys):
        pass

    OfThisDataset.dataset, OfThisDataset.cached = dataset, cached
    run_state_machine_as_test(
        OfThisDataset,
        settings=hypothesis_settings(max_examples=6 if cached else 3, stateful_step_count=8, deadline=None),
    )


def test_a_step_goes_to_the_next_time_with_such_an_event_and_back_again(dataset: Path, tmp_path: Path) -> None:
    trades, book = market(ROWS, HOURS)
    with Steered(dataset, tmp_path) as steered:
        steered.do("seek", time_ms=(FIRST_NS + HOUR_NS) // 1_000_000)
        begun = FIRST_NS + HOUR_NS
        for unit, times in (
            ("trade", trades.time_ns),
            ("book", book.time_ns),
            ("event", sorted({*trades.time_ns.tolist(), *book.time_ns.tolist()})),
        ):
            distinct = sorted(set(map(int, times)))
            later = [time_ns for time_ns in distinct if time_ns > begun]
            earlier = [time_ns for time_ns in distinct if time_ns < begun]
            assert at_ns(steered.do("step", unit=unit)) == later[0]
            assert at_ns(steered.do("step", unit=unit, count=3)) == later[3]
            steered.do("seek", time_ms=begun // 1_000_000)
            assert at_ns(steered.do("step", unit=unit, count=-2)) == earlier[-2]
            steered.do("seek", time_ms=begun // 1_000_000)


def test_a_step_by_bars_shows_whole_bars_one_after_the_other(dataset: Path, tmp_path: Path) -> None:
    minute = 60_000_000_000
    with Steered(dataset, tmp_path) as steered:
        first = steered.do("step", unit="bar")
        assert (at_ns(first) + 1) % minute == 0
        rows = json.loads(steered.files()[METRICS_FILE])
        second = steered.do("step", unit="bar")
        assert (at_ns(second) + 1) % minute == 0
        assert at_ns(second) > at_ns(first)
        more = json.loads(steered.files()[METRICS_FILE])
        assert more[:-1] == rows
        assert at_ns(steered.do("step", unit="bar", count=-1)) == at_ns(first)
        assert json.loads(steered.files()[METRICS_FILE]) == rows
        assert steered.do("step", unit="bar").state == "paused"


@pytest.mark.parametrize("cached", [True, False], ids=["cached", "direct"])
@pytest.mark.parametrize("interval", ["17t", "90v", "4000000q"])
def test_a_step_by_bars_that_end_by_activity_goes_from_the_end_of_one_to_that_of_the_next(
    dataset: Path, tmp_path: Path, cache: Cache, interval: str, *, cached: bool
) -> None:
    trades, book = market(ROWS, HOURS)
    columns = (trades.time_ns, trades.price_ticks, trades.size_lots)
    plain_trades = [
        reference.Trade(time_ns, Decimal(ticks).scaleb(-1), Decimal(lots).scaleb(-3), 1)
        for time_ns, ticks, lots in zip(*(column.tolist() for column in columns), strict=True)
    ]
    first_ns = int(min(trades.time_ns[0], book.time_ns[0]))
    last_ns = int(max(trades.time_ns[-1], book.time_ns[-1]))
    begins_ns = reference.begins_of(plain_trades, first_ns, interval[-1], Decimal(interval[:-1]))
    with Steered(dataset, tmp_path, cache if cached else None) as steered:
        steered.do("interval", interval=interval)
        for begin_ns in begins_ns[1:4]:
            assert at_ns(steered.do("step", unit="bar")) == begin_ns - 1
        assert at_ns(steered.do("step", unit="bar", count=6)) == begins_ns[9] - 1
        rows = json.loads(steered.files()[METRICS_FILE])
        assert [row[0] * 1_000_000 for row in rows] == begins_ns[:9]
        assert at_ns(steered.do("step", unit="bar", count=-7)) == begins_ns[2] - 1
        steered.do("seek", time_ms=begins_ns[-2] // 1_000_000)
        assert at_ns(steered.do("step", unit="bar")) == min(begins_ns[-1] - 1, last_ns)
        if begins_ns[-1] <= last_ns:
            assert at_ns(steered.do("step", unit="bar")) == last_ns
        assert steered.do("step", unit="bar").control.ok is False


@pytest.mark.parametrize(
    ("action", "arguments", "reason"),
    [
        ("interval", {"interval": "500x"}, "1000000q turnover)"),
        ("seek", {"time": "1999-01-01"}, "expected a time from 2024-08-09T00:00:00"),
        ("seek", {"time": "2124-01-01"}, "expected a time"),
        ("seek", {"by": "-1h"}, "expected a time from"),
        ("step", {"unit": "event", "count": -1}, "expected an event before 2024-08-09T00:00:00"),
        ("seek", {"next": "gap"}, "expected a gap or a silence after 2024-08-09"),
        ("instrument", {"instrument": "NOBODY"}, "expected one of WALK"),
        ("dataset", {"dataset": "/nowhere"}, "does not exist"),
        ("range", {"start": "1999-01-01", "end": "1999-01-02"}, "expected a time from"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason_and_nothing_moves(
    dataset: Path, tmp_path: Path, cache: Cache, action: str, arguments: dict[str, Any], reason: str
) -> None:
    with Steered(dataset, tmp_path, cache) as steered:
        before = steered.until(lambda status: status.files)
        files = steered.files()
        answer = steered.do(action, **arguments)
        assert answer.control.ok is False
        assert reason in (answer.control.error or "")
        assert at_ns(answer) == at_ns(before)
        assert answer.state == "paused"
        assert steered.files() == files
        assert steered.do("play").control.ok is True


def test_a_folder_that_is_no_dataset_is_refused_without_telling_what_is_in_it(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "note.txt").write_text("the password is swordfish")
    with Steered(dataset, tmp_path) as steered:
        answer = steered.do("dataset", dataset=str(tmp_path / "private"))
        assert answer.control.ok is False
        assert "is of a known format" in (answer.control.error or "")
        assert not {"note", "password"} & set((answer.control.error or "").replace(".", " ").split())


def test_play_at_the_end_begins_again_and_pause_holds_the_clock(dataset: Path, tmp_path: Path, cache: Cache) -> None:
    with Steered(dataset, tmp_path, cache, speed=None) as steered:
        steered.do("play")
        finished = steered.until(lambda status: status.state == "finished")
        steered.do("speed", speed=1)
        again = steered.do("play")
        assert again.state == "playing"
        assert at_ns(again) < at_ns(finished)
        paused = steered.do("toggle")
        assert paused.state == "paused"
        later = steered.until(lambda status: status.heartbeat_ms > paused.heartbeat_ms + 2000)
        assert at_ns(later) == at_ns(paused)
        assert steered.do("toggle").state == "playing"


def test_a_range_is_looped_over_until_it_is_lifted(dataset: Path, tmp_path: Path, cache: Cache) -> None:
    start_ms, end_ms = ((FIRST_NS + part * HOUR_NS) // 1_000_000 for part in (1, 2))
    with Steered(dataset, tmp_path, cache, paused=False, speed=10_000.0) as steered:
        steered.do("range", start_ms=start_ms, end_ms=end_ms)
        seen: list[int] = []

        def come_back(status: Status) -> bool:
            assert status.event_time_ms is not None
            assert start_ms <= status.event_time_ms <= end_ms
            seen.append(status.event_time_ms)
            return sum(later < earlier for earlier, later in pairwise(seen)) >= 2

        steered.until(come_back)
        steered.do("range")
        assert steered.until(lambda status: status.state == "finished").event_time_ms or end_ms < 0


def test_a_change_of_what_is_computed_is_a_new_session_at_the_same_moment(
    dataset: Path, tmp_path: Path, cache: Cache
) -> None:
    with Steered(dataset, tmp_path, cache) as steered:
        before = steered.do("seek", fraction=0.5)
        after = steered.do("interval", interval="5m")
        assert (after.interval, after.state, at_ns(after)) == ("5m", "paused", at_ns(before))
        assert after.session != before.session
        assert after.generation > before.generation
        meant_for_before = steered.do("play", session=before.session)
        assert meant_for_before.control.ok is False
        assert "by now" in (meant_for_before.control.error or "")


@pytest.mark.parametrize("view", ["footprint", "heatmap"])
@pytest.mark.parametrize("is_cached", [True, False], ids=["cached", "direct"])
def test_a_view_that_is_asked_for_in_the_middle_has_its_history(
    dataset: Path, tmp_path: Path, cache: Cache, view: str, *, is_cached: bool
) -> None:
    file = f"{view}_data.json"
    with Steered(dataset, tmp_path, cache if is_cached else None) as steered:
        status = steered.do("seek", time_ms=FIRST_NS // 1_000_000 + 5_000_000)
        assert file not in status.files

        def has_come(now: Status) -> bool:
            ask_for(steered.control, view)
            return file in now.files

        status = steered.until(has_come)
        found = (steered.ipc / file).read_bytes()
        assert at_ns(status) == FIRST_NS + 5_000_000_000_000
    assert plain(dataset, tmp_path / "plain", status, ON_REQUEST)[file] == found
    assert len(json.loads(found)) > 10


def test_price_rows_have_the_height_that_is_asked_for_until_the_instrument_is_another(tmp_path: Path) -> None:
    both = tmp_path / "both"
    write(both, *market(ROWS, HOURS), instrument="A")
    write(both, *market(ROWS, HOURS, seed=2), instrument="B")

    def heights(steered: Steered) -> set[float]:
        return {row for _, row, _ in json.loads((steered.ipc / FOOTPRINT_FILE).read_bytes())}

    with Steered(both, tmp_path, views=frozenset({"footprint"})) as steered:
        before = steered.do("seek", fraction=0.25)
        step = before.price_step
        assert step is not None
        assert before.row == "auto"
        after = steered.do("row", row=f"{40 * step:f}")
        assert (after.control.ok, after.row) == (True, f"{40 * step:f}")
        assert heights(steered) == {40 * step}
        assert at_ns(after) == at_ns(before)
        refused = steered.do("row", row=f"{step / 2:f}")
        assert (refused.control.ok, refused.row) == (False, after.row)
        assert "expected a multiple of the price step" in str(refused.control.error)
        assert steered.do("row", row="999999999").control.ok is False
        assert heights(steered) == {40 * step}
        steered.do("instrument", instrument="B")
        other = steered.until(lambda status: status.instrument == "B" and status.state == "paused")
        assert other.row == "auto"


def test_another_instrument_is_shown_at_the_same_moment_and_another_dataset_from_its_start(
    tmp_path: Path, dataset: Path, cache: Cache
) -> None:
    both = tmp_path / "both"
    write(both, *market(ROWS, HOURS), instrument="A")
    write(both, *market(ROWS, HOURS, seed=2), instrument="B")
    with Steered(both, tmp_path, cache) as steered:
        before = steered.do("seek", fraction=0.25)
        assert (before.instrument, before.instruments) == ("A", ("A", "B"))
        steered.do("instrument", instrument="B")
        other = steered.until(lambda status: status.instrument == "B" and status.state == "paused")
        assert at_ns(other) == at_ns(before)
        steered.do("dataset", dataset=str(dataset))
        third = steered.until(lambda status: status.instrument == "WALK" and status.state == "paused")
        assert (third.dataset, at_ns(third)) == ("walk", FIRST_NS + third_event_offset(dataset))


def third_event_offset(_: Path) -> int:
    trades, book = market(ROWS, HOURS)
    return int(min(trades.time_ns[0], book.time_ns[0])) - FIRST_NS


def journeys(dataset: Path, tmp_path: Path, cache: Cache) -> Iterator[tuple[str, Steered]]:
    yield "cached", Steered(dataset, tmp_path / "a", cache, views=ON_REQUEST)
    yield "direct", Steered(dataset, tmp_path / "b", views=ON_REQUEST)


def test_nothing_after_the_event_clock_is_in_any_file_whatever_is_done(
    dataset: Path, tmp_path: Path, cache: Cache
) -> None:
    trades, book = market(ROWS, HOURS)
    for _, made in journeys(dataset, tmp_path, cache):
        with made as steered:
            for action, arguments in (
                ("seek", {"fraction": 0.9}),
                ("seek", {"fraction": 0.1}),
                ("interval", {"interval": "1s"}),
                ("step", {"unit": "trade", "count": -2}),
                ("seek", {"by": "+20m"}),
                ("step", {"unit": "bar", "count": 1}),
                ("interval", {"interval": "7t"}),
                ("seek", {"by": "+20m"}),
                ("step", {"unit": "bar", "count": 1}),
            ):
                status = steered.do(action, **arguments)
                if status.control.error and "has been read to its end" in status.control.error:
                    steered.until(lambda status: status.cache != "filling")
                    status = steered.do(action, **arguments)
                assert status.control.ok, status.control.error
                now_ns = at_ns(status)
                files = steered.files()
                lots = sum(map(int, trades.size_lots[trades.time_ns <= now_ns]))
                ohlc = json.loads(files[OHLC_FILE])
                if len(ohlc) < 1000:
                    assert round(sum(row[5] for row in ohlc) * 1000) == lots
                assert all(row[0] * 1_000_000 <= now_ns for row in (*ohlc, *json.loads(files[METRICS_FILE])))
                resting = sum(1 for side in json.loads(files[DEPTH_FILE]).values() for _ in side)
                assert resting <= int((book.time_ns <= now_ns).sum())
                if "overview_data.json" in status.files:
                    overview = json.loads((steered.ipc / "overview_data.json").read_bytes())
                    pieces = len(overview["volumes"])
                    end_ms = overview["start_ms"] + pieces * overview["bucket_ms"]
                    assert end_ms * 1_000_000 <= now_ns + 1
                    until = trades.time_ns < end_ms * 1_000_000
                    assert round(sum(overview["volumes"]) * 1000) == int(trades.size_lots[until].sum())
                    assert pieces or now_ns - FIRST_NS < HOUR_NS / 60
                else:
                    assert status.cache == "off"
                report = json.loads((steered.ipc / "report_data.json").read_bytes())
                for finding in report["findings"]:
                    for incident in finding["incidents"]:
                        assert (incident["time_ms"] or 0) <= now_ns // 1_000_000
                        assert (incident["until_ms"] or 0) <= now_ns // 1_000_000


@pytest.mark.parametrize("interval", ["5m", "0.5v"])
def test_a_replay_that_was_killed_goes_on_where_it_was(
    dataset: Path, tmp_path: Path, cache: Cache, interval: str
) -> None:
    with Steered(dataset, tmp_path, cache, speed=5.0) as steered:
        steered.do("interval", interval=interval)
        steered.do("speed", speed=2)
        steered.do("session_start", session_start="01:30")
        before = steered.do("seek", fraction=0.5)
    with Steered(dataset, tmp_path, cache, paused=False, speed=5.0) as steered:
        after = steered.until(lambda status: status.session != before.session and status.state != "loading")
        assert (after.interval, after.speed, after.state, at_ns(after)) == (interval, 2.0, "paused", at_ns(before))
        assert after.session_start == "01:30"
        assert after.notice is None
    with Steered(dataset, tmp_path, cache, paused=False, speed=6.0) as steered:
        other = steered.until(lambda status: status.speed == 6.0)
        assert other.interval == "1m"
        assert "not those of the last replay" in (other.notice or "")


def test_a_replay_of_a_dataset_that_changed_meanwhile_begins_anew_and_says_so(tmp_path: Path, cache: Cache) -> None:
    folder = tmp_path / "dataset"
    write(folder, *market(ROWS, HOURS))
    with Steered(folder, tmp_path, cache) as steered:
        steered.do("seek", fraction=0.5)
    shutil.rmtree(folder)
    write(folder, *market(ROWS, HOURS, seed=3))
    with Steered(folder, tmp_path, cache) as steered:
        status = steered.until(lambda status: status.notice)
        assert "the dataset has changed since the last replay" in (status.notice or "")


def test_a_speed_of_the_settings_is_read_as_on_the_command_line() -> None:
    assert Settings(speed=speed_of("max")).speed is None

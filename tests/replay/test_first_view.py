"""The interval and the instrument of a replay for which neither was asked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from processor.formats import open_dataset
from processor.replay.context import StopSignal
from processor.replay.first_view import interval_for
from processor.replay.run import replay
from processor.settings import AUTO, Settings
from processor.sources import extent as extents
from processor.sources.extent import Extent
from processor.sources.opening import open_source
from processor.store import writer as writing
from processor.store.cache import Cache
from shared import STATUS_FILE, Status, decode
from tests.core.markets import market, write
from tests.replay.fake_clock import FakeClock
from tests.replay.steered import Steered

if TYPE_CHECKING:
    from pathlib import Path

MINUTE_NS = 60 * 10**9
HOUR_NS = 60 * MINUTE_NS
MANY = 10**6


@pytest.mark.parametrize(
    ("length_ns", "trades", "interval"),
    [
        (0, 0, "1s"),
        (8 * MINUTE_NS, MANY, "5s"),
        (30 * MINUTE_NS, MANY, "15s"),
        (HOUR_NS, MANY, "30s"),
        (3 * HOUR_NS, MANY, "1m"),
        (HOUR_NS * 13 // 2, MANY, "5m"),
        (24 * HOUR_NS, MANY, "15m"),
        (24 * HOUR_NS * 30, MANY, "15m"),
        (24 * HOUR_NS, 0, "15m"),
        (24 * HOUR_NS, 30, "1h"),
        (24 * HOUR_NS * 365, 365 * 4, "4h"),
    ],
)
def test_about_150_bars_show_the_range_or_a_day_of_it_and_fewer_where_trades_are_rare(
    length_ns: int, trades: int, interval: str
) -> None:
    assert interval_for(Extent(length_ns, trades)) == interval


def played(dataset: Path, out: Path, cache: Cache | None) -> Status:
    settings = Settings(interval=AUTO, at_end="exit", speed=None)
    assert replay(dataset, out, settings, FakeClock(), StopSignal(), cache=cache)
    status: Status = decode(STATUS_FILE, (out / STATUS_FILE).read_bytes())
    return status


def test_the_interval_is_the_same_from_the_files_a_cache_that_fills_and_a_full_one(tmp_path: Path) -> None:
    dataset = write(tmp_path / "walk", *market(2_000, 0.13))
    cache = Cache(tmp_path / "cache", 10**9)
    assert [played(dataset, tmp_path / "out", each).interval for each in (None, cache, cache)] == ["5s"] * 3


def test_a_long_dataset_is_estimated_from_its_beginning_in_the_same_way_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extents, "ENOUGH_EVENTS", 3_000)
    monkeypatch.setattr(writing, "SEGMENT_EVENTS", 500)
    monkeypatch.setattr("processor.core.merge.ordering.HELD_ROWS", 300)
    monkeypatch.setattr("processor.formats.own.GROUP_ROWS", 400)
    dataset = open_dataset(write(tmp_path / "walk", *market(20_000, 3.0)))
    cache = Cache(tmp_path / "cache", 10**9)
    found = []
    for _ in range(2):
        source = open_source(dataset, None, "exchange", cache)
        found.append(source.extent())
        for _ in source.start(Settings().aggregation, None, keep=1)[1]:
            pass
        source.close()
    assert found[0] == found[1]
    assert 1.5 * HOUR_NS < found[0].length_ns < 6 * HOUR_NS
    assert found[0].trades < 8_000


def test_a_chosen_interval_stays_when_the_replay_is_resumed_or_another_instrument_is_shown(tmp_path: Path) -> None:
    dataset = tmp_path / "both"
    write(dataset, *market(4_000, 0.13), instrument="LONG")
    write(dataset, *market(1_000, 3.0), instrument="A-SHORT")
    with Steered(dataset, tmp_path, interval=AUTO) as steered:
        first = steered.until(lambda status: status.files)
        assert (first.interval, first.instrument, first.instruments) == ("5s", "LONG", ("LONG", "A-SHORT"))
        assert steered.do("instrument", instrument="A-SHORT").interval == "5s"
        assert steered.do("interval", interval="15s").interval == "15s"
    with Steered(dataset, tmp_path, interval=AUTO) as resumed:
        assert resumed.until(lambda status: status.files).interval == "15s"


def test_another_dataset_has_its_own_interval_unless_one_was_asked_for(tmp_path: Path) -> None:
    short, long = write(tmp_path / "short", *market(4_000, 0.13)), write(tmp_path / "long", *market(4_000, 3.0))
    with Steered(short, tmp_path, interval=AUTO) as steered:
        assert steered.do("dataset", dataset=str(long)).interval == "1m"
        steered.do("interval", interval="15m")
        assert steered.do("dataset", dataset=str(short)).interval == "15m"


def test_instruments_of_one_size_are_in_alphabetical_order(tmp_path: Path) -> None:
    trades, _ = market(1_000)
    for name in ("B", "A"):
        write(tmp_path / "both", dataclasses.replace(trades), None, instrument=name)
    assert open_dataset(tmp_path / "both").by_activity == ("A", "B")

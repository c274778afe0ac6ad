"""Alerts of a replay: set by commands, refused with the word that is wrong, and kept by a replay that goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from processor.replay.commands import seek
from processor.replay.playback import Playback
from processor.store.cache import Cache
from shared.views.alerts import ALERTS_FILE
from tests.core.markets import FIRST_NS, market, write
from tests.replay.steered import Steered

if TYPE_CHECKING:
    from pathlib import Path

    from shared import Status

VIEWS = frozenset({"alerts"})
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("markets") / "walk", *market(rows=1000))


def rows(steered: Steered) -> list[list[object]]:
    found: list[list[object]] = json.loads((steered.ipc / ALERTS_FILE).read_bytes())
    return found


def error_of(status: Status) -> str:
    assert status.control.ok is False
    return status.control.error or ""


def test_commands_add_and_remove_expressions_and_show_what_they_raised_until_now(dataset: Path, tmp_path: Path) -> None:
    with Steered(dataset, tmp_path, views=VIEWS) as steered:
        steered.do("seek", time_ms=FIRST_NS // 1_000_000 + HOUR_MS)
        assert rows(steered) == []
        assert steered.do("alerts", add=" size >  9").alerts == ("size > 9",)
        first = rows(steered)
        assert {row[2] for row in first} == {"size > 9"}
        assert all(int(str(row[0])) <= FIRST_NS // 1_000_000 + HOUR_MS for row in first)
        assert steered.do("alerts", add="sweep").alerts == ("size > 9", "sweep")
        assert "expected one that is not set yet" in error_of(steered.do("alerts", add="sweep"))
        assert "unknown name 'swep' at column 5" in error_of(steered.do("alerts", add="not swep"))
        assert "expected one that is set: size > 9 | sweep" in error_of(steered.do("alerts", remove="price > 1"))
        assert steered.do("alerts", remove="sweep").alerts == ("size > 9",)
        assert rows(steered) == first
        assert steered.do("alerts", clear=True).alerts == ()
        assert rows(steered) == []


@pytest.mark.parametrize("is_cached", [True, False])
def test_a_seek_goes_to_the_next_alert_and_to_the_previous_one(
    dataset: Path, tmp_path: Path, *, is_cached: bool
) -> None:
    cache = Cache(tmp_path / "cache", 10**9) if is_cached else None
    with Steered(dataset, tmp_path, cache, views=VIEWS) as steered:
        steered.do("seek", time_ms=FIRST_NS // 1_000_000 + HOUR_MS)
        assert "next alert" in error_of(steered.do("seek", next="alert"))
        assert "alerts add" in error_of(steered.do("seek", previous="alert"))
        steered.do("alerts", add="size > 9")
        before = rows(steered)
        steered.do("seek", next="alert")
        status = steered.do("seek", next="alert")
        there = rows(steered)
        assert (len(there), there[-1][0]) == (len(before) + 2, status.event_time_ms)
        assert steered.do("seek", previous="alert").event_time_ms == there[-2][0]
        steered.do("alerts", clear=True)
        steered.do("alerts", add="size > 100000")
        assert "expected an alert that is raised after 20" in error_of(steered.do("seek", next="alert"))


def test_a_search_that_takes_long_says_loading(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[str] = []
    publish = Playback.publish

    def noted(self: Playback, state: Any, **how: bool) -> None:
        states.append(state)
        publish(self, state, **how)

    with Steered(dataset, tmp_path, Cache(tmp_path / "cache", 10**9), alerts=("size > 100000",)) as steered:
        for told_ns, is_told in ((10**18, False), (-1, True)):
            monkeypatch.setattr(seek, "_TOLD_AFTER_NS", told_ns)
            # Nothing that was found before is left.
            steered.do("alerts", add=f"size > {100_001 + is_told}")
            monkeypatch.setattr(Playback, "publish", noted)
            states.clear()
            assert "expected an alert" in error_of(steered.do("seek", next="alert"))
            steered.until(lambda status: status.state == "paused")
            assert ("loading" in states) is is_told


def test_a_replay_that_goes_on_has_the_alerts_that_were_set_by_commands(dataset: Path, tmp_path: Path) -> None:
    with Steered(dataset, tmp_path, views=VIEWS, alerts=("size > 9",)) as steered:
        steered.do("seek", time_ms=FIRST_NS // 1_000_000 + HOUR_MS)
        steered.do("alerts", add="(not size > 9) for 1 m")
        before = rows(steered)
        assert len({row[2] for row in before}) == 2
    with Steered(dataset, tmp_path, views=VIEWS, alerts=("size > 9",)) as steered:
        status = steered.status()
        assert status is not None
        assert status.alerts == ("size > 9", "(not size > 9) for 1 m")
        assert rows(steered) == before

"""Alerts of a replay: set by commands, refused with the word that is wrong, and kept by a replay that goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

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

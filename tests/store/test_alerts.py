"""What alerts go on from at any segment of a store, against one pass over the same events."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processor.core.aggregates import large_orders
from processor.core.alerts import kept
from processor.core.engine import Engine
from processor.publish.views.alerts import alerts_payload
from processor.settings import Aggregation
from processor.store.activity_index import ActivityIndex
from processor.store.alerts import AlertsIndex
from processor.store.reader import state_before
from tests.core.alerts.alerts_reference import written as as_text
from tests.core.alerts.test_watching import TREES
from tests.core.detected.lively import SECOND, markets
from tests.store.test_detected import LENGTHS, chunks_of
from tests.store.test_store import market_of_seconds, read_on, written

if TYPE_CHECKING:
    from processor.settings import Activity, CvdReset, Extra
    from tests.core.alerts.alerts_reference import Tree
    from tests.core.streams import Trade, Update

EXTRAS: Final[frozenset[Extra]] = frozenset({"alerts"})


@settings(max_examples=10)
@given(
    market=markets(),
    trees=st.lists(TREES, min_size=1, max_size=3, unique_by=as_text),
    length=LENGTHS,
    reset=st.sampled_from(["none", "day"]),
    most=st.sampled_from([2, 1000]),
    is_kept=st.booleans(),
)
def test_what_is_shown_after_any_segment_is_that_of_one_pass(
    market: tuple[list[Trade], list[Update]],
    trees: list[Tree],
    length: tuple[int, Activity | None],
    reset: CvdReset,
    most: int,
    *,
    is_kept: bool,
) -> None:
    aggregation = Aggregation(length[0], 10, reset, length[1], EXTRAS, alerts=tuple(map(as_text, trees)))
    with (
        TemporaryDirectory() as name,
        mock.patch("os.fsync"),
        mock.patch.object(large_orders, "LEAST_ORDERS", 4),
        mock.patch.object(kept, "MOST_ALERTS", most),
    ):
        folder = Path(name)
        manifest = written(folder, chunks_of(*market, 5), 1)
        played = Engine(aggregation, keep=25)
        index = ActivityIndex(folder, length[1], manifest.first_ns or 0) if length[1] is not None else None
        alerts = AlertsIndex(folder, aggregation)
        for number in range(len(manifest.segments)):
            if index is not None:
                index.extend(manifest, number)
            alerts = alerts if is_kept else AlertsIndex(folder, aggregation)
            before = partial(alerts.before, manifest, index, lambda: None)
            state, first = state_before(folder, manifest, number, aggregation, keep=25, index=index, alerts=before)
            found = Engine(aggregation, keep=25, state=state)
            read_on(folder, manifest, found, first, number - 1)
            for until in (number - 1, number):
                now_ns = manifest.segments[until].last_ns + 1 if until >= 0 else None
                for clock_ns in (None, now_ns, None if now_ns is None else now_ns + 5 * SECOND):
                    assert alerts_payload(found, clock_ns) == alerts_payload(played, clock_ns)
                if until < number:
                    for engine in (found, played):
                        read_on(folder, manifest, engine, number, number)


class Looks:
    """Counts how often it is called while something is looked through, and breaks that off once."""

    class Enough(Exception):
        pass

    def __init__(self, *, breaks_off_at: int) -> None:
        self.count = 0
        self._breaks_off_at = breaks_off_at

    def __call__(self) -> None:
        self.count += 1
        if self.count == self._breaks_off_at:
            raise self.Enough


def test_each_segment_is_looked_through_once_and_a_search_that_is_broken_off_goes_on(tmp_path: Path) -> None:
    manifest = written(tmp_path, market_of_seconds(200), segment_events=40)
    aggregation = Aggregation(SECOND, extras=EXTRAS, alerts=("price > 100 for 1 ms",))
    index = AlertsIndex(tmp_path, aggregation)

    looks = Looks(breaks_off_at=3)
    with pytest.raises(Looks.Enough):
        index.before(manifest, None, looks, 8)
    whole = index.before(manifest, None, looks, 8)
    assert looks.count == 8
    assert whole == index.before(manifest, None, looks, 8)
    assert looks.count == 8
    assert whole.alerts


def test_a_search_for_the_next_alert_that_is_broken_off_goes_on_and_reads_no_segment_twice(tmp_path: Path) -> None:
    manifest = written(tmp_path, market_of_seconds(200), segment_events=40)
    index = AlertsIndex(tmp_path, Aggregation(SECOND, alerts=("size > 1000000",)))

    looks = Looks(breaks_off_at=3)
    at_ns = manifest.segments[5].first_ns
    with pytest.raises(Looks.Enough):
        index.nearest(manifest, None, looks, at_ns, forward=True)
    for forward in (True, False, True):
        assert index.nearest(manifest, None, looks, at_ns, forward=forward) is None
        assert looks.count == len(manifest.segments)


@pytest.mark.parametrize(
    ("text", "of_bars", "of_reset", "of_sessions"),
    [
        ("price > 100 or session_delta < 0 or sweep", False, False, True),
        ("delta < 0", True, False, False),
        ("price > 100 and volume > 1", True, False, False),
        ("cvd > 0", False, True, False),
        ("(not divergence_high) for 1 s", True, True, False),
    ],
)
def test_what_was_found_holds_for_other_bars_where_no_expression_names_what_they_make(
    tmp_path: Path, text: str, *, of_bars: bool, of_reset: bool, of_sessions: bool
) -> None:
    aggregation = Aggregation(SECOND, extras=EXTRAS, alerts=(text,))
    index = AlertsIndex(tmp_path, aggregation)
    assert index.goes_on_with(replace(aggregation, obi_levels=3))
    assert index.goes_on_with(replace(aggregation, interval_ns=2 * SECOND)) is not of_bars
    assert AlertsIndex(tmp_path, aggregation).goes_on_with(replace(aggregation, cvd_reset="day")) is not of_reset
    assert not index.goes_on_with(replace(aggregation, alerts=("sweep",)))
    for reset in ("none", "day"):
        of_day = replace(aggregation, cvd_reset=reset)
        moved = replace(of_day, session_ns=60 * SECOND)
        matters = of_sessions or (of_reset and reset == "day")
        assert AlertsIndex(tmp_path, of_day).goes_on_with(moved) is not matters


def test_other_bars_change_nothing_of_what_is_found_where_they_do_not_matter(tmp_path: Path) -> None:
    manifest = written(tmp_path, market_of_seconds(200), segment_events=40)
    seconds = Aggregation(SECOND, extras=EXTRAS, alerts=("price > 100 for 1 ms", "session_delta > 0 or cvd > 1"))
    minutes = replace(seconds, interval_ns=60 * SECOND)
    index = AlertsIndex(tmp_path, seconds)
    index.before(manifest, None, lambda: None, 4)
    assert index.goes_on_with(minutes)
    found = index.before(manifest, None, lambda: None, 8)
    assert found.alerts
    assert found.alerts == AlertsIndex(tmp_path, minutes).before(manifest, None, lambda: None, 8).alerts

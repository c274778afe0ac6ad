"""Alerts beside a slow reference, in whatever batches, and at every moment."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processor.core.aggregates import large_orders
from processor.core.aggregates.base import Batch
from processor.core.alerts import kept
from processor.core.alerts.kept import Alerts, Watching
from processor.core.alerts.names import HAPPENINGS, MEASURED, NAMES, NUMBERS, TRADED
from processor.core.alerts.parser import parsed
from processor.core.alerts.watch import Alert
from processor.core.detected.detector import Detector
from processor.core.detected.kept import Detected
from processor.core.measures.layout import MEASURES
from processor.settings import Activity, Aggregation, Extra
from tests.core.alerts import alerts_reference as reference
from tests.core.detected.lively import SECOND, markets
from tests.core.detected.test_detector import BOOK_DECIMALS, PRICE_DECIMALS, TRADE_DECIMALS, batches_of, starts_of
from tests.core.measures.measures_reference import _samples
from tests.core.streams import SESSIONS_NS, Trade, Update, columns_of_book, columns_of_trades

if TYPE_CHECKING:
    from processor.core.detected.found import Found
    from processor.settings import CvdReset

PRICE, TRADED_SIZE, BOOK_SIZE = (
    Fraction(1, 10**decimals) for decimals in (PRICE_DECIMALS, TRADE_DECIMALS, BOOK_DECIMALS)
)
LENGTHS: Final = st.sampled_from([(SECOND, None), (7 * SECOND, None), (0, Activity("t", Decimal(2)))])

THRESHOLDS: Final = {
    "price": ["99.8", "99.95", "100", "100.1"],
    "size": ["0.003", "0.06", "0.9"],
    "spread": ["-0.2", "0", "0.1", "0.3"],
    "mid": ["99.9", "100", "100.05"],
    "weighted_mid": ["100"],
}
SUMS: Final = ["-0.5", "-0.002", "0", "0.001", "0.0015", "1"]
SHARES: Final = ["-0.5", "0", "0.2", "0.333333333333333333", "1"]
SIZES: Final = ["0", "0.05", "1", "9.6"]


def thresholds(name: str) -> st.SearchStrategy[Fraction]:
    kinds = (("obi", SHARES), ("depth", SIZES), ("", SUMS))
    known = THRESHOLDS.get(name) or next(some for start, some in kinds if name.startswith(start))
    return st.sampled_from(known).map(Fraction)


@st.composite
def leaves(draw: st.DrawFn) -> reference.Tree:
    kind = draw(st.sampled_from(["compare", "compare", "compare", "crosses", "happens"]))
    if kind == "happens":
        return (kind, draw(st.sampled_from(sorted(HAPPENINGS))))
    name = draw(st.one_of(st.sampled_from(TRADED), st.sampled_from(MEASURED)))
    if kind == "crosses":
        return (kind, name, draw(st.sampled_from(["", "above", "below"])), draw(thresholds(name)))
    return (kind, name, draw(st.sampled_from(sorted(reference.OPERATORS))), draw(thresholds(name)))


DURATIONS: Final = st.sampled_from([1, 20_000_000, 250_000_000, SECOND, 5 * SECOND, 39 * SECOND])


def extended(inner: st.SearchStrategy[reference.Tree]) -> st.SearchStrategy[reference.Tree]:
    return st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
        st.tuples(st.just("for"), inner.filter(reference.can_last), DURATIONS),
        st.tuples(st.just("for"), inner.filter(reference.can_last), DURATIONS),
    )


TREES: Final = st.recursive(leaves(), extended, max_leaves=4).filter(lambda tree: len(reference.written(tree)) <= 200)


def steps_of(
    trades: list[Trade], updates: list[Update], found: list[Found], aggregation: Aggregation
) -> list[reference.Step]:
    """Of one time the trades first, then the sample, then the events."""
    starts_ns = starts_of(trades, updates, aggregation)

    def begin_of(time_ns: int) -> int:
        if aggregation.activity is None:
            return time_ns // aggregation.interval_ns
        return max(start for start in starts_ns if start <= time_ns)

    plain = [(each.time_ns, each.price_ticks * PRICE, each.size_lots * TRADED_SIZE, each.aggressor) for each in trades]
    of_trades = reference.traded_steps(plain, begin_of, aggregation.session_ns, daily=aggregation.cvd_reset == "day")
    numbered = [(time_ns, 0, reference.Step(time_ns, values)) for time_ns, values in of_trades]
    numbered += [
        (
            time_ns,
            1,
            reference.Step(time_ns, {name: float(value) for name, value in values.items() if value is not None}),
        )
        for time_ns, values, _ in _samples(updates, PRICE, BOOK_SIZE)
    ]
    numbered += [(each.time_ns, 2, reference.Step(each.time_ns, {}, names_of(each), each.size)) for each in found]
    return [step for *_, step in sorted(numbered, key=lambda each: each[:2])]


def names_of(found: Found) -> frozenset[str]:
    word = "large_order" if found.kind == "large" else found.kind
    return frozenset({word, f"{word}_{found.side}", f"{word}_{found.detail}"}) & {*HAPPENINGS}


def expected(trees: list[reference.Tree], steps: list[reference.Step], until_ns: int) -> list[Alert]:
    rows = []
    for number, tree in enumerate(trees):
        text = parsed(reference.written(tree)).text
        for time_ns, from_ns, value, price in reference.Reference(tree).take(steps, until_ns):
            rows.append((time_ns, number, Alert(time_ns, from_ns, text, value, price)))
    return [alert for *_, alert in sorted(rows, key=lambda row: row[:2])]


def test_the_names_of_measures_are_those_that_are_sampled() -> None:
    assert MEASURED == MEASURES
    assert len({*NAMES}) == len(NAMES)
    assert {*NUMBERS} | {*HAPPENINGS} == {*NAMES}


@settings(max_examples=12)
@given(
    market=markets(),
    trees=st.lists(TREES, min_size=1, max_size=3, unique_by=reference.written),
    cuts=st.lists(st.integers(0, 250), max_size=2),
    length=LENGTHS,
    reset=st.sampled_from(["none", "day"]),
    session_ns=SESSIONS_NS,
    finer=st.booleans(),
    later=st.sampled_from([0, 1, SECOND, 60 * SECOND]),
)
def test_alerts_are_those_of_the_definitions_at_every_moment(
    market: tuple[list[Trade], list[Update]],
    trees: list[reference.Tree],
    cuts: list[int],
    length: tuple[int, Activity | None],
    reset: CvdReset,
    session_ns: int,
    *,
    finer: bool,
    later: int,
) -> None:
    trades, updates = market
    largest = max([0, *(trade.size_lots for trade in trades), *(update.size_lots for update in updates)])
    finer = finer and largest < 2**58
    texts = tuple(reference.written(tree) for tree in trees)
    extras: frozenset[Extra] = frozenset({"alerts", "events"})
    aggregation = Aggregation(length[0], 10, reset, length[1], extras, alerts=texts, session_ns=session_ns)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(large_orders, "LEAST_ORDERS", 4)
        patched.setattr(kept, "MOST_ALERTS", 10**9)
        detected = Detected(aggregation)
        alerts = Alerts(aggregation, detected)
        for batch, so_far, book_so_far in batches_of(trades, updates, cuts, aggregation, finer=finer):
            detected.advance(batch)
            alerts.advance(batch)
            if not so_far and not book_so_far:
                continue
            now_ns = max([*(trade.time_ns for trade in so_far), *(update.time_ns for update in book_so_far)]) + later
            found = all_found(so_far, book_so_far, aggregation, now_ns)
            wanted = expected(trees, steps_of(so_far, book_so_far, found, aggregation), now_ns)
            assert alerts.newest(now_ns) == wanted


def all_found(trades: list[Trade], updates: list[Update], aggregation: Aggregation, now_ns: int) -> list[Found]:
    """What the definitions of events say, which have a proof of their own."""
    detector = Detector(aggregation)
    for batch, *_ in batches_of(trades, updates, [], aggregation, finer=False):
        detector.advance(batch)
    return [*detector.found, *detector.pending(now_ns)]


def watched(
    *texts: str, trades: list[Trade] | None = None, updates: list[Update] | None = None, session_ns: int = 0
) -> list[Alert]:
    watching = Watching(Aggregation(60 * SECOND, alerts=texts, session_ns=session_ns))
    of_trades = [columns_of_trades(trades, 0, 0)] if trades else []
    of_book = [columns_of_book(updates, 0, 0)] if updates else []
    watching.advance(Batch(of_trades, [part.time_ns // (60 * SECOND) for part in of_trades], of_book), ())
    watching.settle(())
    return watching.alerts


def prices(*rows: tuple[int, int]) -> list[Trade]:
    return [Trade(seconds * SECOND, price, 1, 1) for seconds, price in rows]


def times(alerts: list[Alert]) -> list[tuple[float, float]]:
    return [(alert.time_ns / SECOND, alert.from_ns / SECOND) for alert in alerts]


def test_an_alert_is_raised_again_only_after_its_condition_was_false() -> None:
    found = watched("price > 10", trades=prices((1, 9), (2, 11), (3, 12), (4, 10), (5, 11)))
    assert times(found) == [(2, 2), (5, 5)]
    assert [(alert.value, alert.price) for alert in found] == [(11.0, 11.0), (11.0, 11.0)]


def test_each_trade_of_one_time_is_looked_at() -> None:
    assert times(watched("price > 10", trades=prices((1, 9), (1, 11), (1, 9), (1, 11)))) == [(1, 1), (1, 1)]


def test_a_crossing_reaches_or_passes_the_price_from_the_other_side() -> None:
    rows = prices((1, 9), (2, 10), (3, 11), (4, 10), (5, 9), (6, 12), (7, 8))
    assert times(watched("price crosses 10", trades=rows)) == [(2, 2), (4, 4), (6, 6), (7, 7)]
    assert times(watched("price crosses above 10", trades=rows)) == [(2, 2), (6, 6)]
    assert times(watched("price crosses below 10", trades=rows)) == [(4, 4), (7, 7)]


def test_what_has_to_last_is_known_at_the_very_moment_when_it_has() -> None:
    rows = prices((1, 11), (5, 12), (6, 9), (10, 11), (14, 9), (20, 11), (25, 11))
    # From 1 to 6 are five seconds, from 10 to 14 are four.
    for text in ("price > 10 for 5 s", "not (not (price > 10 for 5 s))"):
        assert times(watched(text, trades=rows)) == [(6, 1), (25, 20)]


def test_what_is_not_known_yet_makes_nothing_true() -> None:
    rows = prices((1, 11), (2, 9))
    for text in ("spread > 1", "not spread > 1", "not (spread > 1 or price < 10)", "(not spread > 1) for 1 ms"):
        assert watched(text, trades=rows) == []


def test_thresholds_of_trades_are_not_rounded() -> None:
    size = 2**62 + 1
    rows = [Trade(SECOND, 1, size, 1)]
    assert len(watched(f"delta > {size - 1}", f"delta >= {size}", f"delta > {size}.5", trades=rows)) == 2
    assert len(watched(f"delta < {size}.0000000000000000001", f"delta = {size}", trades=rows)) == 2


def test_a_session_begins_at_midnight_unless_it_is_told_to_begin_at_another_time() -> None:
    day = 86_400
    rows = [Trade(seconds * SECOND, 1, 4, 1) for seconds in (day - 2, day - 1, day + 1, day + 2)]
    assert times(watched("session_delta >= 8", trades=rows)) == [(day - 1, day - 1), (day + 2, day + 2)]
    late = watched("session_delta >= 8", trades=rows, session_ns=(day - 1) * SECOND)
    assert times(late) == [(day + 1, day + 1)]


def test_measures_are_those_of_each_sample_of_the_book() -> None:
    updates = [
        Update(SECOND, 0, 9, 8),
        Update(SECOND, 1, 10, 2),
        Update(2 * SECOND, 0, 9, 9),
        Update(3 * SECOND, 0, 9, 1),
    ]
    (alert,) = watched("obi_10 > 0.6", updates=updates)
    assert (alert.time_ns, alert.value, alert.price) == (2 * SECOND, 7 / 11, None)

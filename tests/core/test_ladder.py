"""The ladder and the levels at the begin of the open bar, beside a slow reading of the definitions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from itertools import accumulate, pairwise
from math import floor, gcd
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.aggregates.standing import Standing, levels_now
from processor.core.engine import Engine, checks
from processor.core.intervals import WEEK_NS
from processor.core.report import Report
from processor.formats import open_dataset
from processor.publish.views import ladder as ladder_view
from processor.publish.views.ladder import ladder_payload
from processor.publish.views.quotes import quotes_payload
from processor.settings import Aggregation, Extra
from processor.units import NS_PER_DAY
from shared import decode
from shared.views.ladder import LADDER, Ladder
from shared.views.quotes import QUOTES
from tests import reference
from tests.core.streams import (
    EDGE_SIZES,
    Trade,
    Update,
    aggregations,
    book_streams,
    columns_of_book,
    columns_of_trades,
    cuts,
    trade_streams,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

SECOND_NS: Final = 10**9
DECIMALS: Final = 1, 2
LADDER_EXTRAS: Final[frozenset[Extra]] = frozenset({"ladder", "flow"})
ANY_AGGREGATION = aggregations(
    intervals_ns=[SECOND_NS, 60 * SECOND_NS, 420 * SECOND_NS, NS_PER_DAY, WEEK_NS], obi_levels=[10]
)
MARKETS = (
    st.one_of(trade_streams(max_size=20), trade_streams(max_size=20, sizes=EDGE_SIZES)),
    st.one_of(book_streams(max_size=40), book_streams(max_size=40, sizes=st.one_of(st.just(0), EDGE_SIZES))),
)
HEIGHTS = st.sampled_from([None, Fraction(1, 10), Fraction(3, 10), Fraction(1, 100), Fraction(7), Fraction(10**6)])


def price_of(ticks: int) -> Fraction:
    return Fraction(ticks, 10 ** DECIMALS[0])


def size_of(lots: int) -> Fraction:
    return Fraction(lots, 10 ** DECIMALS[1])


def book_of(updates: Iterable[Update]) -> tuple[dict[Fraction, Fraction], dict[Fraction, Fraction]]:
    """The levels of both sides after some updates."""
    bids: dict[Fraction, Fraction] = {}
    asks: dict[Fraction, Fraction] = {}
    for _, kind, ticks, lots in updates:
        if kind in {2, 3}:
            bids.clear()
        if kind in {2, 4}:
            asks.clear()
        if kind == 2:
            continue
        side = bids if kind in {0, 3} else asks
        side.pop(price_of(ticks), None)
        if lots:
            side[price_of(ticks)] = size_of(lots)
    return bids, asks


def rows_of(levels: Iterable[tuple[Fraction, Fraction]], height: Fraction) -> dict[int, Fraction]:
    found: dict[int, Fraction] = defaultdict(Fraction)
    for price, size in levels:
        found[floor(price / height)] += size
    return found


def step_of(trades: Sequence[Trade], updates: Sequence[Update]) -> Fraction:
    ticks = [update.price_ticks for update in updates if update.side != 2]
    if not any(ticks):
        ticks = [trade.price_ticks for trade in trades]
    return price_of(reduce(gcd, ticks, 0)) or Fraction(1)


def expected(
    trades: Sequence[Trade], updates: Sequence[Update], begin_ns: int, height: Fraction, most: int, session_ns: int
) -> list[list[float | None]]:
    """The rows of the ladder after all of these events, in a bar that began at `begin_ns`."""
    now, begin = book_of(updates), book_of(update for update in updates if update.time_ns < begin_ns)
    bids, asks = (rows_of(side.items(), height) for side in now)
    bids_before, asks_before = (rows_of(side.items(), height) for side in begin)
    day = (trades[-1].time_ns - session_ns) // NS_PER_DAY if trades else None
    traded: dict[str, dict[int, Fraction]] = {}
    for name, chosen in (
        ("bar", [trade for trade in trades if trade.time_ns >= begin_ns]),
        ("session", [trade for trade in trades if (trade.time_ns - session_ns) // NS_PER_DAY == day]),
    ):
        for side in (1, -1, 0):
            own = [(price_of(each.price_ticks), size_of(each.size_lots)) for each in chosen if each.aggressor == side]
            traded[f"{name} {side}"] = rows_of(own, height)
    numbers = sorted({number for each in (bids, asks, bids_before, asks_before, *traded.values()) for number in each})
    best = [*([max(now[0])] if now[0] else []), *([min(now[1])] if now[1] else [])]
    if best:
        middle = sum(best) / len(best)
    elif trades:
        middle = price_of(trades[-1].price_ticks)
    else:
        return []
    lower = [number for number in numbers if number <= floor(middle / height)][-most:]
    upper = [number for number in numbers if number > floor(middle / height)][:most]
    has_book = len(updates) > 0
    ask_sums = dict(zip(numbers, accumulate(asks[number] for number in numbers), strict=True))
    bid_sums = dict(zip(numbers[::-1], accumulate(bids[number] for number in numbers[::-1]), strict=True))
    return [
        [
            float(number * height),
            float(bids[number]),
            float(asks[number]),
            float(bid_sums[number]),
            float(ask_sums[number]),
            *(float(traded[f"bar {side}"][number]) for side in (1, -1, 0)),
            *(float(traded[f"session {side}"][number]) for side in (1, -1, 0)),
            float(bids[number] - bids_before[number] + traded["bar -1"][number]) if has_book else None,
            float(asks[number] - asks_before[number] + traded["bar 1"][number]) if has_book else None,
        ]
        for number in [*lower, *upper]
    ]


def last_order(trades: Sequence[Trade]) -> dict[str, Any]:
    first = len(trades) - 1
    while first and trades[first - 1][0] == trades[-1][0] and trades[first - 1].aggressor == trades[-1].aggressor:
        first -= 1
    own = trades[first:]
    return {
        "first": first,
        "time_ms": own[0].time_ns // 10**6,
        "side": own[0].aggressor,
        "price": float(price_of(own[-1].price_ticks)),
        "volume": float(sum(size_of(each.size_lots) for each in own)),
        "trades": len(own),
    }


def decoded(engine: Engine) -> Ladder | None:
    payload = ladder_payload(engine)
    if payload is None:
        return None
    found: Ladder = decode(LADDER.file, payload)
    assert list(LADDER.faults(found)) == []
    return found


def as_lists(found: Ladder) -> list[list[float | None]]:
    return [[getattr(row, name) for name in row.__struct_fields__] for row in found.rows]


def fed(engine: Engine, trades: Sequence[Trade], book: Sequence[Update], after_ns: int, until_ns: int) -> None:
    engine.advance(
        [columns_of_trades([each for each in trades if after_ns < each.time_ns <= until_ns], *DECIMALS)],
        [columns_of_book([each for each in book if after_ns < each.time_ns <= until_ns], *DECIMALS)],
    )


def begin_of_last(trades: Sequence[Trade], book: Sequence[Update], aggregation: Aggregation) -> int:
    activity = aggregation.activity
    return (
        reference.aggregate(
            [
                reference.Trade(t.time_ns, Decimal(t.price_ticks) / 10, Decimal(t.size_lots) / 100, t.aggressor)
                for t in trades
            ],
            [reference.BookEvent(u.time_ns, u.side, Decimal(1), Decimal(0)) for u in book],
            interval_ns=aggregation.interval_ns,
            obi_levels=1,
            cvd_reset="none",
            activity=None if activity is None else (activity.unit, activity.limit),
        )
        .intervals[-1]
        .start_ns
    )


@given(*MARKETS, ANY_AGGREGATION, HEIGHTS, st.sampled_from([2, 10, 800]), st.data())
def test_every_row_of_the_ladder_is_that_of_the_definitions_whatever_the_batches(
    trades: list[Trade],
    book: list[Update],
    aggregation: Aggregation,
    height: Fraction | None,
    most: int,
    data: st.DataObject,
) -> None:
    engine = Engine(replace(aggregation, extras=LADDER_EXTRAS, row=height), keep=3)
    assert ladder_payload(engine) is None
    times = sorted({each.time_ns for each in trades} | {each.time_ns for each in book})
    places = sorted({*data.draw(cuts(len(times)))})
    for start, end in pairwise(places):
        now_ns = times[end - 1]
        fed(engine, trades, book, times[start - 1] if start else -1, now_ns)
        past = [each for each in trades if each.time_ns <= now_ns]
        updates = [each for each in book if each.time_ns <= now_ns]
        begin_ns = begin_of_last(past, updates, aggregation)
        with mock.patch.object(ladder_view, "MAX_LADDER_ROWS", most):
            found = decoded(engine)
        assert found is not None
        assert checks(engine.rows(), engine)["ladder_begins_at_close"] is not False
        rows_high = height or step_of(past, updates)
        assert (found.row, found.bar_ms) == (float(rows_high), begin_ns // 10**6)
        session_ns = aggregation.session_ns
        of_last = (past[-1].time_ns - session_ns) // NS_PER_DAY * NS_PER_DAY + session_ns if past else None
        assert found.session_ms == (None if of_last is None else of_last // 10**6)
        assert as_lists(found) == expected(past, updates, begin_ns, rows_high, most // 2, session_ns)
        last = found.last
        assert (None if last is None else {name: getattr(last, name) for name in last.__struct_fields__}) == (
            last_order(past) if past else None
        )


def ladder_after(trades: Sequence[Trade], book: Sequence[Update]) -> dict[float, dict[str, float]]:
    engine = Engine(Aggregation(extras=LADDER_EXTRAS, row=Fraction(1)), keep=3)
    fed(engine, trades, book, -1, 10**18)
    found = decoded(engine)
    assert found is not None
    return {row.price: {name: getattr(row, name) for name in row.__struct_fields__} for row in found.rows}


MINUTE_NS: Final = 60 * SECOND_NS


@pytest.mark.parametrize(
    ("at_begin", "now", "sold", "change"),
    [
        (500, 500, 0, 0),
        (500, 700, 0, 2),
        (500, 300, 0, -2),
        (500, 200, 300, 0),
        (500, 500, 300, 3),
        (500, 100, 300, -1),
        (0, 0, 300, 3),
    ],
)
def test_a_level_was_stacked_or_pulled_by_what_trades_do_not_explain(
    at_begin: int, now: int, sold: int, change: float
) -> None:
    book = [
        Update(0, 0, 100, 7),
        Update(MINUTE_NS - 1, 0, 100, at_begin),
        Update(MINUTE_NS - 1, 1, 120, 100),
        Update(MINUTE_NS, 0, 100, 999),
        Update(MINUTE_NS + 5, 0, 100, now),
    ]
    trades = [Trade(MINUTE_NS + 3, 100, sold, -1)] if sold else []
    rows = ladder_after(trades, book)
    assert rows.get(10.0, {"bid_change": 0.0})["bid_change"] == change
    assert rows[12.0]["ask_change"] == 0


def test_a_sample_at_the_begin_of_a_bar_belongs_to_the_bar() -> None:
    book = [Update(5, 1, 120, 100), Update(MINUTE_NS, 1, 120, 300)]
    assert ladder_after([], book)[12.0]["ask_change"] == 2
    # Nothing is known of the next bar before something happens in it.
    assert ladder_after([], book[:1])[12.0]["ask_change"] == 1


def test_levels_that_are_not_those_at_the_end_of_the_bar_before_are_found() -> None:
    engine = Engine(Aggregation(extras=LADDER_EXTRAS), keep=3)
    name = "ladder_begins_at_close"
    fed(engine, [], [Update(5, 0, 120, 100)], -1, 5)
    assert checks(engine.rows(), engine)[name] is None
    fed(engine, [], [Update(MINUTE_NS, 0, 130, 100)], 5, MINUTE_NS)
    assert checks(engine.rows(), engine)[name] is True
    engine.standing = Standing.resumed(
        engine.book, MINUTE_NS, lambda: levels_now(engine.book), MINUTE_NS, np.empty(0, np.int64)
    )
    assert checks(engine.rows(), engine)[name] is False


def test_an_engine_that_is_not_asked_for_the_ladder_computes_none() -> None:
    engine = Engine(Aggregation(), keep=3)
    fed(engine, [], [Update(0, 0, 100, 7)], -1, 1)
    assert engine.standing is None
    assert ladder_payload(engine) is None


@given(*MARKETS, ANY_AGGREGATION)
def test_the_quotes_of_each_bar_are_the_best_prices_at_its_end(
    trades: list[Trade], book: list[Update], aggregation: Aggregation
) -> None:
    engine = Engine(aggregation, keep=3)
    fed(engine, trades, book, -1, 10**19)
    found = decode(QUOTES.file, quotes_payload(engine, engine.rows()))
    assert list(QUOTES.faults(found)) == []
    wanted = []
    for interval, later in pairwise([*engine.timestamps_ms(engine.rows()).tolist(), 10**13]):
        bids, asks = book_of(update for update in book if update.time_ns < later * 10**6)
        best = (float(max(bids)) if bids else None, float(min(asks)) if asks else None)
        if best != (None, None):
            wanted.append((interval, *best))
    assert [(row.timestamp_ms, row.best_bid, row.best_ask) for row in found] == wanted


@pytest.mark.parametrize("path", ["lobster", "binance-raw/nexousdt/nexousdt_20240723.dat.gz"])
def test_a_recording_has_the_ladder_of_the_definitions(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    report = Report()
    chunk = next(iter(open_dataset(shared_data / path).open(None, "exchange", report).chunks(report)))
    decimals = chunk.book[0].price_decimals, chunk.book[0].size_decimals
    monkeypatch.setattr(f"{__name__}.DECIMALS", decimals)
    trades, book = chunk.trades[0].rescaled(*decimals), chunk.book[0].rescaled(*decimals)
    engine = Engine(Aggregation(extras=LADDER_EXTRAS), keep=3)
    now_ns = -1
    for rows in (5_000, 9_876):
        after_ns, now_ns = now_ns, int(book.time_ns[min(rows, len(book)) - 1])
        engine.advance(
            [trades.rows((trades.time_ns > after_ns) & (trades.time_ns <= now_ns))],
            [book.rows((book.time_ns > after_ns) & (book.time_ns <= now_ns))],
        )
    found = decoded(engine)
    assert found is not None
    of_trades = trades.time_ns, trades.price_ticks, trades.size_lots, trades.aggressor
    past = [Trade(*row) for row in zip(*(each.tolist() for each in of_trades), strict=True) if row[0] <= now_ns]
    of_book = book.time_ns, book.side, book.price_ticks, book.size_lots
    updates = [Update(*row) for row in zip(*(each.tolist() for each in of_book), strict=True) if row[0] <= now_ns]
    height = step_of(past, updates)
    assert found.row == float(height)
    assert as_lists(found) == expected(past, updates, now_ns // MINUTE_NS * MINUTE_NS, height, 400, 0)
    assert any(row.bid_change for row in found.rows)
    assert any(row.session_sell for row in found.rows)

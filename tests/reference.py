"""The definitions, slowly and obviously: plain lists in, plain lists out, Decimal of enough digits throughout.

It shares no code with the processor. What the fast engine publishes is compared with this.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal, Inexact, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BUY, SELL, UNKNOWN = 1, -1, 0
BID, ASK, CLEAR, ONLY_BID, ONLY_ASK = range(5)

DAY_NS = 86_400 * 10**9
WEEK_NS = 7 * DAY_NS
MONDAY_NS = 4 * DAY_NS
MS_NS = 10**6
ZERO = Decimal(0)
_DIGITS = 200
"""More than any sum or product here has; one that had more would be an error."""

Level = tuple[Decimal, Decimal]


class Trade(NamedTuple):
    """One trade; `aggressor` is BUY, SELL or UNKNOWN."""

    time_ns: int
    price: Decimal
    size: Decimal
    aggressor: int


class BookEvent(NamedTuple):
    """`size` now rests at `price` of `side`, 0 for nothing; or CLEAR, which empties both sides.

    Of ONLY_BID and ONLY_ASK the level is all there is of its side.
    """

    time_ns: int
    side: int
    price: Decimal
    size: Decimal


@dataclass
class Bar:
    """The trades of one interval."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    trades: int = 0
    volume: Decimal = ZERO
    buy_volume: Decimal = ZERO
    sell_volume: Decimal = ZERO
    unknown_volume: Decimal = ZERO


@dataclass
class Obi:
    """The imbalance over one interval."""

    open: float
    high: float
    low: float
    close: float


@dataclass
class Cvd:
    """The cumulative volume delta over one interval."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


@dataclass
class Interval:
    """One row of the whole history; `bar` is None without a trade. Best prices are those standing at its end."""

    start_ns: int
    bar: Bar | None
    obi: Obi
    cvd: Cvd
    best_bid: Decimal | None
    best_ask: Decimal | None


@dataclass
class Reference:
    """The whole history, and the book at its end, best levels first."""

    intervals: list[Interval]
    samples: int
    bids: list[Level]
    asks: list[Level]


@dataclass
class Side:
    """One side of the book: the size at each price, and the prices in ascending order."""

    sizes: dict[Decimal, Decimal] = field(default_factory=dict)
    prices: list[Decimal] = field(default_factory=list)

    def set(self, price: Decimal, size: Decimal) -> None:
        if size == 0:
            if price in self.sizes:
                del self.sizes[price]
                del self.prices[bisect_left(self.prices, price)]
        else:
            if price not in self.sizes:
                insort(self.prices, price)
            self.sizes[price] = size

    def total(self, prices: Iterable[Decimal]) -> Decimal:
        return sum((self.sizes[price] for price in prices), ZERO)


class Book:
    """Both sides."""

    def __init__(self) -> None:
        self.bid = Side()
        self.ask = Side()

    def apply(self, event: BookEvent) -> None:
        if event.side == CLEAR:
            self.bid = Side()
            self.ask = Side()
            return
        if event.side == ONLY_BID:
            self.bid = Side()
        elif event.side == ONLY_ASK:
            self.ask = Side()
        if event.side in {BID, ONLY_BID}:
            self.bid.set(event.price, event.size)
        else:
            self.ask.set(event.price, event.size)

    def obi(self, levels: int) -> float:
        """(B - A) / (B + A) over the best `levels` of each side, 0 for all; 0 for an empty book."""
        best_bids = self.bid.prices[-levels:] if levels else self.bid.prices
        best_asks = self.ask.prices[:levels] if levels else self.ask.prices
        bids = self.bid.total(best_bids)
        asks = self.ask.total(best_asks)
        return float(Fraction(bids - asks) / Fraction(bids + asks)) if bids + asks else 0.0

    def best_bid(self) -> Decimal | None:
        return self.bid.prices[-1] if self.bid.prices else None

    def best_ask(self) -> Decimal | None:
        return self.ask.prices[0] if self.ask.prices else None


class Sample(NamedTuple):
    """The imbalance and the best prices after the last event of a time."""

    time_ns: int
    obi: float
    best_bid: Decimal | None
    best_ask: Decimal | None


class Samples(NamedTuple):
    """All samples of a book, and the book at the end."""

    rows: list[Sample]
    final: Book


def aggregate(
    trades: list[Trade],
    book: list[BookEvent],
    *,
    interval_ns: int = 0,
    obi_levels: int,
    cvd_reset: Literal["none", "day"] = "none",
    activity: tuple[str, Decimal] | None = None,
    session_ns: int = 0,
) -> Reference:
    """Everything the definitions say of these events, which may come in any order of time.

    With an `activity`, a unit and a limit, bars end by that. Sessions start at `session_ns` of a day.
    """
    return aggregate_samples(trades, samples_of(book, obi_levels), interval_ns, cvd_reset, activity, session_ns)


def samples_of(book: list[BookEvent], obi_levels: int) -> Samples:
    """What is sampled of a book, whatever the intervals."""
    with exactly():
        return _samples_of(sorted(book, key=lambda event: event.time_ns), obi_levels)


def aggregate_samples(
    trades: list[Trade],
    samples: Samples,
    interval_ns: int = 0,
    cvd_reset: Literal["none", "day"] = "none",
    activity: tuple[str, Decimal] | None = None,
    session_ns: int = 0,
) -> Reference:
    """The same as `aggregate`, of a book that has been sampled."""
    with exactly():
        return _aggregate(trades, samples, interval_ns, cvd_reset, activity, session_ns)


@contextmanager
def exactly() -> Iterator[None]:
    """Decimals of enough digits, and an error where they are not enough."""
    with localcontext(prec=_DIGITS) as context:
        context.traps[Inexact] = True
        yield


def _aggregate(
    trades: list[Trade],
    samples: Samples,
    interval_ns: int,
    cvd_reset: str,
    activity: tuple[str, Decimal] | None,
    session_ns: int,
) -> Reference:
    trades = sorted(trades, key=lambda trade: trade.time_ns)
    book = samples.rows

    def begin_of(time_ns: int) -> int:
        origin_ns = MONDAY_NS if interval_ns == WEEK_NS else 0
        return (time_ns - origin_ns) // interval_ns * interval_ns + origin_ns

    if activity is not None:
        first_ns = min([trade.time_ns for trade in trades] + [sample.time_ns for sample in book], default=0)
        begins_ns = begins_of(trades, first_ns, *activity)

        def begin_of(time_ns: int) -> int:
            return begins_ns[bisect_right(begins_ns, time_ns) - 1]

    bars = bars_of(trades, begin_of)
    cvds = cvds_of(trades, begin_of, cvd_reset, session_ns)
    # Before any book the imbalance stands at 0, and a row of trades says so; the very first row opens with its sample.
    first_book_ns = begin_of(book[0].time_ns) if book else None
    rows_before = first_book_ns is not None and any(start_ns < first_book_ns for start_ns in bars)
    obis, best = obis_of(book, begin_of, standing=0.0 if rows_before else None)

    intervals = []
    last_obi, last_cvd = 0.0, ZERO
    last_best: tuple[Decimal | None, Decimal | None] = (None, None)
    for start_ns in sorted(bars.keys() | obis.keys()):
        obi = obis.get(start_ns, Obi(last_obi, last_obi, last_obi, last_obi))
        cvd = cvds.get(start_ns, Cvd(last_cvd, last_cvd, last_cvd, last_cvd))
        last_obi, last_cvd = obi.close, cvd.close
        last_best = best.get(start_ns, last_best)
        intervals.append(Interval(start_ns, bars.get(start_ns), obi, cvd, *last_best))
    final = samples.final
    return Reference(
        intervals=intervals,
        samples=len(book),
        bids=[(price, final.bid.sizes[price]) for price in reversed(final.bid.prices)],
        asks=[(price, final.ask.sizes[price]) for price in final.ask.prices],
    )


def begins_of(trades: list[Trade], first_ns: int, unit: str, limit: Decimal) -> list[int]:
    """When bars begin that end with the millisecond in which `limit` of `unit` have been traded since they began."""
    begins_ns = [first_ns // MS_NS * MS_NS]
    traded = ZERO
    for trade in trades:
        if trade.time_ns < begins_ns[-1]:
            continue  # the rest of the millisecond that ended the bar
        traded += {"t": Decimal(1), "v": trade.size, "q": abs(trade.price) * trade.size}[unit]
        if traded >= limit:
            begins_ns.append((trade.time_ns // MS_NS + 1) * MS_NS)
            traded = ZERO
    return begins_ns


def bars_of(trades: list[Trade], begin_of: Callable[[int], int]) -> dict[int, Bar]:
    bars: dict[int, Bar] = {}
    for trade in trades:
        start_ns = begin_of(trade.time_ns)
        bar = bars.setdefault(start_ns, Bar(trade.price, trade.price, trade.price, trade.price))
        bar.high = max(bar.high, trade.price)
        bar.low = min(bar.low, trade.price)
        bar.close = trade.price
        bar.trades += 1
        bar.volume += trade.size
        if trade.aggressor == BUY:
            bar.buy_volume += trade.size
        elif trade.aggressor == SELL:
            bar.sell_volume += trade.size
        else:
            bar.unknown_volume += trade.size
    return bars


def cvds_of(trades: list[Trade], begin_of: Callable[[int], int], cvd_reset: str, session_ns: int) -> dict[int, Cvd]:
    cvds: dict[int, Cvd] = {}
    running = ZERO
    day = None
    for trade in trades:
        if cvd_reset == "day" and (trade.time_ns - session_ns) // DAY_NS != day:
            running = ZERO
            day = (trade.time_ns - session_ns) // DAY_NS
        start_ns = begin_of(trade.time_ns)
        cvd = cvds.setdefault(start_ns, Cvd(running, running, running, running))
        running += trade.aggressor * trade.size
        cvd.high = max(cvd.high, running)
        cvd.low = min(cvd.low, running)
        cvd.close = running
    return cvds


def _samples_of(events: list[BookEvent], levels: int) -> Samples:
    rows = []
    book = Book()
    for event, following in zip(events, [*events[1:], None], strict=False):
        book.apply(event)
        if following is None or following.time_ns != event.time_ns:
            rows.append(Sample(event.time_ns, book.obi(levels), book.best_bid(), book.best_ask()))
    return Samples(rows, book)


def obis_of(
    samples: list[Sample], begin_of: Callable[[int], int], *, standing: float | None
) -> tuple[dict[int, Obi], dict[int, tuple[Decimal | None, Decimal | None]]]:
    """By interval the imbalance, and the best prices at its end."""
    obis: dict[int, Obi] = {}
    best: dict[int, tuple[Decimal | None, Decimal | None]] = {}
    for sample in samples:
        start_ns = begin_of(sample.time_ns)
        opened = sample.obi if standing is None else standing
        obi = obis.setdefault(start_ns, Obi(opened, opened, opened, opened))
        obi.high = max(obi.high, sample.obi)
        obi.low = min(obi.low, sample.obi)
        obi.close = sample.obi
        standing = sample.obi
        best[start_ns] = (sample.best_bid, sample.best_ask)
    return obis, best

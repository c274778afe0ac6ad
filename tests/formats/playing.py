"""Spoilt datasets played to their end, and what must hold of everything that comes by."""

from __future__ import annotations

import re
import signal
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pytest

from processor.core.engine import Engine, checks
from processor.core.events import ASK, BID, BUY, CLEAR, ONLY_ASK, ONLY_BID, SELL
from processor.core.report import KINDS, Report
from processor.errors import ProcessorError
from processor.formats import in_order, open_dataset
from processor.publish.views.depth import depth_payload
from processor.publish.views.metrics import metrics_payload
from processor.publish.views.ohlc import ohlc_payload
from processor.settings import Aggregation
from tests.formats import one_market, tolerant_reference

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from processor.core.merge.chunk import Chunk
    from processor.formats import Dataset

PATIENCE_S: Final = 60

Trade = tuple[int, Decimal, Decimal, int]
Level = tuple[int, Decimal, Decimal]


@dataclass
class Played:
    """What came out: trades as (time, price, size, side), levels of the book as (side, price, size), and the report.

    `engine` has taken in all of it.
    """

    trades: Counter[Trade] = field(default_factory=Counter)
    levels: Counter[Level] = field(default_factory=Counter)
    report: Report = field(default_factory=Report)
    engine: Engine = field(default_factory=lambda: Engine(Aggregation(interval_ns=10**9)))

    def lost(self) -> int:
        """How many rows or messages the report accounts for as not played."""
        kinds = ("malformed", "duplicates", "before_snapshot", "incomplete", "gaps", "unused", "not_trades")
        return sum(self.report.counts[kind] for kind in kinds)


def play(path: Path, instrument: str | None = None) -> Played:
    """Read a dataset to its end through the engine into payloads, looking at everything that comes by."""
    return in_order(open_dataset(path), lambda dataset: _played(dataset, instrument))


def _played(dataset: Dataset, instrument: str | None) -> Played:
    played = Played()
    opened = dataset.open(instrument, "exchange", played.report)
    engine = Engine(Aggregation(interval_ns=10**9))
    volume = Decimal(0)
    until_ns = -(2**63)
    chunks = cast("Generator[Chunk]", opened.chunks(played.report))
    try:
        for chunk in chunks:
            assert chunk.until_ns >= until_ns
            for part in (*chunk.trades, *chunk.book):
                assert len(part.time_ns) == len(part.price_ticks) == len(part.size_lots)
                assert 0 <= part.price_decimals <= 18
                assert 0 <= part.size_decimals <= 18
                assert (part.size_lots >= 0).all()
                assert (part.time_ns[1:] >= part.time_ns[:-1]).all()
                assert not len(part) or until_ns < part.time_ns[0] <= part.time_ns[-1] <= chunk.until_ns
            until_ns = chunk.until_ns
            for trades in chunk.trades:
                assert np.isin(trades.aggressor, (BUY, SELL, 0)).all()
                numbers = _decimals(trades)
                volume += sum((size for _, size in numbers), Decimal(0))
                rows = zip(trades.time_ns.tolist(), numbers, trades.aggressor.tolist(), strict=True)
                played.trades.update((time, *number, side) for time, number, side in rows)
            for book in chunk.book:
                assert np.isin(book.side, (BID, ASK, CLEAR, ONLY_BID, ONLY_ASK)).all()
                levels = zip(book.side.tolist(), _decimals(book), strict=True)
                played.levels.update((side, *number) for side, number in levels if side != CLEAR and number[1])
            engine.advance(chunk.trades, chunk.book)
    finally:
        chunks.close()
    played.engine = engine
    _sound(engine, volume)
    _reported(dataset.path, played.report)
    return played


def _decimals(columns: Any) -> list[tuple[Decimal, Decimal]]:
    with localcontext(prec=60):
        return [
            (Decimal(price).scaleb(-columns.price_decimals), Decimal(size).scaleb(-columns.size_decimals))
            for price, size in zip(columns.price_ticks.tolist(), columns.size_lots.tolist(), strict=True)
        ]


def _sound(engine: Engine, volume: Decimal) -> None:
    rows = engine.rows()
    assert False not in checks(rows, engine).values()
    assert sum(rows["volume"].to_list()) == volume.scaleb(engine.trade_bars.size_decimals)
    for payload in (ohlc_payload(engine), metrics_payload(engine, rows), depth_payload(engine, 50)):
        assert not re.search(rb"NaN|Infinity|null", payload)


def _reported(path: Path, report: Report) -> None:
    for entry in report.files.values():
        assert 0 <= entry.malformed <= entry.rows
        assert entry.first_ns is None or entry.last_ns is None or entry.first_ns <= entry.last_ns
    for incident in report.incidents:
        assert incident.kind in KINDS
        assert incident.detail.isprintable()
        assert incident.line is None or incident.line >= 1 or path.name.endswith(".db")
    assert all(count > 0 for count in report.counts.values())


def refused_in_words(error: ProcessorError, folder: Path) -> None:
    """A refusal says where, in lines that a terminal can show."""
    text = str(error)
    first = text.partition("\n")[0]
    names = {part for file in folder.rglob("*") for part in (file.name, file.name.removesuffix(".gz"))}
    # What no book has room for is found where no file is known any more.
    assert "has no room in a book" in first or any(name in first for name in (*names, folder.name)), text
    assert all(line.isprintable() for line in text.split("\n")), text
    assert len(text) < 20_000, text[:300]


@contextmanager
def patience() -> Generator[None]:
    """Ends what does not end."""

    def give_up(*_: object) -> None:
        pytest.fail(f"not through after {PATIENCE_S} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(folder: Path, instrument: str | None = None) -> Played | str:
    """What playing the folder comes to: what was in it, or the words in which it is refused."""
    with patience():
        try:
            return play(folder, instrument)
        except ProcessorError as error:
            refused_in_words(error, folder)
            return str(error)


_FIELD_ENDS: Final = {".csv": rb"[,;]", "": rb'[\s,:"\[\]{}]+'}
_NUMBER: Final = re.compile(rb"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")
_ISO: Final = re.compile(rb"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?")
_SHIFTS: Final = {"lobster": 4, "recorded_databento_csv": 9, "databento_csv_trades": 9}
_NEW_YORK_NS: Final = (one_market.START_MS - 9 * 3_600_000 + one_market.DAY_MS) * 10**6


class Spelled:
    """The numbers and times that a touched line spells, by other means than the project's."""

    def __init__(self, name: str, text: bytes, *, ends: bytes | None = None) -> None:
        by_comma = name.startswith(("tardis", "mapped", "lobster", "databento", "binance_archive", "bybit_", "okx_tr"))
        by_comma |= name in {"recorded_tardis", "recorded_tardis_trades", "recorded_databento_csv"}
        by_comma &= name != "bybit_raw"
        text = text.replace(b'"', b"") if name.startswith("mapped") else text
        fields = re.split(ends or _FIELD_ENDS[".csv" if by_comma else ""], text.rstrip(b"\r"))
        fields = [each.strip(b' \t"') for each in fields]
        with localcontext(prec=6000):
            numbers = [each for each in fields if _NUMBER.fullmatch(each)]
            written = {Decimal(each.decode()) for each in numbers}
            written |= {tolerant_reference.decimal(each, quoted=False, decimals=None)[0] for each in numbers}
            shift = _SHIFTS.get(name, 0)
            self.numbers = written | {each.scaleb(-shift) for each in written}
            self.times = {int(each * unit) for each in written for unit in (1, 10**3, 10**6, 10**9)}
            self.times |= {_NEW_YORK_NS + int(each * 10**9) for each in written if name == "lobster"}
        for each in fields if by_comma else ():
            with suppress(tolerant_reference.FaultyError):
                self.times.add(tolerant_reference.time_ns(None, each, False))  # noqa: FBT003
        for found in _ISO.finditer(text):
            try:
                moment = datetime(*map(int, found.groups()[:6]), tzinfo=UTC)  # type: ignore[arg-type, misc]
            except ValueError:
                continue
            fraction = int((found[7] or b"").ljust(9, b"0"))
            self.times.add(int(moment.timestamp()) * 10**9 + fraction)

    def trade(self, trade: Trade) -> bool:
        """Whether the trade's time, price and size stand here."""
        return trade[0] in self.times and trade[1] in self.numbers and trade[2] in self.numbers

    def level(self, level: Level) -> bool:
        """Whether the level's price and size stand here."""
        return level[1] in self.numbers and level[2] in self.numbers


def compare(good: Played, found: Played, before: Iterable[Spelled], after: Iterable[Spelled]) -> None:
    """What was on the touched lines may be gone, what is on them now may have come, and nothing else."""
    before, after = list(before), list(after)
    missing, more = good.trades - found.trades, found.trades - good.trades
    unexplained = [trade for trade in missing.elements() if not any(line.trade(trade) for line in before)]
    lost = found.lost() - good.lost()
    assert len(unexplained) <= max(lost, 0), (unexplained[:3], found.report.incidents[-3:])
    invented = [trade for trade in more if not any(line.trade(trade) for line in after)]
    assert not invented, invented[:3]
    gone, come = good.levels - found.levels, found.levels - good.levels
    if any(not any(line.level(level) for line in before) for level in gone):
        assert lost > 0, (gone, found.report.incidents[-3:])
    made_up = [level for level in come if not any(line.level(level) for line in (*after, *before))]
    assert not made_up, made_up[:3]

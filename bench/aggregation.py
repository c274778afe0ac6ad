"""Whole-history aggregation beside hftbacktest's depth replay and a dict book, in turn, on the same events."""

from __future__ import annotations

import gc
import importlib.util
import math
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench import dataset
from bench.figures import Bar, Figure, progress, spread
from processor.aggregate import aggregate, table
from processor.events import ASK, BID, CLEAR
from processor.formats import open_dataset
from processor.report import Report
from processor.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from processor.engine import Engine

PART: Final = "aggregation"
DICT_ROWS: Final = 2_000_000
_BACKENDS: Final = ("hash map", "vector")
_WARM_UP_EVENTS: Final = 20_000


class Disagreement(Exception):
    """Two competitors ended with different books, so one of them did not do the work."""


@dataclass(frozen=True, slots=True)
class _Competitor:
    """Somebody who takes in `events` events and returns the best bid and ask in the end, None where it tells none."""

    name: str
    events: int
    run: Callable[[], tuple[float, float] | None]


def measure(cache: Path, *, events: int, repetitions: int) -> list[Figure]:
    """Events a second of each competitor, and how many times hftbacktest's ours is.

    Raises:
        Disagreement: the books differ at the end.
    """
    # Compiles and opens everything once, on little.
    for competitor in _competitors(dataset.prepared(cache, _WARM_UP_EVENTS)):
        competitor.run()
    competitors = _competitors(dataset.prepared(cache, events))
    seconds: dict[str, list[float]] = {competitor.name: [] for competitor in competitors}
    cpu_seconds: dict[str, list[float]] = {competitor.name: [] for competitor in competitors}
    for repetition in range(repetitions):
        ends = set()
        for competitor in competitors:
            gc.collect()
            begun, cpu_begun = time.perf_counter(), time.process_time()
            end = competitor.run()
            seconds[competitor.name].append(time.perf_counter() - begun)
            cpu_seconds[competitor.name].append(time.process_time() - cpu_begun)
            if end is not None:
                ends.add(tuple(round(price, 9) for price in end))
            progress(f"{PART} {repetition + 1}/{repetitions}: {competitor.name} {seconds[competitor.name][-1]:.2f} s")
        if len(ends) > 1:
            msg = f"the books end differently: best bid and ask {', '.join(map(str, sorted(ends)))}"
            raise Disagreement(msg)
    return _figures(competitors, seconds, cpu_seconds)


def _figures(
    competitors: list[_Competitor], seconds: dict[str, list[float]], cpu_seconds: dict[str, list[float]]
) -> list[Figure]:
    figures = []
    for competitor in competitors:
        rates = [competitor.events / 1e6 / taken for taken in seconds[competitor.name]]
        processor_time = f"{statistics.median(cpu_seconds[competitor.name]):.2f} s of processor time"
        note = f"{competitor.events:,} events, {processor_time}"
        figures.append(Figure(PART, competitor.name, "M events/s", spread(rates), note=note))
    ours, *yardsticks = (competitor.name for competitor in competitors[:-1])
    name, bar = "ours / hftbacktest's faster", Bar("median", ">=", 3.0)
    if not yardsticks:
        return [*figures, Figure(PART, name, bar=bar, note="hftbacktest is not installed; `make bench` has it")]
    fastest = min(yardsticks, key=lambda yardstick: statistics.median(seconds[yardstick]))
    against = f"run by run, against {fastest}"
    return [
        *figures,
        Figure(PART, name, "times", _ratios(seconds[ours], seconds[fastest]), bar, against),
        Figure(
            PART, f"{name}, processor time", "times", _ratios(cpu_seconds[ours], cpu_seconds[fastest]), None, against
        ),
    ]


def _ratios(ours: list[float], theirs: list[float]) -> dict[str, float]:
    return spread([their / our for our, their in zip(ours, theirs, strict=True)])


def _competitors(folder: Path) -> list[_Competitor]:
    """Ours first, the dict book last."""
    engine = _aggregated(folder)
    price_decimals, size_decimals = engine.book.price_decimals, engine.book.size_decimals
    rows, lowest, highest = dataset.book_extent(folder)
    events = engine.trades + rows
    prices = math.floor(lowest / 10**price_decimals), math.ceil(highest / 10**price_decimals)
    competitors = [
        _Competitor("orderflow-replay: OBI of 10 levels at every time, bars, CVD", events, lambda: _ours(folder))
    ]
    if importlib.util.find_spec("hftbacktest"):
        from bench import hft  # noqa: PLC0415 - only where it is installed

        npz = dataset.as_npz(folder)
        tick, lot = 10.0**-price_decimals, 10.0**-size_decimals

        def replayed(backend: str) -> Callable[[], tuple[float, float]]:
            return lambda: hft.replay(npz, backend, tick, lot, prices)[1:]

        competitors += [
            _Competitor(f"hftbacktest: depth every 100 ms, {backend}", events, replayed(backend))
            for backend in _BACKENDS
        ]
    side, price_ticks, size_lots = dataset.book_columns(folder, DICT_ROWS)
    competitors.append(
        _Competitor("Python dict book, no OBI, no bars", len(side), lambda: dict_book(side, price_ticks, size_lots))
    )
    return competitors


def _aggregated(folder: Path) -> Engine:
    report = Report()
    return aggregate(open_dataset(folder).open(None, "exchange", report), Settings(), report)


def _ours(folder: Path) -> tuple[float, float]:
    engine = _aggregated(folder)
    last = table(engine, Settings()).row(-1, named=True)
    return last["best_bid"], last["best_ask"]


def dict_book(side: NDArray[np.int8], price_ticks: NDArray[np.int64], size_lots: NDArray[np.int64]) -> None:
    """Keep a book in two dicts and nothing else."""
    sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for which, price, size in zip(side.tolist(), price_ticks.tolist(), size_lots.tolist(), strict=True):
        if which == CLEAR:
            sides[BID].clear()
            sides[ASK].clear()
        elif size:
            sides[which][price] = size
        else:
            sides[which].pop(price, None)

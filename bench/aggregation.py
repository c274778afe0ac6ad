"""Whole-history aggregation beside hftbacktest's depth replay and a dict book, in turn, on the same events."""

from __future__ import annotations

import importlib.util
import math
from typing import TYPE_CHECKING, Any, Final

from bench import dataset
from bench.figures import Bar, Figure
from bench.rounds import Competitor, Disagreement, Taken, in_turn, ratios
from processor.aggregate.table import aggregate, aggregate_all
from processor.core.events import ASK, BID, CLEAR
from processor.formats import open_dataset
from processor.settings import Settings
from processor.sources.files import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from processor.core.engine import Engine

PART: Final = "aggregation"
DICT_ROWS: Final = 2_000_000
WARM_UP_EVENTS: Final = 20_000
_OURS: Final = "orderflow-replay from its layout's bars of a second: OBI of 10 levels at every time, bars, CVD"
_COMPUTED: Final = "orderflow-replay from every event: the same"
_BACKENDS: Final = ("hash map", "vector")


def measure(cache: Path, *, events: int, repetitions: int) -> list[Figure]:
    """Events a second of each competitor, and how many times hftbacktest's ours is.

    Raises:
        Disagreement: the books differ at the end.
    """
    # Compiles and opens everything once, on little.
    for competitor in _competitors(dataset.prepared(cache, WARM_UP_EVENTS)):
        competitor.run()
    competitors = _competitors(dataset.prepared(cache, events))
    return _figures(competitors, in_turn(PART, competitors, repetitions, _must_end_alike))


def _must_end_alike(results: dict[str, Any]) -> None:
    ends = {tuple(round(price, 9) for price in end) for end in results.values() if end is not None}
    if len(ends) > 1:
        msg = f"the books end differently: best bid and ask {', '.join(map(str, sorted(ends)))}"
        raise Disagreement(msg)


def _figures(competitors: list[Competitor], taken: Taken) -> list[Figure]:
    figures = [taken.figure(PART, competitor) for competitor in competitors]
    ours, computed, *yardsticks = competitors[:-1]
    name, bar = "ours / hftbacktest's faster", Bar("median", ">=", 5.0)
    if not yardsticks:
        return [*figures, Figure(PART, name, bar=bar, note="hftbacktest is not installed; `make bench` has it")]
    fastest = taken.fastest(yardsticks).name
    against = f"run by run, against {fastest}"
    every, cpu = (ratios(each[computed.name], each[fastest]) for each in (taken.wall_s, taken.cpu_s))
    return [
        *figures,
        Figure(PART, name, "times", ratios(taken.wall_s[ours.name], taken.wall_s[fastest]), bar, against),
        Figure(PART, "ours from every event / hftbacktest's faster", "times", every, None, against),
        Figure(PART, "ours from every event / hftbacktest's faster, processor time", "times", cpu, None, against),
    ]


def _competitors(folder: Path) -> list[Competitor]:
    """Ours first, the dict book last; each returns the best bid and ask in the end, None where it tells none."""
    engine = aggregated(folder, Settings())
    price_decimals, size_decimals = engine.book.price_decimals, engine.book.size_decimals
    rows, lowest, highest = dataset.book_extent(folder)
    events = engine.trades + rows
    prices = math.floor(lowest / 10**price_decimals), math.ceil(highest / 10**price_decimals)
    store = dataset.stored(folder)
    competitors = [
        Competitor(_OURS, events, lambda: _ours(store, from_bars=True)),
        Competitor(_COMPUTED, events, lambda: _ours(store, from_bars=False)),
    ]
    if importlib.util.find_spec("hftbacktest"):
        from bench import hft  # noqa: PLC0415 - only where it is installed

        npz = dataset.as_npz(folder)
        tick, lot = 10.0**-price_decimals, 10.0**-size_decimals

        def replayed(backend: str) -> Callable[[], tuple[float, float]]:
            return lambda: hft.replay(npz, backend, tick, lot, prices)[1:]

        competitors += [
            Competitor(f"hftbacktest: depth every 100 ms, {backend}", events, replayed(backend))
            for backend in _BACKENDS
        ]
    side, price_ticks, size_lots = dataset.book_columns(folder, DICT_ROWS)
    competitors.append(
        Competitor("Python dict book, no OBI, no bars", len(side), lambda: dict_book(side, price_ticks, size_lots))
    )
    return competitors


def aggregated(folder: Path, settings: Settings) -> Engine:
    """A dataset's whole history."""
    return aggregate(FileSource(open_dataset(folder), None, "exchange"), settings)


def history(store: Path, settings: Settings, *, from_bars: bool = False) -> pl.DataFrame:
    """The table of a store's whole history, computed from its events, or as `processor aggregate` makes it."""
    opened = open_dataset(store)
    (made,) = aggregate_all(opened, opened.instruments, settings, None, from_bars=from_bars)
    return made.rows


def _ours(store: Path, *, from_bars: bool) -> tuple[float, float]:
    last = history(store, Settings(), from_bars=from_bars).row(-1, named=True)
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

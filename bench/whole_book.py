"""Whole-book imbalance in bars beside what Polars and DuckDB need for the same, in turn, on the same events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from bench import aggregation, dataset, queries
from bench.figures import Bar, Figure
from bench.rounds import Competitor, Disagreement, Taken, in_turn, ratios
from processor.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PART: Final = "whole book"
_OURS: Final = "orderflow-replay from its layout's bars of a second: OBI of the whole book, bars, CVD"
_COMPUTED: Final = "orderflow-replay from every event: the same"
_SETTINGS: Final = Settings(obi_levels=0)


def measure(cache: Path, *, events: int, repetitions: int) -> list[Figure]:
    """Events a second of each, and how many times the faster query's ours is.

    Raises:
        Disagreement: a query's bars are not ours.
    """
    must_be_ours(_results(_competitors(dataset.prepared(cache, aggregation.WARM_UP_EVENTS))))
    competitors = _competitors(dataset.prepared(cache, events))
    return _figures(competitors, in_turn(PART, competitors, repetitions, must_be_ours))


def _results(competitors: list[Competitor]) -> dict[str, Any]:
    return {competitor.name: competitor.run() for competitor in competitors}


def must_be_ours(results: dict[str, pl.DataFrame]) -> None:
    """Compare the bars of all with the first one's.

    Raises:
        Disagreement: one differs, were it by the last bit.
    """
    (_, ours), *others = results.items()
    for name, bars in others:
        if bars.height != ours.height:
            msg = f"{name} has {bars.height} bars, ours are {ours.height}"
            raise Disagreement(msg)
        differing = pl.any_horizontal(pl.col(column) != pl.col(f"{column}_right") for column in queries.COLUMNS)
        found = pl.concat([ours, bars.rename(lambda column: f"{column}_right")], how="horizontal").filter(differing)
        if found.height:
            msg = f"{name}: {found.height} bars are not ours; the first: {found.row(0, named=True)}"
            raise Disagreement(msg)


def _competitors(folder: Path) -> list[Competitor]:
    """Ours first: as `processor aggregate` makes it, and without what the layout holds of it already."""
    engine = aggregation.aggregated(folder, _SETTINGS)
    rows, _, _ = dataset.book_extent(folder)
    store = dataset.stored(folder)

    def run(query: queries.Query) -> Callable[[], pl.DataFrame]:
        path = query.prepared(folder)
        return lambda: query.run(path)

    return [
        Competitor(_OURS, engine.trades + rows, lambda: _ours(store, from_bars=True)),
        Competitor(_COMPUTED, engine.trades + rows, lambda: _ours(store, from_bars=False)),
        *(Competitor(query.name, rows, run(query)) for query in queries.queries()),
    ]


def _ours(store: Path, *, from_bars: bool) -> pl.DataFrame:
    return aggregation.history(store, _SETTINGS, from_bars=from_bars).select(queries.COLUMNS)


def _figures(competitors: list[Competitor], taken: Taken) -> list[Figure]:
    _, _, *yardsticks = competitors
    fastest = taken.fastest(yardsticks).name
    against = f"same bars to the last bit; run by run, against {fastest}, which sees no trades"

    def beside(name: str, seconds: dict[str, list[float]], bar: Bar | None = None) -> dict[str, Any]:
        return {"unit": "times", "numbers": ratios(seconds[name], seconds[fastest]), "bar": bar, "note": against}

    figures = [
        *(taken.figure(PART, competitor) for competitor in competitors),
        Figure(PART, "ours / the fastest query", **beside(_OURS, taken.wall_s, Bar("median", ">=", 4.0))),
        Figure(PART, "ours from every event / the fastest query", **beside(_COMPUTED, taken.wall_s)),
        Figure(PART, "ours from every event / the fastest query, processor time", **beside(_COMPUTED, taken.cpu_s)),
    ]
    if len(yardsticks) == 1:
        figures.append(Figure(PART, "DuckDB", note="duckdb is not installed; `make bench` has it"))
    return figures

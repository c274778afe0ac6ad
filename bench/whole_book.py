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
_OURS: Final = "orderflow-replay: OBI of the whole book, bars, CVD"
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
    """Ours first."""
    engine = aggregation.aggregated(folder, _SETTINGS)
    rows, _, _ = dataset.book_extent(folder)
    store = dataset.stored(folder)

    def run(query: queries.Query) -> Callable[[], pl.DataFrame]:
        path = query.prepared(folder)
        return lambda: query.run(path)

    return [
        Competitor(_OURS, engine.trades + rows, lambda: _ours(store)),
        *(Competitor(query.name, rows, run(query)) for query in queries.queries()),
    ]


def _ours(store: Path) -> pl.DataFrame:
    return aggregation.history(store, _SETTINGS).select(queries.COLUMNS)


def _figures(competitors: list[Competitor], taken: Taken) -> list[Figure]:
    ours, *yardsticks = competitors
    fastest = taken.fastest(yardsticks).name
    against = f"same bars to the last bit; wall time run by run, against {fastest}, which sees no trades"
    wall = ratios(taken.wall_s[ours.name], taken.wall_s[fastest])
    figures = [
        *(taken.figure(PART, competitor) for competitor in competitors),
        Figure(PART, "ours / the fastest query", "times", wall, Bar("median", ">=", 4.0), against),
        Figure(
            PART,
            "ours / the fastest query, processor time",
            "times",
            ratios(taken.cpu_s[ours.name], taken.cpu_s[fastest]),
            note=against,
        ),
    ]
    if len(yardsticks) == 1:
        figures.append(Figure(PART, "DuckDB", note="duckdb is not installed; `make bench` has it"))
    return figures

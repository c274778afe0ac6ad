"""`python -m bench`: measure, print the table, say what missed its bar."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console

from bench import (
    aggregation,
    cold,
    drawing,
    exchange,
    freshness,
    loading,
    machine,
    memory,
    page,
    stages,
    startup,
    steering,
    views,
    whole_book,
)
from bench.alternatives import measure as alternatives
from bench.figures import markdown, progress, table
from bench.sizes import FULL, QUICK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.figures import Figure
    from bench.sizes import Sizes

CACHE: Final = Path(__file__).resolve().parent / "data"
"""Datasets and everything else that is written; git does not see it."""
PARTS: Final = (
    aggregation.PART,
    whole_book.PART,
    stages.PART,
    cold.PART,
    memory.PART,
    steering.PART,
    views.PART,
    exchange.PART,
    page.PART,
    loading.PART,
    freshness.PART,
    drawing.PART,
    startup.PART,
    alternatives.PART,
)
USUAL: Final = PARTS[:-1]
"""What is measured where nothing is chosen: the other ways of exchange take as long again, and have no bars."""


def measured(cache: Path, sizes: Sizes, parts: Sequence[str] = USUAL) -> list[Figure]:
    """Every figure of the `parts`, in their order."""
    measures: dict[str, Callable[[], list[Figure]]] = {
        aggregation.PART: lambda: aggregation.measure(cache, events=sizes.events, repetitions=sizes.repetitions),
        whole_book.PART: lambda: whole_book.measure(cache, events=sizes.events, repetitions=sizes.repetitions),
        stages.PART: lambda: stages.measure(
            cache, events=sizes.events, packed_events=sizes.packed_events, repetitions=sizes.repetitions
        ),
        cold.PART: lambda: cold.measure(cache, events=sizes.packed_events, rounds=sizes.rounds),
        memory.PART: lambda: memory.measure(cache, events_a_day=sizes.memory_events_a_day, days=sizes.memory_days),
        steering.PART: lambda: steering.measure(
            cache, events=sizes.memory_events_a_day, commands=sizes.steering_commands
        ),
        views.PART: lambda: views.measure(
            cache,
            events=sizes.memory_events_a_day,
            commands=sizes.steering_commands,
            seconds=sizes.poll_seconds,
            rounds=sizes.rounds,
        ),
        exchange.PART: lambda: exchange.measure(cache, publications=sizes.publications, hz=sizes.publications_hz),
        page.PART: lambda: page.measure(
            cache, tabs=sizes.tabs, seconds=sizes.poll_seconds, history_rows=sizes.history_rows
        ),
        loading.PART: lambda: loading.measure(cache, sizes),
        freshness.PART: lambda: freshness.measure(
            cache, history_rows=sizes.history_rows, seconds=sizes.poll_seconds, rounds=sizes.rounds
        ),
        drawing.PART: lambda: drawing.measure(cache, sizes),
        startup.PART: lambda: startup.measure(
            cache, events=sizes.demo_events, warm_runs=sizes.warm_runs, cold_runs=sizes.cold_runs
        ),
        alternatives.PART: lambda: alternatives.measure(
            cache,
            pictures=sizes.pictures,
            seconds=sizes.exchange_seconds,
            readers=sizes.readers,
            kills=sizes.kills,
            ways=sizes.ways,
        ),
    }
    cache.mkdir(parents=True, exist_ok=True)
    return [figure for part in parts for figure in measures[part]()]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measures the project's speed beside its yardsticks, in one run."
    )
    parser.add_argument("--events", type=int, help=f"events to aggregate ({FULL.events:,}; quick: {QUICK.events:,})")
    parser.add_argument("--quick", action="store_true", help="a fraction of everything, to see that it runs")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=USUAL, metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write them there as docs/benchmarks.md has them")
    given = parser.parse_args(arguments)
    sizes = QUICK if given.quick else FULL
    if given.events is not None:
        sizes = replace(sizes, events=given.events)
    load_before, begun = machine.load(), time.perf_counter()
    figures = measured(CACHE, sizes, given.only)
    progress(f"measured in {time.perf_counter() - begun:.0f} s")
    found = machine.described(CACHE) | {"load before and after": f"{load_before}, {machine.load()}"}
    # A table cut to fit a pipe's 80 columns would be of no use.
    console = Console(width=None if Console().is_terminal else 160)
    console.print(table(figures, "\n".join(f"{name}: {text}" for name, text in found.items())))
    missed = [figure.name for figure in figures if figure.verdict == "MISSED"]
    console.print(f"missed: {'; '.join(missed)}" if missed else "no bar missed")
    if given.quick:
        console.print("measured on a fraction: the bars are meant for the whole")
    if given.markdown:
        given.markdown.write_text(f"{'; '.join(found.values())}\n\n{markdown(figures)}", encoding="utf-8")
    if given.json:
        report = {"machine": found, "figures": [figure.described() for figure in figures]}
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


if __name__ == "__main__":
    main()

"""Competitors measured in turn (A B C A B C ...), so that whatever else the machine does meets them all."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.figures import Figure, progress, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Disagreement(Exception):
    """Two competitors came to different results, so one of them did not do the work."""


@dataclass(frozen=True, slots=True)
class Competitor:
    """Somebody who takes in `events` events, from opening a file to what `run` returns."""

    name: str
    events: int
    run: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of wall time and of processor time of each competitor, by name, one of each a round."""

    wall_s: dict[str, list[float]]
    cpu_s: dict[str, list[float]]

    def figure(self, part: str, competitor: Competitor) -> Figure:
        """Events a second."""
        rates = [competitor.events / 1e6 / taken for taken in self.wall_s[competitor.name]]
        processor_time = f"{statistics.median(self.cpu_s[competitor.name]):.2f} s of processor time"
        note = f"{competitor.events:,} events, {processor_time}"
        return Figure(part, competitor.name, "M events/s", spread(rates), note=note)

    def fastest(self, competitors: Sequence[Competitor]) -> Competitor:
        """By the median of their wall times."""
        return min(competitors, key=lambda competitor: statistics.median(self.wall_s[competitor.name]))


def in_turn(
    part: str, competitors: Sequence[Competitor], rounds: int, check: Callable[[dict[str, Any]], None]
) -> Taken:
    """Run all of them `rounds` times; `check` gets the results of each round by name, and raises Disagreement."""
    names = [competitor.name for competitor in competitors]
    taken = Taken({name: [] for name in names}, {name: [] for name in names})
    for number in range(rounds):
        results = {}
        for competitor in competitors:
            gc.collect()
            begun, cpu_begun = time.perf_counter(), time.process_time()
            results[competitor.name] = competitor.run()
            taken.wall_s[competitor.name].append(time.perf_counter() - begun)
            taken.cpu_s[competitor.name].append(time.process_time() - cpu_begun)
            progress(f"{part} {number + 1}/{rounds}: {competitor.name} {taken.wall_s[competitor.name][-1]:.2f} s")
        check(results)
    return taken


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """How many times theirs ours is, round by round."""
    return spread([their / our for our, their in zip(ours, theirs, strict=True)])

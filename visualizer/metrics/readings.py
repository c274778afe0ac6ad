"""What the measurements of all workers say: how the reading of files goes, and memory. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from shared import DATA_FILES, STATUS_FILE, VIEW_FILES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.core import Metric

KINDS: Final = ("failed", "partial", "mixed")
"""Why a read came to nothing, as the reader names it."""


class Reads(msgspec.Struct, frozen=True):
    """How the reading of one file goes, all workers together: parse times, and reads that came to nothing by kind."""

    parses: int = 0
    parse_p99_ms: float | None = None
    refused: dict[str, int] = {}


class Memory(msgspec.Struct, frozen=True):
    """Resident memory of one service; `baseline_bytes` is 0 until it is warmed up."""

    rss_bytes: int = 0
    baseline_bytes: int = 0


def reads(metrics: Iterable[Metric]) -> dict[str, Reads]:
    """Per file of the contract, how its reading goes."""
    buckets: dict[str, list[tuple[float, float]]] = {}
    refused: dict[str, dict[str, int]] = {}
    for metric in metrics:
        for sample in metric.samples:
            if sample.name == "visualizer_parse_seconds_bucket":
                bound_and_count = (float(sample.labels["le"]), sample.value)
                buckets.setdefault(sample.labels["file"], []).append(bound_and_count)
            elif sample.name == "visualizer_reads_refused_total":
                refused.setdefault(sample.labels["file"], {})[sample.labels["kind"]] = int(sample.value)
    answer = {}
    for name in (*DATA_FILES, *VIEW_FILES, STATUS_FILE):
        cumulative = sorted(buckets.get(name, []))
        p99_s = quantile(cumulative, 0.99)
        answer[name] = Reads(
            parses=int(cumulative[-1][1]) if cumulative else 0,
            parse_p99_ms=None if p99_s is None else round(p99_s * 1000, 3),
            refused={kind: refused.get(name, {}).get(kind, 0) for kind in KINDS},
        )
    return answer


class Polls(msgspec.Struct, frozen=True):
    """How the polls of all open pages go: answered a second, and the 95th percentile; None where none are counted."""

    rate_hz: float | None = None
    p95_ms: float | None = None


PollCounts = dict[float, float]
"""Polls answered so far within so many seconds, by that bound."""


def poll_counts(metrics: Iterable[Metric]) -> PollCounts:
    """What all workers have answered, as `polls` takes it."""
    return {
        float(sample.labels["le"]): sample.value
        for metric in metrics
        for sample in metric.samples
        if sample.name == "visualizer_poll_seconds_bucket"
    }


def polls(before: PollCounts, now: PollCounts, elapsed_s: float) -> Polls:
    """How polls went between two counts; nothing where there is no time between them."""
    new = [(bound, count - before.get(bound, 0.0)) for bound, count in sorted(now.items())]
    if not new or elapsed_s <= 0 or new[-1][1] <= 0:
        return Polls()
    p95_s = quantile(new, 0.95)
    return Polls(
        rate_hz=round(new[-1][1] / elapsed_s, 1),
        p95_ms=None if p95_s is None else round(p95_s * 1000, 1),
    )


def memory(metrics: Iterable[Metric]) -> Memory:
    """Memory of all live workers together; no baseline before all of them are warmed up."""
    found: dict[str, list[float]] = {"visualizer_rss_bytes": [], "visualizer_rss_baseline_bytes": []}
    for metric in metrics:
        for sample in metric.samples:
            if sample.name in found and sample.value > 0:
                found[sample.name].append(sample.value)
    rss, baseline = found["visualizer_rss_bytes"], found["visualizer_rss_baseline_bytes"]
    return Memory(int(sum(rss)), int(sum(baseline)) if len(baseline) == len(rss) else 0)


def quantile(cumulative: list[tuple[float, float]], share: float) -> float | None:
    """Quantile of a histogram given as (upper bound, count up to it), straight lines within a bucket; None if empty."""
    if not cumulative or cumulative[-1][1] == 0:
        return None
    wanted = share * cumulative[-1][1]
    lower_bound, lower_count = 0.0, 0.0
    for bound, count in cumulative:
        if count >= wanted and count > lower_count:
            if bound == float("inf"):
                return lower_bound
            return lower_bound + (bound - lower_bound) * (wanted - lower_count) / (count - lower_count)
        lower_bound, lower_count = bound, count
    return lower_bound

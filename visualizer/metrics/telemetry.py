"""The visualizer's own measurements, and the processor's as status.json tells them, for Prometheus and for the page."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Final

import msgspec
import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from shared import DATA_FILES, STATUS_FILE, VIEW_FILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.core import Metric

    from shared import Picture, Status

_PARSE_SECONDS: Final = tuple(
    ms / 1000 for ms in (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 7.5, 10, 25, 50, 100)
)
_POLL_SECONDS: Final = tuple(ms / 1000 for ms in (0.5, 1, 2, 3, 5, 7.5, 10, 20, 30, 50, 75, 100, 250, 500, 1000))
_RSS_EVERY_S: Final = 2.0
_WARM_AFTER_S: Final = 30.0
"""A worker this old has imported and cached what it ever will; what it holds then is what growth is measured from."""

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


class Telemetry:
    """What this worker measures; as a `ReadObserver` it also counts for the reader.

    Under gunicorn the figures of all workers meet in the directory that PROMETHEUS_MULTIPROC_DIR names, and `gather`
    and `exposition` speak for all of them; in a lone process they speak for that one.
    """

    def __init__(self) -> None:
        """Register the measurements in a registry of their own."""
        registry = CollectorRegistry()
        self._registry = registry
        self._parse = Histogram(
            "visualizer_parse_seconds", "Time to parse one file.", ["file"], buckets=_PARSE_SECONDS, registry=registry
        )
        self._refused = Counter(
            "visualizer_reads_refused", "Reads that came to nothing.", ["file", "kind"], registry=registry
        )
        self._poll = Histogram(
            "visualizer_poll_seconds", "Time to answer one poll of a page.", buckets=_POLL_SECONDS, registry=registry
        )
        self._rss = Gauge(
            "visualizer_rss_bytes",
            "Resident memory of each worker.",
            multiprocess_mode="liveall",
            registry=registry,
        )
        self._baseline = Gauge(
            "visualizer_rss_baseline_bytes",
            "Resident memory of each worker once warmed up.",
            multiprocess_mode="liveall",
            registry=registry,
        )
        self._lock = threading.Lock()
        self._born_s: float | None = None
        self._weighed_s = 0.0
        self._warm = False

    def parsed(self, name: str, seconds: float) -> None:
        """File `name` was decoded in `seconds`."""
        self._parse.labels(name).observe(seconds)

    def failed(self, name: str, kind: str) -> None:
        """A read of file `name` came to nothing."""
        self._refused.labels(name, kind).inc()

    def polled(self, seconds: float) -> None:
        """One poll was answered in `seconds`."""
        self._poll.observe(seconds)
        self.weigh()

    def weigh(self) -> None:
        """Note this worker's memory, at most every two seconds."""
        now_s = time.monotonic()
        with self._lock:
            # Born when first weighed: the application is loaded before its workers are forked.
            if self._born_s is None:
                self._born_s = now_s
            elif now_s - self._weighed_s < _RSS_EVERY_S:
                return
            self._weighed_s = now_s
            rss_bytes = psutil.Process().memory_info().rss
            self._rss.set(rss_bytes)
            if not self._warm and now_s - self._born_s >= _WARM_AFTER_S:
                self._warm = True
                self._baseline.set(rss_bytes)

    def gather(self) -> list[Metric]:
        """The measurements of all workers."""
        self.weigh()
        return list(self._all_workers().collect())

    def exposition(self, picture: Picture | None, now_ms: int) -> bytes:
        """Everything in Prometheus's text format, the processor's figures included where a picture has any."""
        self.weigh()
        registry = self._all_workers()
        text = bytes(generate_latest(registry))
        if picture is not None:
            processor = CollectorRegistry()
            processor.register(_Processor(picture.status, now_ms))
            text += generate_latest(processor)
        return text

    def _all_workers(self) -> CollectorRegistry:
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return self._registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # prometheus_client types only a part
        return registry


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


class _Processor:
    """The processor's figures as a Prometheus collector."""

    def __init__(self, status: Status, now_ms: int) -> None:
        self._status = status
        self._now_ms = now_ms

    def collect(self) -> Iterator[Metric]:
        status, ipc = self._status, self._status.ipc
        latency = GaugeMetricFamily(
            "processor_write_seconds", "Time to write one file: median, 99th percentile, longest.", labels=["file", "q"]
        )
        rate = GaugeMetricFamily("processor_write_hz", "Writes a second, over the last 10 s.", labels=["file"])
        size = GaugeMetricFamily("processor_file_bytes", "Size of each file as last written.", labels=["file"])
        writes = CounterMetricFamily("processor_writes", "Writes of each file.", labels=["file"])
        for name, stats in ipc.files.items():
            for label, value_ms in (("0.5", stats.p50_ms), ("0.99", stats.p99_ms), ("1", stats.max_ms)):
                latency.add_metric([name, label], value_ms / 1000)
            rate.add_metric([name], stats.rate_hz)
            size.add_metric([name], stats.bytes)
            writes.add_metric([name], stats.writes)
        yield from (latency, rate, size, writes)
        state = GaugeMetricFamily("processor_state", "1 for the state the processor is in.", labels=["state"])
        state.add_metric([status.state], 1)
        yield state
        age_s = max(0, self._now_ms - status.heartbeat_ms) / 1000
        for name, text, value in (
            ("processor_rss_bytes", "Resident memory.", ipc.rss_bytes),
            ("processor_rss_baseline_bytes", "Resident memory once warmed up.", ipc.rss_baseline_bytes),
            ("processor_generation", "Publication last read.", status.generation),
            ("processor_heartbeat_age_seconds", "Time since the processor's last sign of life.", age_s),
        ):
            yield GaugeMetricFamily(name, text, value=value)
        yield CounterMetricFamily("processor_failed_writes", "Writes that failed.", value=ipc.failed_writes)

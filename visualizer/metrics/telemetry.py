"""The visualizer's own measurements, for Prometheus and for the page."""

from __future__ import annotations

import os
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from visualizer.metrics.folder import reading
from visualizer.metrics.processor import ProcessorCollector

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from prometheus_client.core import Metric

    from shared import Picture

_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_PARSE_SECONDS: Final = tuple(
    ms / 1000 for ms in (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 7.5, 10, 25, 50, 100)
)
_POLL_SECONDS: Final = tuple(ms / 1000 for ms in (0.5, 1, 2, 3, 5, 7.5, 10, 20, 30, 50, 75, 100, 250, 500, 1000))
_RSS_EVERY_S: Final = 2.0
_WARM_AFTER_S: Final = 30.0
"""A worker this old has imported and cached what it ever will; what it holds then is what growth is measured from."""


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
        with self._reading():
            return list(self._all_workers().collect())

    def exposition(self, picture: Picture | None, now_ms: int) -> bytes:
        """Everything in Prometheus's text format, the processor's figures included where a picture has any."""
        self.weigh()
        with self._reading():
            text = bytes(generate_latest(self._all_workers()))
        if picture is not None:
            processor = CollectorRegistry()
            processor.register(ProcessorCollector(picture.status, now_ms))
            text += generate_latest(processor)
        return text

    def _reading(self) -> AbstractContextManager[None]:
        path = os.environ.get(_FOLDER)
        return nullcontext() if path is None else reading(Path(path))

    def _all_workers(self) -> CollectorRegistry:
        if _FOLDER not in os.environ:
            return self._registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # prometheus_client types only a part
        return registry

"""The processor's measurements, as status.json tells them, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from shared import heartbeat_age_ms, machine_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from shared import Status


class ProcessorCollector:
    """The processor's figures as a Prometheus collector."""

    def __init__(self, status: Status, now_ms: int) -> None:
        self._status = status
        self._now_ms = now_ms

    def collect(self) -> Iterator[Metric]:
        """Every figure, as Prometheus asks for them."""
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
        age_s = heartbeat_age_ms(status, self._now_ms, machine_time()) / 1000
        for name, text, value in (
            ("processor_rss_bytes", "Resident memory.", ipc.rss_bytes),
            ("processor_rss_baseline_bytes", "Resident memory once warmed up.", ipc.rss_baseline_bytes),
            ("processor_generation", "Publication last read.", status.generation),
            ("processor_heartbeat_age_seconds", "Time since the processor's last sign of life.", age_s),
        ):
            yield GaugeMetricFamily(name, text, value=value)
        yield CounterMetricFamily("processor_failed_writes", "Writes that failed.", value=ipc.failed_writes)

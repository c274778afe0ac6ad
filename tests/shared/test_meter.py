"""How the writing of a file is measured, beside the definition."""

from __future__ import annotations

import random

from shared.meter import Meter

KEPT = 512


def test_latencies_are_those_of_the_last_writes_and_the_rate_is_that_of_ten_seconds() -> None:
    chance = random.Random(1)
    meter, at_ns, writes = Meter(), 0, []
    for _ in range(3 * KEPT):
        at_ns += chance.choice((0, 10**7, 10**9))
        writes.append((at_ns, chance.randrange(1, 50) * 10**6))
        meter.add(*writes[-1], 100)
        if chance.random() < 0.1:
            found, latencies = meter.stats(at_ns), [latency_ns for _, latency_ns in writes[-KEPT:]]
            ordered = sorted(latencies)
            assert found.p50_ms == ordered[len(ordered) // 2] / 1e6
            assert found.p99_ms == ordered[len(ordered) * 99 // 100] / 1e6
            assert (found.last_ms, found.writes) == (latencies[-1] / 1e6, len(writes))
            recent = sum(at_ns - written_ns <= 10 * 10**9 for written_ns, _ in writes[-KEPT:])
            assert found.rate_hz == round(recent / 10, 2)

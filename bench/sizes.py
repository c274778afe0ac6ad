"""How much is measured: enough to trust, or enough to see that everything runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bench.dataset import EVENTS_AN_HOUR


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything.

    `history_rows` are shown on the polled page, which is drawn `redraws` times, and where `earlier_release` the page of
    that is drawn too; a market of `events_an_hour` is drawn; a page is kept open for `soak_s` and loaded `loads` times,
    also over a line of `slow_kbit_s`; `cold_runs` of the start compile kernels; `packed_events` lie in a vendor's
    csv.gz; what is measured in turns is so in so many `rounds`. So many `pictures` are recorded for the ways of
    exchange: all, or the named `ways`. Each is measured for `exchange_seconds` with each number of `readers`, and its
    writer killed `kills` times.
    """

    events: int
    repetitions: int
    publications: int
    publications_hz: float
    tabs: tuple[int, ...]
    poll_seconds: float
    history_rows: int
    redraws: int
    earlier_release: bool
    events_an_hour: float
    soak_s: float
    loads: int
    slow_kbit_s: int
    demo_events: int
    warm_runs: int
    cold_runs: int
    packed_events: int
    rounds: int
    memory_events_a_day: int
    memory_days: int
    steering_commands: int
    pictures: int
    exchange_seconds: float
    readers: tuple[int, ...]
    kills: int
    ways: tuple[str, ...] | None


FULL: Final = Sizes(
    events=20_000_000,
    repetitions=5,
    publications=2_500,
    publications_hz=50.0,
    tabs=(1, 16, 64, 256),
    poll_seconds=20.0,
    history_rows=1000,
    redraws=60,
    earlier_release=True,
    events_an_hour=EVENTS_AN_HOUR,
    soak_s=1800.0,
    loads=11,
    slow_kbit_s=400,
    demo_events=1_000_000,
    warm_runs=3,
    cold_runs=2,
    packed_events=31_000_000,
    rounds=3,
    memory_events_a_day=31_000_000,
    memory_days=10,
    steering_commands=100,
    pictures=100,
    exchange_seconds=3.0,
    readers=(1, 4, 16, 64),
    kills=3,
    ways=None,
)
QUICK: Final = Sizes(
    events=1_000_000,
    repetitions=3,
    publications=300,
    publications_hz=50.0,
    tabs=(1, 16, 64),
    poll_seconds=5.0,
    history_rows=1000,
    redraws=60,
    earlier_release=True,
    events_an_hour=EVENTS_AN_HOUR,
    soak_s=20.0,
    loads=2,
    slow_kbit_s=400,
    demo_events=1_000_000,
    warm_runs=1,
    cold_runs=1,
    packed_events=1_000_000,
    rounds=2,
    memory_events_a_day=300_000,
    memory_days=10,
    steering_commands=9,
    pictures=20,
    exchange_seconds=1.0,
    readers=(1, 4),
    kills=1,
    ways=None,
)

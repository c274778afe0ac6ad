"""A stand-in for the processor: a small random market published under a test's control, as the contract says."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from shared import (
    CHECKS,
    CONTRACT_VERSION,
    DEPTH_FILE,
    MAX_ROWS,
    METRICS_FILE,
    OHLC_FILE,
    REPORT_FILE,
    STATUS_FILE,
    ControlAnswer,
    DataReport,
    Depth,
    DirectoryWriter,
    IpcStats,
    Level,
    MetricsRow,
    OhlcRow,
    Status,
    atomic_write,
    decode,
    encode,
)
from shared.views.tape import TAPE_FILE, TapeRow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MINUTE_MS: Final = 60_000
_FIRST_MS: Final = 1_704_189_600_000
_TICK: Final = 10
"""Prices are cents, in steps of ten; sizes are thousandths."""


class Market:
    """A random walk with an order book around it, in integers."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.mid = 4_200_000
        self.cvd = 0
        self.obi = 0.0

    def trade(self) -> tuple[int, int]:
        """Price in cents and signed size in thousandths of the next trade."""
        self.mid += _TICK * self._random.choice((-6, -3, -1, 0, 0, 1, 3, 6))
        side = self._random.choice((-1, 1))
        size = side * int(self._random.paretovariate(1.6) * 40)
        self.cvd += size
        self.obi = max(-0.95, min(0.95, self.obi * 0.9 + self._random.gauss(0, 0.12)))
        return self.mid + side * _TICK // 2 * 2, size

    def depth(self, levels: int = 50) -> Depth:
        """A book with a hump some levels away from the mid."""

        def side(sign: int) -> tuple[Level, ...]:
            sizes = (int(self._random.paretovariate(1.4) * 300 * (1 + level / 12)) for level in range(levels))
            prices = (self.mid + sign * _TICK * (level + 1) for level in range(levels))
            return tuple(Level(price / 100, size / 1000) for price, size in zip(prices, sizes, strict=True))

        return Depth(bids=side(-1), asks=side(1))


class Feeder:
    """Publishes one market into one directory."""

    def __init__(
        self,
        directory: Path,
        *,
        session: str = "first",
        bars: int = 300,
        seed: int = 1,
        trades_per_bar: int | None = None,
    ) -> None:
        """A market of so many bars: of a minute each, or where `trades_per_bar` is given of so many trades."""
        self.directory = directory
        self.market = Market(seed)
        self.session = session
        self.generation = 0
        self.ohlc: list[OhlcRow] = []
        self.metrics: list[MetricsRow] = []
        self.overrides: dict[str, Any] = {}
        self.with_book = True
        self.report: DataReport | None = None
        self.tape: list[TapeRow] | None = None
        self.further: dict[str, object] = {}
        """By file name, the content of further views."""
        self._absent: tuple[str, ...] = ()
        self._time_ms = _FIRST_MS
        self._trades_per_bar = trades_per_bar
        self._trades = 0
        self._next_ms = _FIRST_MS
        self._writer = DirectoryWriter(directory)
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._closed = False
        if trades_per_bar is None:
            for _ in range(bars * 12):
                self.step(5000)
        else:
            # Now and then all is quiet for a while, now and then much happens at once.
            gaps = random.Random(seed)
            for _ in range(bars * trades_per_bar):
                self.step(1 + int(gaps.lognormvariate(5.5, 2.2)))

    def step(self, elapsed_ms: int = 2500) -> None:
        """One more trade and book sample, `elapsed_ms` of event time later."""
        self._time_ms += elapsed_ms
        bar_ms = self._bar_ms()
        cvd_before, obi_before = self.market.cvd / 1000, self.market.obi
        price_cents, size = self.market.trade()
        price, volume = price_cents / 100, abs(size) / 1000
        cvd, obi = self.market.cvd / 1000, self.market.obi
        if self.ohlc and self.ohlc[-1].timestamp_ms == bar_ms:
            bar, row = self.ohlc[-1], self.metrics[-1]
            self.ohlc[-1] = OhlcRow(
                bar_ms, bar.open, max(bar.high, price), min(bar.low, price), price, round(bar.volume + volume, 3)
            )
            self.metrics[-1] = MetricsRow(
                bar_ms,
                row.obi_open,
                max(row.obi_high, obi),
                min(row.obi_low, obi),
                obi,
                row.cvd_open,
                max(row.cvd_high or 0, cvd),
                min(row.cvd_low or 0, cvd),
                cvd,
            )
        else:
            self.ohlc = [*self.ohlc, OhlcRow(bar_ms, price, price, price, price, volume)][-MAX_ROWS:]
            row = MetricsRow(
                bar_ms,
                obi_before,
                max(obi_before, obi),
                min(obi_before, obi),
                obi,
                cvd_before,
                max(cvd_before, cvd),
                min(cvd_before, cvd),
                cvd,
            )
            self.metrics = [*self.metrics, row][-MAX_ROWS:]

    def _bar_ms(self) -> int:
        """Begin of the bar of a trade at this time."""
        if self._trades_per_bar is None:
            return self._time_ms // _MINUTE_MS * _MINUTE_MS
        self._trades += 1
        if self._trades % self._trades_per_bar == 1:
            return self._next_ms
        self._next_ms = self._time_ms + 1
        return self.ohlc[-1].timestamp_ms

    def without(self, *names: str) -> None:
        """Publish no such data, as where a dataset holds no trades, or no book, or another writer knows no "cvd"."""
        self._absent = names
        if "cvd" in names:
            self.metrics = [MetricsRow(*msgspec.structs.astuple(row)[:5]) for row in self.metrics]
        if OHLC_FILE in names:
            self.ohlc = []
        if DEPTH_FILE in names:
            rows = self.metrics
            self.metrics = [
                msgspec.structs.replace(row, obi_open=0, obi_high=0, obi_low=0, obi_close=0) for row in rows
            ]

    def publish(self, between: Callable[[], None] | None = None) -> None:
        """Write what changed, status.json last, and do something `between` the data and it where that is given."""
        self.generation += 1
        if OHLC_FILE not in self._absent:
            self._write(OHLC_FILE, self.ohlc)
        if DEPTH_FILE not in self._absent and self.with_book:
            self._write(DEPTH_FILE, self.market.depth())
        self._write(METRICS_FILE, self.metrics)
        if self.report is not None:
            self._write(REPORT_FILE, self.report)
        if self.tape is not None:
            self._write(TAPE_FILE, self.tape)
        for name, content in self.further.items():
            self._write(name, content)
        if between is not None:
            self._writer.commit((self.directory / STATUS_FILE).read_bytes())
            between()
            # The writer itself would mend what has been done to its files.
            atomic_write(self.directory / STATUS_FILE, self._sound(STATUS_FILE, self.status()))
        else:
            self._writer.commit(self._sound(STATUS_FILE, self.status()))

    def _write(self, name: str, content: object) -> None:
        self._writer.write(name, self._sound(name, content), self.generation)

    @staticmethod
    def _sound(name: str, content: object) -> bytes:
        """The bytes of a file, which a reader would take: a test that waits for others would wait in vain."""
        payload = encode(content)
        decode(name, payload)
        return payload

    def status(self) -> Status:
        """What status.json says; `overrides` replaces any of its fields."""
        now_ms = time.time_ns() // 1_000_000
        status = Status(
            contract=CONTRACT_VERSION,
            session=self.session,
            generation=self.generation,
            state="playing",
            dataset="random walk",
            instrument="BTCUSDT",
            instruments=("BTCUSDT",),
            interval="1m" if self._trades_per_bar is None else f"{self._trades_per_bar}t",
            start_ms=_FIRST_MS,
            end_ms=_FIRST_MS + 1000 * _MINUTE_MS,
            event_time_ms=self._time_ms,
            speed=10.0,
            published_at_ms=now_ms,
            heartbeat_ms=now_ms,
            files=dict(self._writer.files),
            control=ControlAnswer(),
            checks=dict.fromkeys(CHECKS, True),
            ipc=IpcStats(self._writer.stats(), self._writer.failed_writes, 180_000_000, 170_000_000),
            report={},
            error=None,
            format="feeder",
            price_decimals=2,
            size_decimals=3,
            progress=min(1.0, (self._time_ms - _FIRST_MS) / (1000 * _MINUTE_MS)),
        )
        return msgspec.structs.replace(status, **self.overrides)

    def advance(self, publications: int = 1) -> None:
        """Publish so many times, with a trade before each."""
        for _ in range(publications):
            self.step()
            self.publish()

    def run(self, hz: float = 5.0, elapsed_ms: int = 2500) -> None:
        """Publish at this pace in the background until `stop`."""
        self._stop.clear()

        def loop() -> None:
            while not self._stop.wait(1 / hz):
                self.step(elapsed_ms)
                self.publish()

        self._thread = threading.Thread(target=loop, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Fall silent, as a processor that was killed does."""
        self._stop.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """Fall silent and give the directory up; a second time nothing happens."""
        self.stop()
        if not self._closed:
            self._closed = True
            self._writer.close()

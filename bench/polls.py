"""How many open pages one visualizer serves: N tabs poll it as a browser does, each every 500 ms or when it is told.

python bench/polls.py --url http://127.0.0.1:8050 --tabs 64 --seconds 30
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import gzip
import json
import os
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args
from urllib.parse import urlsplit

import msgspec

from shared import VIEWS

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_POLL_S: Final = 0.5
_LEAST_S: Final = 0.05
"""From one question of a page to the next, or _PAUSE times as long as the answer took, up to the clock's time."""
_PAUSE: Final = 3
_TIMEOUT_S: Final = 30.0
_UNPACKED: Final[dict[str, Callable[[bytes], bytes]]] = {"gzip": gzip.decompress, "zstd": zstd.decompress}
_BASIS: Final[dict[str, int]] = {
    view.name: get_args(view.type)[0].__struct_fields__.index(view.basis) for view in VIEWS if view.basis is not None
}
"""Views whose rows are all made with what one column of the last row says: its index."""
_NEWS: Final = b"\x81\x00"


@dataclass(frozen=True)
class Polls:
    """What a number of tabs met with: answered polls a second, and how long one took from request to last byte."""

    tabs: int
    polls_per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    failed: int
    bytes_per_poll: float
    """After the first poll of each tab, which carries everything."""
    told: int = 0
    """How many of the tabs were told of publications."""


def measure(
    url: str, tabs: int, seconds: float, *, asked: Collection[str] = (), warm_s: float = 0.0, follow: bool = False
) -> Polls:
    """Poll `url` with so many tabs for so long, each of which asks for the views `asked` besides those that all do.

    With `follow` they ask to be told of publications, as pages do. What is answered in the first `warm_s` does not
    count.
    """

    def opened(number: int) -> _Tab:
        return _Tab(url, number * _POLL_S / tabs, asked, follow=follow)

    # In a thread of its own: the caller's may have an event loop already.
    with ThreadPoolExecutor(1) as own:
        return own.submit(lambda: asyncio.run(_measure(list(map(opened, range(tabs))), seconds, warm_s))).result()


async def _measure(pages: list[_Tab], seconds: float, warm_s: float) -> Polls:
    tabs = len(pages)
    begins_s = time.perf_counter() + warm_s
    ends_s = begins_s + seconds
    polled = await asyncio.gather(*(page.run(begins_s, ends_s) for page in pages))
    latencies_ms = sorted(latency for tab in polled for latency in tab.latencies_ms)
    if not latencies_ms:
        msg = "no poll was answered"
        raise RuntimeError(msg)

    def quantile(share: float) -> float:
        return round(latencies_ms[min(len(latencies_ms) - 1, int(share * len(latencies_ms)))], 2)

    return Polls(
        tabs=tabs,
        polls_per_s=round(len(latencies_ms) / seconds, 1),
        p50_ms=quantile(0.50),
        p95_ms=quantile(0.95),
        p99_ms=quantile(0.99),
        max_ms=round(latencies_ms[-1], 2),
        failed=sum(tab.failed for tab in polled),
        bytes_per_poll=round(sum(tab.received for tab in polled) / len(latencies_ms), 0),
        told=sum(tab.is_told for tab in polled),
    )


class _Tab:
    """One page: it keeps its connection and tells the server what it holds, so it is sent differences only."""

    def __init__(self, url: str, delay_s: float, asked: Collection[str], *, follow: bool) -> None:
        self.latencies_ms: list[float] = []
        self.failed = 0
        self.received = 0
        self._host = urlsplit(url).hostname or "127.0.0.1"
        self._port = urlsplit(url).port or 80
        self._delay_s = delay_s
        self._asked = [view.name for view in VIEWS if view.presence != "asked" or view.name in asked]
        self._held: dict[str, Any] = self._nothing()
        self._follow = follow
        self.is_told = False
        self._news = asyncio.Event()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self, begins_s: float, ends_s: float) -> _Tab:
        await asyncio.sleep(self._delay_s)
        telling = asyncio.create_task(self._hear()) if self._follow else None
        while time.perf_counter() < ends_s:
            begun_s = time.perf_counter()
            try:
                size, answer = await asyncio.wait_for(self._poll(), _TIMEOUT_S)
            except (OSError, EOFError, TimeoutError, ValueError):
                self.failed += 1
                self._close()
            else:
                if "generation" in self._held and begun_s >= begins_s:
                    self.latencies_ms.append((time.perf_counter() - begun_s) * 1000)
                    self.received += size
                self._learn(answer)
            took_s = time.perf_counter() - begun_s
            # A page starts the clock anew when its answer is there.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), _POLL_S)
                least_s = min(max(_LEAST_S, _PAUSE * took_s), took_s + _POLL_S)
                await asyncio.sleep(begun_s + least_s - time.perf_counter())
            self._news.clear()
        if telling is not None:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        self._close()
        return self

    async def _hear(self) -> None:
        """Ask to be told of publications, and note what is told."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            address = f"{self._host}:{self._port}"
            key = base64.b64encode(os.urandom(16)).decode()
            writer.write(
                f"GET /news HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
            )
            await reader.readuntil(b"\r\n\r\n")
            while await reader.readexactly(2) == _NEWS:
                self.is_told = True
                self._news.set()
        finally:
            writer.close()

    async def _poll(self) -> tuple[int, dict[str, Any]]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        body = json.dumps(self._held).encode()
        writer.write(
            f"POST /poll HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            "Content-Type: application/json\r\nAccept-Encoding: gzip, deflate, zstd\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        payload = await reader.readexactly(int(headers["content-length"]))
        if " 200 " not in first:
            raise ValueError(first)
        if headers.get("connection") == "close":
            self._close()
        text = _UNPACKED.get(headers.get("content-encoding", ""), bytes)(payload)
        answer: dict[str, Any] = msgspec.json.decode(text)
        return len(payload), answer

    def _learn(self, answer: dict[str, Any]) -> None:
        held = self._nothing() if answer.get("reset") else self._held
        status = answer.get("status", {})
        held |= {name: status[name] for name in ("generation", "published_at_ms", "heartbeat_ms") if name in status}
        if "about" in answer:
            held |= {"session": answer["about"]["session"], "about": answer["about"]["crc32"]}
        views = held["views"]
        for name in views.keys() & answer.keys():
            if answer[name] is None:
                views[name] = {}
                continue
            # What a page keeps of the rows is enough for the differences: those that it has are not told again.
            rows = answer[name].get("rows")
            ends = {"first": views[name].get("first", rows[0][0]), "last": rows[-1][0]} if rows else {}
            if rows and name in _BASIS:
                ends["basis"] = rows[-1][_BASIS[name]]
            views[name] = {"crc32": answer[name]["crc32"]} | ends
        if "monitor" in answer:
            held["monitor_ms"] = answer["monitor"]["at_ms"]
        if "problem" in answer:
            held["problem"] = answer["problem"]
        self._held = held

    def _nothing(self) -> dict[str, Any]:
        return {"views": {name: {} for name in self._asked}}

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def main() -> None:
    """Measure and print, the machine's line first."""
    parser = argparse.ArgumentParser(description="Poll a running visualizer with many tabs.")
    parser.add_argument("--url", default="http://127.0.0.1:8050", help="where it listens (%(default)s)")
    parser.add_argument("--tabs", type=int, nargs="+", default=[1, 16, 64], help="numbers of tabs (1 16 64)")
    parser.add_argument("--views", nargs="*", default=[], help="views on request that each asks for")
    parser.add_argument("--follow", action="store_true", help="let them ask to be told of publications")
    parser.add_argument("--seconds", type=float, default=15, help="time for each number (%(default)s)")
    given = parser.parse_args()
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for tabs in given.tabs:
        polls = measure(given.url, tabs, given.seconds, asked=given.views, follow=given.follow)
        print(
            f"{polls.tabs:4} tabs: {polls.polls_per_s:6.1f} polls/s, p50 {polls.p50_ms} ms, p95 {polls.p95_ms} ms, "
            f"p99 {polls.p99_ms} ms, max {polls.max_ms} ms, {polls.bytes_per_poll:.0f} B a poll, "
            f"{polls.failed} failed, {polls.told} told"
        )


if __name__ == "__main__":
    main()

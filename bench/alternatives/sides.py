"""Starts and steers the processes of both sides."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bench.alternatives.process import READY, Answer, Order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.alternatives.base import Way

_ROOT: Final = Path(__file__).resolve().parents[2]
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - what is made there has a name of its own
_ANSWERS: Final = msgspec.json.Decoder(Answer)
LEAD_NS: Final = 700_000_000
"""From an order until it begins, so that all have opened what they read."""


class Failed(Exception):
    """A process of the benchmark did not do what it was told."""


class Side:
    """One process, which may be told one order at a time."""

    def __init__(
        self, side: str, way: Way, place: Path, recording: Path, *, user: int | None = None, prefix: Sequence[str] = ()
    ) -> None:
        command = [
            *prefix,
            sys.executable,
            "-m",
            "bench.alternatives.process",
            side,
            way.name,
            str(place),
            str(recording),
        ]
        self.process = subprocess.Popen(
            command if user is None else [*command, str(user)],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ready(self) -> Side:
        """Wait until it takes orders."""
        assert self.process.stdout is not None  # noqa: S101 - it is a pipe
        if self.process.stdout.readline() != READY:
            msg = f"a process of the benchmark did not start: {self.process.args!r}"
            raise Failed(msg)
        return self

    def tell(self, order: Order) -> None:
        """Let it do this; `answer` waits for the end of it."""
        assert self.process.stdin is not None  # noqa: S101 - it is a pipe
        self.process.stdin.write(msgspec.json.encode(order) + b"\n")
        self.process.stdin.flush()

    def answer(self) -> Answer | None:
        """What came of the last order; None where the process has died of it."""
        assert self.process.stdout is not None  # noqa: S101 - it is a pipe
        line = self.process.stdout.readline()
        return _ANSWERS.decode(line) if line else None

    def ask(self, order: Order) -> Answer | None:
        """Let it do this, and wait."""
        try:
            self.tell(order)
        except BrokenPipeError:
            return None
        return self.answer()

    def kill(self) -> None:
        """End it in the middle of what it does."""
        self.process.kill()
        self._reap()

    def close(self) -> None:
        """Let it end."""
        assert self.process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            self.process.stdin.close()
            self.process.wait(5)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self.process.kill()
        self._reap()

    def _reap(self) -> None:
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


@contextmanager
def running(*sides: Side) -> Iterator[None]:
    """Wait until all take orders, and let them end after the block."""
    try:
        for side in sides:
            side.ready()
        yield
    finally:
        for side in sides:
            side.close()


@contextmanager
def placed(cache: Path, way: Way) -> Iterator[Path]:
    """A folder for the way, on disk or in memory, that other users may look into."""
    parent = _MEMORY if way.place == "memory" and _MEMORY.is_dir() else cache
    folder = Path(tempfile.mkdtemp(prefix="exchange-", dir=parent.resolve()))
    folder.chmod(0o755)
    try:
        yield folder / "ipc"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def order(seconds: float, *, hz: float = 0.0, first: int = 1, lead_ns: int = LEAD_NS) -> Order:
    """An order that begins soon; publications without pause where `hz` is 0."""
    begins_ns = time.monotonic_ns() + lead_ns
    period_ns = round(1e9 / hz) if hz else 0
    return Order(begins_ns=begins_ns, ends_ns=begins_ns + round(seconds * 1e9), first=first, period_ns=period_ns)


def is_root() -> bool:
    """Whether disks may be mounted and users changed."""
    return os.geteuid() == 0

"""A replay that runs in a thread, on a clock of its own, and does what it is told."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Self

from processor.replay.context import StopSignal
from processor.replay.run import replay
from processor.settings import Settings
from shared import DATA_FILES, ON_REQUEST, STATUS_FILE, Status, command, decode, send_command
from shared.views import BY_NAME
from tests.replay.fake_clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    from processor.store.cache import Cache

_PATIENCE_S = 60.0


class Steered:
    """Begins paused; `do` returns the status that answers a command."""

    def __init__(
        self,
        dataset: Path,
        folder: Path,
        cache: Cache | None = None,
        *,
        paused: bool = True,
        clock: FakeClock | None = None,
        ipc: Path | None = None,
        control: Path | None = None,
        views: frozenset[str] = frozenset(),
        datasets: str | None = "/",
        **settings: Any,
    ) -> None:
        self.ipc = ipc or folder / "ipc"
        self.control = control or folder / "control"
        self.stop = StopSignal()
        self.went_well: bool | None = None
        clock = clock or FakeClock()
        clock.on_sleep = lambda: time.sleep(0.0005)

        def run() -> None:
            self.went_well = replay(
                dataset,
                self.ipc,
                Settings(**settings),
                clock,
                self.stop,
                cache=cache,
                control=self.control,
                paused=paused,
                views=views,
                datasets=datasets,
            )

        self._thread = threading.Thread(target=run)

    def __enter__(self) -> Self:
        old = self.status()
        before = old.generation if old else 0
        self._thread.start()
        self.until(
            lambda status: status.generation > before and status.state in {"paused", "playing", "finished", "failed"}
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        self.stop.requested = True
        self._thread.join()

    def status(self) -> Status | None:
        try:
            found: Status = decode(STATUS_FILE, (self.ipc / STATUS_FILE).read_bytes())
        except FileNotFoundError:
            return None
        return found

    def until(self, reached: Any) -> Status:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            status = self.status()
            if status is not None and reached(status):
                return status
            assert self._thread.is_alive(), status
            time.sleep(0.001)
        raise AssertionError(self.status())

    def do(self, action: str, **arguments: Any) -> Status:
        given = command(action, **arguments)
        send_command(self.control, given)
        return self.until(lambda status: status.control.last_id == given.id)

    def files(self) -> dict[str, bytes]:
        names = (*DATA_FILES, *(BY_NAME[name].file for name in ON_REQUEST))
        return {name: (self.ipc / name).read_bytes() for name in names if (self.ipc / name).exists()}

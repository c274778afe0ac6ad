"""A whole small replay in which every system call on its files fails in its turn, or is the last of its process.

`make torture` goes through all calls; otherwise some of each kind are tried.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest
from structlog.testing import capture_logs

from processor.replay.context import StopSignal
from processor.replay.run import replay
from processor.settings import Settings
from shared import (
    DATA_FILES,
    DirectoryReader,
    LockLost,
    Picture,
    WriteFailed,
    WriterLocked,
    command,
    send_command,
)
from shared.contract import LOCK_FILE
from shared.validate import faults
from shared.views import VIEW_FILES
from tests.core.markets import market, write
from tests.replay.fake_clock import FakeClock
from tests.system_calls import Killed, SystemCalls, within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHOLE: Final = bool(os.environ.get("TORTURE"))
FAILURES: Final = (errno.ENOSPC, errno.EIO, errno.EACCES)
_CHANGING: Final = ("fsync", "link", "open", "replace")
ON_REPLAYS: Final = FAILURES if WHOLE else FAILURES[:1]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("markets") / "walk", *market(rows=30))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


class Tortured:
    """A replay in a folder of its own, looked at by a reader at each of its pauses; `calls` are those on its files."""

    def __init__(self, dataset: Path, folder: Path) -> None:
        self.dataset = dataset
        self.ipc, self.control = folder / "ipc", folder / "control"
        self.calls = SystemCalls(within(self.ipc, self.control))
        self.reader = DirectoryReader(self.ipc)
        self.seen: list[Picture] = []

    def play(self) -> bool:
        clock = FakeClock()
        clock.on_sleep = self._look
        settings = Settings(at_end="exit", speed=40_000.0)
        with self.calls.watched():
            return replay(
                self.dataset,
                self.ipc,
                settings,
                clock,
                StopSignal(),
                control=self.control,
                views=frozenset({"tape"}) if WHOLE else frozenset(),
                resume=False,
            )

    def _look(self) -> None:
        with self.calls.paused():
            picture = self.reader.poll()
            fresh = DirectoryReader(self.ipc).poll()
        if picture is not None:
            assert fresh is not None, "a reader that starts now finds nothing"
            assert fresh.status.generation == picture.status.generation
            if not self.seen or picture is not self.seen[-1]:
                assert not self.seen or picture.status.generation > self.seen[-1].status.generation
                self.seen.append(picture)

    def contents(self) -> dict[str, bytes]:
        names = (*DATA_FILES, *VIEW_FILES)
        return {name: (self.ipc / name).read_bytes() for name in names if (self.ipc / name).exists()}

    def leftovers(self) -> list[str]:
        return [
            path.name
            for folder in (self.ipc, self.control)
            for path in folder.iterdir()
            if path.name.startswith(".") and path.name != LOCK_FILE
        ]


@pytest.fixture(scope="module")
def clean(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Tortured:
    """A replay in which nothing fails."""
    tortured = Tortured(dataset, tmp_path_factory.mktemp("clean"))
    assert tortured.play()
    assert faults(tortured.ipc) == []
    return tortured


def chosen(clean: Tortured) -> list[int]:
    """The calls to try: all, or of each kind the first, and others spread over the replay."""
    made = clean.calls.made
    if WHOLE:
        return list(range(len(made)))
    found: list[int] = []
    for kind in sorted(Counter(made)):
        places = [at for at, name in enumerate(made) if name == kind]
        found += {places[len(places) // 2], places[-1]} if kind in _CHANGING else {places[len(places) // 2]}
    return sorted(found)


def checked(tortured: Tortured, clean: Tortured) -> None:
    """What readers saw was whole, and the next replay ends in the bytes of a clean one."""
    for picture in tortured.seen:
        until_ms = picture.status.event_time_ms
        times = [row.timestamp_ms for row in picture.ohlc] + [row.timestamp_ms for row in picture.metrics]
        assert not times or (until_ms is not None and max(times) <= until_ms), "a row is after the picture's clock"
    after = Tortured(tortured.dataset, tortured.ipc.parent)
    assert after.play()
    assert faults(after.ipc) == []
    assert after.contents() == clean.contents()
    assert after.leftovers() == []


@pytest.mark.parametrize("number", ON_REPLAYS, ids=errno.errorcode.get)
def test_a_replay_in_which_a_call_fails_ends_as_one_in_which_none_does_or_says_so(
    tmp_path_factory: pytest.TempPathFactory, dataset: Path, clean: Tortured, number: int
) -> None:
    for at in chosen(clean):
        tortured = Tortured(dataset, tmp_path_factory.mktemp("failing"))
        tortured.calls.fail(at, OSError(number, os.strerror(number)))
        try:
            went_well = tortured.play()
        except (WriteFailed, WriterLocked, LockLost):
            went_well = False
        if went_well:
            assert faults(tortured.ipc) == [], clean.calls.made[at]
            assert tortured.contents() == clean.contents(), clean.calls.made[at]
        checked(tortured, clean)


def test_a_replay_that_is_killed_at_a_call_leaves_a_whole_picture_and_a_directory_for_the_next(
    tmp_path_factory: pytest.TempPathFactory, dataset: Path, clean: Tortured
) -> None:
    for at in chosen(clean):
        tortured = Tortured(dataset, tmp_path_factory.mktemp("killed"))
        tortured.calls.fail(at, Killed())
        with suppress(Killed):
            tortured.play()
        tortured.calls.close_all()
        picture = DirectoryReader(tortured.ipc).poll()
        assert picture is not None or not tortured.seen
        if picture is not None and tortured.seen:
            assert picture.status.generation >= tortured.seen[-1].status.generation
        checked(tortured, clean)


@pytest.mark.parametrize("number", FAILURES, ids=errno.errorcode.get)
def test_a_command_whose_call_fails_is_there_whole_or_not_at_all(tmp_path: Path, number: int) -> None:
    length = SystemCalls()
    with length.watched():
        send_command(tmp_path / "clean", command("play"))
    for at in range(len(length.made)):
        folder = tmp_path / f"{number} {at}"
        old, new = command("pause"), command("play")
        send_command(folder, old)
        calls = SystemCalls()
        calls.fail(at, OSError(number, os.strerror(number)))
        failed = False
        with calls.watched():
            try:
                send_command(folder, new)
            except WriteFailed:
                failed = True
        held = (folder / "control.json").read_bytes()
        assert (new.id.encode() in held) or (failed and old.id.encode() in held)
        assert [path.name for path in folder.iterdir()] == ["control.json"]

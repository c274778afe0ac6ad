"""A command is carried out, or everything is as if it had never been given: also one that another one supersedes."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from processor.errors import DatasetError
from processor.formats import open_dataset
from processor.replay.cursor import Cursor
from processor.replay.player import Player
from processor.settings import Aggregation
from processor.sources.opening import open_source
from shared import STATUS_FILE, DirectoryReader, Status, command, decode, send_command
from tests.core.markets import FIRST_NS, market, write
from tests.replay.fake_clock import FakeClock
from tests.replay.steered import Steered
from tests.replay.test_steering import HOUR_NS, at_ns, plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared import Command

SLOW_NS = 100_000_000
"""Every look at the clock costs so much, so that each chunk of a way is looked up from."""
RECOMPUTED = [("interval", {"interval": "7s"}), ("obi_levels", {"obi_levels": 3}), ("cvd_reset", {"cvd_reset": "day"})]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("markets") / "walk", *market(4_000, 3.0))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processor.core.merge.ordering.HELD_ROWS", 100)
    monkeypatch.setattr("processor.formats.own.GROUP_ROWS", 100)


class Stopper(FakeClock):
    """Stops the replay as soon as status.json says that it is loading, once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.steered: Steered | None = None
        self.has_stopped = threading.Event()

    def monotonic_ns(self) -> int:
        status = self.steered.status() if self.steered is not None else None
        if self.steered is not None and status is not None and status.state == "loading":
            self.steered.stop.requested = True
            self.has_stopped.set()
        return super().monotonic_ns()


class Meddler(FakeClock):
    """Looks into status.json whenever the replay looks at the clock, and once sends a command when it says so."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._when: Callable[[Status], bool] = lambda _: False
        self._then: Command | None = None

    def once(self, when: Callable[[Status], bool], action: str, **arguments: Any) -> str:
        """Send the command as soon as `when` holds, in the thread of the replay; return its id."""
        given = self._then = command(action, **arguments)
        self._when = when
        self.look_ns = SLOW_NS
        return given.id

    def monotonic_ns(self) -> int:
        if self.look_ns and self._when(decode(STATUS_FILE, (self._folder / "ipc" / STATUS_FILE).read_bytes())):
            given, self._then = self._then, None
            if given is not None:
                send_command(self._folder / "control", given)
        return super().monotonic_ns()


def loading(status: Status) -> bool:
    return status.state == "loading"


def interrupted(
    dataset: Path, folder: Path, first: tuple[str, dict[str, Any]], second: tuple[str, dict[str, Any]]
) -> tuple[Status, Status, dict[str, bytes]]:
    """The status before `first` was given, and status and files after `second` came while it was carried out."""
    meddler = Meddler(folder)
    with Steered(dataset, folder, clock=meddler) as steered:
        before = steered.do("seek", time_ms=(FIRST_NS + 2 * HOUR_NS) // 1_000_000 + 59_999)
        second_id = meddler.once(loading, second[0], **second[1])
        send_command(steered.control, command(first[0], **first[1]))
        after = steered.until(lambda status: status.control.last_id == second_id and status.state != "loading")
        meddler.look_ns = 0
        return before, after, steered.files()


@pytest.mark.parametrize("first", RECOMPUTED)
def test_a_change_that_is_superseded_by_another_command_has_never_been(
    dataset: Path, tmp_path: Path, first: tuple[str, dict[str, Any]]
) -> None:
    before, after, files = interrupted(dataset, tmp_path, first, ("pause", {}))
    assert after.control.ok is True
    assert (after.interval, after.obi_levels, after.cvd_reset) == ("1m", 10, "none")
    assert (at_ns(after), after.state, after.session) == (at_ns(before), "paused", before.session)
    assert files == plain(dataset, tmp_path / "plain", after)


@pytest.mark.parametrize("change", RECOMPUTED)
def test_a_change_during_which_the_replay_is_stopped_has_never_been(
    dataset: Path, tmp_path: Path, change: tuple[str, dict[str, Any]]
) -> None:
    stopper = Stopper()
    with Steered(dataset, tmp_path, clock=stopper) as steered:
        before = steered.do("seek", time_ms=(FIRST_NS + 2 * HOUR_NS) // 1_000_000 + 59_999)
        stopper.steered, stopper.look_ns = steered, SLOW_NS
        given = command(change[0], **change[1])
        send_command(steered.control, given)
        assert stopper.has_stopped.wait(60)
    left = steered.status()
    assert left is not None
    assert (left.interval, left.obi_levels, left.cvd_reset) == ("1m", 10, "none")
    with Steered(dataset, tmp_path) as resumed:
        after = resumed.until(lambda status: status.control.last_id == given.id and status.state == "paused")
        assert after.control.ok is False
        assert (after.interval, after.obi_levels, after.cvd_reset) == ("1m", 10, "none")
        assert at_ns(after) == at_ns(before)
        assert resumed.files() == plain(dataset, tmp_path / "plain", after)


@pytest.mark.parametrize("first", RECOMPUTED)
def test_a_second_change_meanwhile_is_made_at_the_moment_of_before_and_alone(
    dataset: Path, tmp_path: Path, first: tuple[str, dict[str, Any]]
) -> None:
    before, after, files = interrupted(dataset, tmp_path, first, ("interval", {"interval": "5s"}))
    assert after.control.ok is True
    assert (after.interval, after.obi_levels, after.cvd_reset) == ("5s", 10, "none")
    assert at_ns(after) == at_ns(before)
    assert files == plain(dataset, tmp_path / "plain", after)


@pytest.mark.parametrize("first", [*RECOMPUTED, ("seek", {"time_ms": (FIRST_NS + HOUR_NS) // 1_000_000})])
def test_what_is_superseded_by_a_command_that_is_refused_leaves_everything_as_it_was(
    dataset: Path, tmp_path: Path, first: tuple[str, dict[str, Any]]
) -> None:
    before, after, files = interrupted(dataset, tmp_path, first, ("seek", {"time": "1999-01-01"}))
    assert after.control.ok is False
    assert "1999-01-01" in (after.control.error or "")
    assert (after.interval, at_ns(after), after.state) == ("1m", at_ns(before), "paused")
    assert files == plain(dataset, tmp_path / "plain", after)


def test_a_distance_is_counted_from_the_moment_before_a_seek_that_it_supersedes(dataset: Path, tmp_path: Path) -> None:
    away = ("seek", {"time_ms": (FIRST_NS + HOUR_NS) // 1_000_000})
    before, after, files = interrupted(dataset, tmp_path, away, ("seek", {"by": "+1m"}))
    assert after.control.ok is True
    assert at_ns(after) == at_ns(before) + 60_000_000_000
    assert files == plain(dataset, tmp_path / "plain", after)


def test_every_picture_on_the_way_has_bars_of_the_interval_that_its_status_names(dataset: Path, tmp_path: Path) -> None:
    reader = DirectoryReader(tmp_path / "ipc")
    lengths_ms = {"1m": 60_000, "7s": 7_000}
    seen: set[str] = set()
    meddler = Meddler(tmp_path)
    with Steered(dataset, tmp_path, clock=meddler) as steered:
        steered.do("seek", time_ms=(FIRST_NS + 2 * HOUR_NS) // 1_000_000)

        def look(status: Status) -> bool:
            picture = reader.poll()
            if picture is not None and picture.metrics:
                seen.add(picture.status.interval)
                assert all(row.timestamp_ms % lengths_ms[picture.status.interval] == 0 for row in picture.metrics)
            return status.interval == "7s"

        second_id = meddler.once(look, "step", unit="event")
        send_command(steered.control, command("interval", interval="7s"))
        steered.until(lambda status: status.control.last_id == second_id and status.state == "paused")
        meddler.look_ns = 0
    assert seen == {"1m", "7s"}


def test_a_step_that_is_refused_does_not_pause_what_plays(dataset: Path, tmp_path: Path) -> None:
    until = FIRST_NS + HOUR_NS
    with Steered(dataset, tmp_path, paused=False, speed=0.1, until=until) as steered:
        answer = steered.do("step", unit="bar", count=100)
        assert answer.control.ok is False
        assert answer.state == "playing"


def test_a_command_that_comes_before_the_first_event_is_shown_is_carried_out(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Player.next_ns
    sent: list[str] = []

    def waiting(self: Player) -> int | None:
        if not sent:
            given = command("interval", interval="5m")
            sent.append(given.id)
            send_command(tmp_path / "control", given)
            self._while_waiting()
        return real(self)

    monkeypatch.setattr(Player, "next_ns", waiting)
    with Steered(dataset, tmp_path) as steered:
        status = steered.until(lambda status: status.control.last_id in sent)
        assert (status.control.ok, status.interval) == (True, "5m")


@pytest.mark.parametrize("failure", [DatasetError("spoilt"), KeyboardInterrupt()], ids=["spoilt", "broken off"])
def test_a_player_whose_reading_has_failed_is_nowhere_and_not_at_the_end(
    dataset: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    source = open_source(open_dataset(dataset), None, "exchange", None)
    player = Player(source, Aggregation(), keep=10, expired=lambda: True, while_waiting=lambda: None)
    with closing(source), closing(player):
        now_ns = FIRST_NS + HOUR_NS
        player.begin(now_ns)
        while not player.advance(now_ns)[0]:
            pass
        assert player.is_at(now_ns)

        def fails(_: Cursor) -> int | None:
            raise failure

        monkeypatch.setattr(Cursor, "next_ns", fails)
        with pytest.raises(type(failure)):
            player.next_ns()
        monkeypatch.undo()
        assert not player.is_at(now_ns)
        assert not player.is_near(now_ns)
        with pytest.raises(RuntimeError, match="nowhere"):
            player.next_ns()

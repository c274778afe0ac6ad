"""Carries out commands: each is done, or everything is as if it had never been given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from processor.errors import DatasetError, Disordered, ProcessorError, SettingError
from processor.formats import open_dataset
from processor.replay import inbox as control
from processor.replay.playback import DatasetChanged, Interrupted
from processor.replay.resume import settings_for
from processor.settings import at_least
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from processor.formats import Dataset
    from processor.replay.inbox import Inbox, Request
    from processor.replay.playback import Playback
    from processor.replay.session import Session
    from processor.settings import Settings

_MAX_OBI_LEVELS: Final = 1_000_000
_SUPERSEDED: Final = "a newer command came before this one was carried out"
_SORTED_FIRST: Final = "the dataset's rows are far out of order and are sorted first; send it again"


@dataclass(frozen=True, slots=True)
class Switch:
    """Another dataset or instrument, which another session shows: from `at_ns`, or from its start."""

    dataset: Dataset
    settings: Settings
    at_ns: int | None = None


def execute(
    request: Request, inbox: Inbox, playback: Playback, follow: Callable[[Request, Switch], Session]
) -> Session | None:
    """Carry out a command, or what comes before that is done; show and answer it.

    A command that is refused or interrupted leaves everything as if it had not been given. For a switch, the session
    that `follow` makes is returned, and answers the command itself.

    Raises:
        Interrupted: a stop is requested, or a newer command came when all was answered but not yet shown.
        Disordered: the rows met are far out of order; the command is answered.
        DatasetChanged: the dataset has changed; the command is answered.
    """
    current: Request | None = request
    while current is not None:
        before = playback.snapshot()
        newer: Request | None = None
        error: str | None = None
        try:
            switch = _carry_out(current.action, playback)
            if switch is not None:
                return follow(current, switch)
        except SettingError as refused:
            error = str(refused)
        except Interrupted:
            if playback.context.stop.requested:
                raise
            newer = inbox.poll(playback.info.session)
            error = _SUPERSEDED
        except Disordered:
            playback.reset_to(before)
            inbox.reply(current, _SORTED_FIRST)
            raise
        except DatasetChanged as changed:
            inbox.reply(current, str(changed))
            raise
        except DatasetError as failure:
            # What has been shown until now can be shown again; if not, the return to it fails.
            error = without_content(failure)
        if error is not None:
            playback.restore(before)
        inbox.reply(current, error)
        current = newer
    playback.return_to_now()
    playback.anchor()
    playback.context.clock.sleep(max(0, playback.due_in_ns) / NS_PER_SECOND)
    playback.publish(playback.resting_state(), whole=True)
    return None


def _carry_out(action: control.Action, playback: Playback) -> Switch | None:  # noqa: C901, PLR0912 - one case an action
    player, settings = playback.player, playback.settings
    match action:
        case control.Play():
            if playback.at_end():
                playback.go_to(playback.first_ns)
            playback.paused = False
        case control.Pause():
            playback.paused = True
        case control.Toggle():
            goes_on = playback.paused or playback.at_end()
            return _carry_out(control.Play() if goes_on else control.Pause(), playback)
        case control.Step(unit=unit, count=count):
            playback.seek(player.stepped(playback.now_ns, unit, count))
            playback.paused = True
        case control.SeekTime(at_ns=at_ns):
            playback.seek(at_ns)
        case control.SeekBy(by_ns=by_ns):
            playback.seek(playback.now_ns + by_ns)
        case control.SeekFraction(fraction=fraction):
            playback.seek(_at_fraction(playback, fraction))
        case control.SeekMark(mark=mark, direction=direction):
            playback.seek(player.marked(playback.now_ns, mark, forward=direction > 0))
        case control.SetSpeed(speed=speed):
            playback.settings = replace(settings, speed=speed)
        case control.SetInterval(interval=interval):
            playback.aggregate_as(replace(settings, interval=interval))
        case control.SetObiLevels(obi_levels=obi_levels):
            levels = at_least("obi_levels", obi_levels, 0, _MAX_OBI_LEVELS)
            playback.aggregate_as(replace(settings, obi_levels=levels))
        case control.SetCvdReset(cvd_reset=cvd_reset):
            playback.aggregate_as(replace(settings, cvd_reset=cvd_reset))
        case control.SetInstrument(instrument=instrument):
            if playback.dataset.resolved(instrument) != playback.source.instrument:
                return Switch(playback.dataset, replace(settings, instrument=instrument), playback.now_ns)
        case control.SetDataset(path=path):
            context = playback.context
            return Switch(_opened(path), settings_for(path, settings, context.path, context.requested))
        case control.Loop(start_ns=start_ns, end_ns=end_ns):
            player.check(start_ns)
            player.check(end_ns)
            if not start_ns <= playback.now_ns < end_ns:
                playback.go_to(start_ns)
            playback.loop_ns = start_ns, end_ns
        case control.EndLoop():
            playback.loop_ns = None
    return None


def _at_fraction(playback: Playback, fraction: float) -> int:
    first_ns, end_ns = playback.first_ns, playback.end_ns()
    if end_ns is None:
        raise SettingError("fraction", fraction, "a dataset that has been read to its end, or a time")
    return first_ns + round((end_ns - first_ns) * fraction)


def _opened(path: Path) -> Dataset:
    try:
        return open_dataset(path)
    except DatasetError as error:
        raise SettingError("dataset", str(path), f"a dataset that can be read ({without_content(error)})") from error


def without_content(error: ProcessorError) -> str:
    """The first line of an error: who may steer need not be one who may read what lies in the files."""
    return str(error).partition("\n")[0].rstrip(":")

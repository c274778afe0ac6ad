"""Carries out commands: each is done, or everything is as if it had never been given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.errors import DatasetError, Disordered, SettingError, first_line
from processor.replay.playback import DatasetChanged, Interrupted
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from processor.replay.commands.base import Switch
    from processor.replay.inbox import Inbox, Request
    from processor.replay.playback import Playback
    from processor.replay.session import Session

_SUPERSEDED: Final = "a newer command came before this one was carried out"
_SORTED_FIRST: Final = "the dataset's rows are far out of order and are sorted first; send it again"


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
        playback.remember()
        newer: Request | None = None
        error: str | None = None
        try:
            switch = current.action.carry_out(playback)
            if switch is not None:
                return follow(current, switch)
        except SettingError as refused:
            error = str(refused)
        except Interrupted:
            if playback.context.stop.requested:
                # The next processor refuses the command, as it is older; so it must not resume with what it changed.
                playback.undo()
                raise
            newer = inbox.poll(playback.info.session)
            error = _SUPERSEDED
        except Disordered:
            playback.undo_settings()
            inbox.reply(current, _SORTED_FIRST)
            raise
        except DatasetChanged as changed:
            inbox.reply(current, str(changed))
            raise
        except DatasetError as failure:
            # What has been shown until now can be shown again; if not, the return to it fails.
            error = first_line(failure)
        if error is not None:
            playback.undo()
        inbox.reply(current, error)
        current = newer
    playback.return_to_now()
    playback.anchor()
    playback.context.clock.sleep(max(0, playback.due_in_ns) / NS_PER_SECOND)
    playback.publish(playback.resting_state(), whole=True)
    return None

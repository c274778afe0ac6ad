"""Every command there is. A new one is a type in `shared/commands.py`, a module here, and one line in COMMANDS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from processor.replay.commands import (
    alerts,
    cvd_reset,
    dataset,
    instrument,
    interval,
    loop_range,
    obi_levels,
    pause,
    play,
    row,
    seek,
    session_start,
    speed,
    step,
    toggle,
)
from processor.settings import one_of
from shared import command

if TYPE_CHECKING:
    from processor.replay.commands.base import Action, CommandEntry
    from shared import Command

_ENTRIES: Final[tuple[CommandEntry[Any], ...]] = (
    play.ENTRY,
    pause.ENTRY,
    toggle.ENTRY,
    step.ENTRY,
    seek.ENTRY,
    speed.ENTRY,
    interval.ENTRY,
    instrument.ENTRY,
    dataset.ENTRY,
    obi_levels.ENTRY,
    cvd_reset.ENTRY,
    session_start.ENTRY,
    row.ENTRY,
    alerts.ENTRY,
    loop_range.ENTRY,
)
COMMANDS: Final = {str(entry.kind.__struct_config__.tag): entry for entry in _ENTRIES}
"""Per action its command."""


def parsed(given: Command) -> Action:
    """What a command asks for, its words turned into numbers.

    Raises:
        SettingError: one of its arguments is well-formed, but names no time, interval, speed or path.
    """
    return COMMANDS[str(given.__struct_config__.tag)].parse(given)


def from_words(action: str, words: list[str]) -> Command:
    """The command that the words of a command line ask for.

    Raises:
        SettingError: there is no such action, or the words are not its words.
    """
    written = one_of("action", action.replace("_", "-"), tuple(as_word(name) for name in COMMANDS))
    name = written.replace("-", "_")
    made = command(name, session=None, **COMMANDS[name].from_words(words))
    parsed(made)
    return made


def as_word(action: str) -> str:
    """An action as a command line writes it."""
    return action.replace("_", "-")

"""`session_start`: at which time of a day sessions start."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from processor.replay.commands.base import CommandEntry, Form
from processor.replay.commands.words import one_word
from processor.settings import session_start_ns
from shared import commands as contract

if TYPE_CHECKING:
    from processor.replay.playback import Playback


@dataclass(frozen=True, slots=True)
class SetSessionStart:
    """Start sessions at another time of each UTC day; `session_start` as it was written."""

    session_start: str

    def carry_out(self, playback: Playback) -> None:
        """Raises Interrupted while what is summed up over sessions is computed."""
        playback.aggregate_as(replace(playback.settings, session_start=self.session_start))


def _parse(given: contract.SessionStart) -> SetSessionStart:
    session_start_ns(given.session_start)
    return SetSessionStart(given.session_start)


ENTRY: Final = CommandEntry(
    contract.SessionStart,
    (
        Form(
            "22:00",
            '`session_start`: text, `"00:00"` to `"23:59"`',
            "start sessions at this time of each UTC day",
        ),
    ),
    one_word("session_start", "a time of a UTC day, such as 22:00"),
    _parse,
)

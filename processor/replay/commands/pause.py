"""`pause`: the event clock is held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from processor.replay.commands.base import CommandEntry, Form
from processor.replay.commands.words import no_words
from shared import commands as contract

if TYPE_CHECKING:
    from processor.replay.playback import Playback


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold the event clock."""

    def carry_out(self, playback: Playback) -> None:
        """It is never refused."""
        playback.paused = True


ENTRY: Final = CommandEntry(contract.Pause, (Form("", "", "hold the event clock"),), no_words, lambda _: Pause())

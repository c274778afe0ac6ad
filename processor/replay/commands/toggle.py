"""`toggle`: play or pause, whichever it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from processor.replay.commands.base import CommandEntry, Form
from processor.replay.commands.pause import Pause
from processor.replay.commands.play import Play
from processor.replay.commands.words import no_words
from shared import commands as contract

if TYPE_CHECKING:
    from processor.replay.playback import Playback


@dataclass(frozen=True, slots=True)
class Toggle:
    """Play if it is paused or at its end, pause if it plays."""

    def carry_out(self, playback: Playback) -> None:
        """Raises what `Play` raises."""
        action = Play() if playback.paused or playback.at_end() else Pause()
        action.carry_out(playback)


ENTRY: Final = CommandEntry(
    contract.Toggle, (Form("", "", "play if it is paused, pause if it plays"),), no_words, lambda _: Toggle()
)

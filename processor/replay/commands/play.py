"""`play`: the event clock goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from processor.replay.commands.base import CommandEntry, Form
from processor.replay.commands.words import no_words
from shared import commands as contract

if TYPE_CHECKING:
    from processor.replay.playback import Playback


@dataclass(frozen=True, slots=True)
class Play:
    """Go on from here; at the end, from the first event."""

    def carry_out(self, playback: Playback) -> None:
        """Raises Interrupted on the way to the first event."""
        if playback.at_end():
            playback.go_to(playback.first_ns)
        playback.paused = False


ENTRY: Final = CommandEntry(contract.Play, (Form("", "", "go on from here"),), no_words, lambda _: Play())

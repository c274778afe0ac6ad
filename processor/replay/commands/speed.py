"""`speed`: how fast the event clock goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from processor.replay.commands.base import CommandEntry, Form
from processor.replay.commands.words import one_word
from processor.settings import speed as speed_of
from shared import commands as contract

if TYPE_CHECKING:
    from processor.replay.playback import Playback


@dataclass(frozen=True, slots=True)
class SetSpeed:
    """Play so many times as fast as real time; None: as fast as it goes."""

    speed: float | None

    def carry_out(self, playback: Playback) -> None:
        """It is never refused."""
        playback.settings = replace(playback.settings, speed=self.speed)


def _parse(given: contract.Speed) -> SetSpeed:
    return SetSpeed(speed_of("max" if given.speed is None else str(given.speed)))


ENTRY: Final = CommandEntry(
    contract.Speed,
    (Form("30 or max", '`speed`: number, 0.1 to 10000, or `"max"` or null', "play at so many times real time"),),
    one_word("speed", "a factor, or max", speed_of),
    _parse,
)

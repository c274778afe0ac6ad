"""`interval`: how long a bar is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from processor.replay.commands.base import CommandEntry, Form
from processor.replay.commands.words import one_word
from processor.settings import bar_length
from shared import commands as contract

if TYPE_CHECKING:
    from processor.replay.playback import Playback


@dataclass(frozen=True, slots=True)
class SetInterval:
    """Show bars of another length; `interval` as it was written."""

    interval: str

    def carry_out(self, playback: Playback) -> None:
        """Raises Interrupted while the bars are computed."""
        playback.aggregate_as(replace(playback.settings, interval=self.interval))


def _parse(given: contract.Interval) -> SetInterval:
    bar_length(given.interval)
    return SetInterval(given.interval)


ENTRY: Final = CommandEntry(
    contract.Interval,
    (
        Form(
            "5m or 500t, 100v, 1000000q",
            '`interval`: text like `"5m"`, or `"500t"`, `"100v"`, `"1000000q"`',
            "show bars of that time, or of so many trades, volume or turnover",
        ),
    ),
    one_word("interval", "a length like 5m"),
    _parse,
)

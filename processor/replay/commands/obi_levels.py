"""`obi_levels`: how much of the book the imbalance counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from processor.replay.commands.base import CommandEntry, Form
from processor.replay.commands.words import one_word, whole_number
from shared import commands as contract

if TYPE_CHECKING:
    from processor.replay.playback import Playback


@dataclass(frozen=True, slots=True)
class SetObiLevels:
    """Count so many levels a side in the OBI; 0 for the whole book."""

    obi_levels: int

    def carry_out(self, playback: Playback) -> None:
        """Raises Interrupted while the bars are computed."""
        playback.aggregate_as(replace(playback.settings, obi_levels=self.obi_levels))


def _parse(given: contract.ObiLevels) -> SetObiLevels:
    return SetObiLevels(given.obi_levels)


ENTRY: Final = CommandEntry(
    contract.ObiLevels,
    (
        Form(
            "5",
            "`obi_levels`: integer, 0 to 1000000",
            "count so many levels a side in the OBI, 0 for the whole book",
        ),
    ),
    one_word(
        "obi_levels",
        "a whole number",
        lambda text: whole_number("obi-levels", text, 0, contract.MAX_OBI_LEVELS),
    ),
    _parse,
)

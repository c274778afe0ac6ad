"""`instrument`: which instrument of the dataset is replayed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from processor.replay.commands.base import CommandEntry, Form, Switch
from processor.replay.commands.words import one_word
from processor.settings import AUTO
from shared import commands as contract

if TYPE_CHECKING:
    from processor.replay.playback import Playback


@dataclass(frozen=True, slots=True)
class SetInstrument:
    """Replay another instrument of the dataset, from the same moment."""

    instrument: str

    def carry_out(self, playback: Playback) -> Switch | None:
        """Raises SettingError where the dataset has no such instrument."""
        if playback.dataset.resolved(self.instrument) == playback.source.instrument:
            return None
        settings = replace(playback.settings, instrument=self.instrument, row=AUTO)  # its prices are others
        return Switch(playback.dataset, settings, playback.now_ns)


def _parse(given: contract.Instrument) -> SetInstrument:
    return SetInstrument(given.instrument)


ENTRY: Final = CommandEntry(
    contract.Instrument,
    (Form("NAME", "`instrument`: text", "replay another instrument of the dataset, from the same moment"),),
    one_word("instrument", "one name"),
    _parse,
)

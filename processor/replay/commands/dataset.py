"""`dataset`: which dataset is replayed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from processor.errors import DatasetError, SettingError, first_line
from processor.replay.commands.base import CommandEntry, Form, Switch
from processor.replay.commands.words import one_word
from processor.replay.resume import settings_for
from processor.settings import AUTO
from shared import commands as contract

if TYPE_CHECKING:
    from processor.formats import Dataset
    from processor.replay.playback import Playback


@dataclass(frozen=True, slots=True)
class SetDataset:
    """Replay another dataset, from its start."""

    path: Path

    def carry_out(self, playback: Playback) -> Switch:
        """Raises SettingError where there is no dataset; the replay plays on while it is found out."""
        context = playback.context
        # It goes on from where it is, however long the command before has taken.
        playback.anchor()
        dataset = _opened(self.path, playback)
        settings = settings_for(self.path, playback.settings, context.path, context.requested)
        if settings.interval == playback.chosen_interval:
            settings = replace(settings, interval=AUTO)
        return Switch(dataset, settings)


def _opened(path: Path, playback: Playback) -> Dataset:
    # A command line that writes a command does not need the formats.
    from processor.replay.playing import play_on_meanwhile  # noqa: PLC0415
    from processor.replay.recognition import recognised  # noqa: PLC0415

    try:
        return recognised(path, playback.context.folders, partial(play_on_meanwhile, playback))
    except DatasetError as error:
        raise SettingError("dataset", str(path), f"a dataset that can be read ({first_line(error)})") from error


def _absolute(text: str) -> str:
    """A path that is here made absolute: the processor may have been started elsewhere."""
    path = Path(text).expanduser()
    return str(path.absolute()) if path.exists() else text


def _parse(given: contract.Dataset) -> SetDataset:
    if "\0" in given.dataset:
        raise SettingError("dataset", given.dataset, "a path")
    return SetDataset(Path(given.dataset))


ENTRY: Final = CommandEntry(
    contract.Dataset,
    (
        Form(
            "PATH",
            "`dataset`: text, a path as the processor sees it",
            "replay another dataset from its start",
        ),
    ),
    one_word("dataset", "one path", _absolute),
    _parse,
)

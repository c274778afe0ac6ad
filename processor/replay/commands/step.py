"""`step`: move by a number of events or bars, and pause there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args

from processor.errors import SettingError
from processor.replay.commands.base import CommandEntry, Form
from processor.replay.commands.words import expect, whole_number
from processor.settings import one_of
from shared import commands as contract

if TYPE_CHECKING:
    from processor.replay.playback import Playback


@dataclass(frozen=True, slots=True)
class Step:
    """Move by `count` (never 0; negative: back) of a unit, and pause there."""

    unit: contract.StepUnit
    count: int

    def carry_out(self, playback: Playback) -> None:
        """Raises SettingError where there are not so many."""
        playback.seek(playback.player.stepped(playback.now_ns, self.unit, self.count))
        playback.paused = True


def _from_words(words: list[str]) -> dict[str, Any]:
    expect(words, (1, 2), "step", "event, book, trade or bar, and a count if it is not 1")
    count = whole_number("count", words[1], -contract.MAX_STEPS, contract.MAX_STEPS) if words[1:] else 1
    if not count:
        raise SettingError("count", count, "a whole number other than 0; negative: back")
    return {"unit": one_of("unit", words[0], get_args(contract.StepUnit)), "count": count}


def _parse(given: contract.Step) -> Step:
    return Step(given.unit, given.count)


ENTRY: Final = CommandEntry(
    contract.Step,
    (
        Form(
            "event|book|trade|bar [COUNT]",
            "`unit`: `event`, `book`, `trade` or `bar`; `count`: integer, not 0",
            "move by so many (1 if not given; negative: back) and pause there",
        ),
    ),
    _from_words,
    _parse,
)

"""`range`: loop between two times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET

from processor.errors import SettingError
from processor.replay.commands.base import CommandEntry, Form
from processor.replay.commands.times import time_ns
from processor.replay.commands.words import expect
from processor.settings import iso
from shared import commands as contract

if TYPE_CHECKING:
    from processor.replay.playback import Playback


@dataclass(frozen=True, slots=True)
class Loop:
    """Loop between two times, ns since the Unix epoch, the first before the second."""

    start_ns: int
    end_ns: int

    def carry_out(self, playback: Playback) -> None:
        """Raises SettingError where one of the times is outside the dataset."""
        playback.player.check(self.start_ns)
        playback.player.check(self.end_ns)
        if not self.start_ns <= playback.now_ns < self.end_ns:
            playback.go_to(self.start_ns)
        playback.loop_ns = self.start_ns, self.end_ns


@dataclass(frozen=True, slots=True)
class EndLoop:
    """Loop no more."""

    def carry_out(self, playback: Playback) -> None:
        """It is never refused."""
        playback.loop_ns = None


def _from_words(words: list[str]) -> dict[str, Any]:
    if words == ["off"]:
        return {}
    expect(words, (2,), "range", "two times, or off")
    return dict(zip(("start", "end"), words, strict=True))


def _parse(given: contract.Range) -> Loop | EndLoop:
    if given.start is UNSET and given.start_ms is UNSET:
        return EndLoop()
    start_ns = time_ns("start", given.start, given.start_ms)
    end_ns = time_ns("end", given.end, given.end_ms)
    if start_ns >= end_ns:
        raise SettingError("range", iso(end_ns), f"an end after its start, {iso(start_ns)}")
    return Loop(start_ns, end_ns)


ENTRY: Final = CommandEntry(
    contract.Range,
    (
        Form(
            "START END",
            "`start` and `end`: text, ISO 8601, or `start_ms` and `end_ms`: integers",
            "loop between two times",
        ),
        Form("off", "none", "loop no more"),
    ),
    _from_words,
    _parse,
)

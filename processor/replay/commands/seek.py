"""`seek`: move the event clock to a time, by a distance, to a share of the range, or to the nearest mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args

from msgspec import UnsetType

from processor.errors import SettingError
from processor.replay.commands.base import CommandEntry, Form
from processor.replay.commands.times import distance_ns, time_ns
from processor.replay.commands.words import expect
from processor.settings import one_of
from shared import commands as contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from processor.replay.playback import Playback

_TOLD_AFTER_NS: Final = 500_000_000
_EXPECTED: Final = "a time, a distance like +10m, a share like 25%, or next or previous and " + ", ".join(
    get_args(contract.Landmark)
)


@dataclass(frozen=True, slots=True)
class SeekTime:
    """Move the event clock to a time, ns since the Unix epoch."""

    at_ns: int

    def carry_out(self, playback: Playback) -> None:
        """Raises SettingError where the time is outside the range."""
        playback.seek(self.at_ns)


@dataclass(frozen=True, slots=True)
class SeekBy:
    """Move the event clock by so much, ns; negative: back."""

    by_ns: int

    def carry_out(self, playback: Playback) -> None:
        """Raises SettingError where that is outside the range."""
        playback.seek(playback.now_ns + self.by_ns)


@dataclass(frozen=True, slots=True)
class SeekFraction:
    """Move the event clock to a share of the range, 0 to 1."""

    fraction: float

    def carry_out(self, playback: Playback) -> None:
        """Raises SettingError as long as the end of the range is not known."""
        first_ns, end_ns = playback.first_ns, playback.end_ns()
        if end_ns is None:
            expected = "a time, as long as the dataset has not been read to its end"
            raise SettingError("fraction", self.fraction, expected)
        playback.seek(first_ns + round((end_ns - first_ns) * self.fraction))


@dataclass(frozen=True, slots=True)
class SeekNearest:
    """Move the event clock to the next gap, start of a session, alert or event of a kind, or to the previous one."""

    landmark: contract.Landmark
    forward: bool

    def carry_out(self, playback: Playback) -> None:
        """Raises SettingError where there is none."""
        found_ns = playback.player.nearest(
            playback.now_ns, self.landmark, forward=self.forward, while_waiting=_searching(playback)
        )
        playback.seek(found_ns)


def _searching(playback: Playback) -> Callable[[], None]:
    """What to call while a search goes on; it tells of one that takes long."""
    clock = playback.context.clock
    told_ns = clock.monotonic_ns() + _TOLD_AFTER_NS

    def wait() -> None:
        playback.while_waiting()
        if playback.state != "loading" and clock.monotonic_ns() > told_ns:
            playback.publish("loading")

    return wait


def _from_words(words: list[str]) -> dict[str, Any]:
    expect(words, (1, 2), "seek", _EXPECTED)
    if words[0] in {"next", "previous"}:
        expect(words, (2,), "seek", _EXPECTED)
        return {words[0]: one_of(words[0], words[1], get_args(contract.Landmark))}
    text = " ".join(words)
    if text.startswith(("+", "-")):
        return {"by": text}
    if text.isascii() and text.isdigit() and int(text) > 1:
        return {"time_ms": int(text)}
    try:
        fraction = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return {"time": text}
    if not 0 <= fraction <= 1:
        raise SettingError("seek", text, "a share from 0% to 100%")
    return {"fraction": fraction}


def _parse(given: contract.Seek) -> SeekTime | SeekBy | SeekFraction | SeekNearest:
    if not isinstance(given.fraction, UnsetType):
        return SeekFraction(given.fraction)
    if not isinstance(given.next, UnsetType):
        return SeekNearest(given.next, forward=True)
    if not isinstance(given.previous, UnsetType):
        return SeekNearest(given.previous, forward=False)
    if not isinstance(given.by_ns, UnsetType):
        return SeekBy(given.by_ns)
    if not isinstance(given.by, UnsetType):
        return SeekBy(distance_ns(given.by))
    return SeekTime(time_ns("time", given.time, given.time_ms))


ENTRY: Final = CommandEntry(
    contract.Seek,
    (
        Form("2024-08-09T00:01:00Z", "`time`: text, ISO 8601", "go to a time, UTC unless it says otherwise"),
        Form("1723161660000", "`time_ms`: integer", "go to a time in ms since the Unix epoch"),
        Form("+10m or -1h30m", '`by`: text like `"+10m"`, or `by_ns`: integer', "go by a distance from here"),
        Form("25% or 0.25", "`fraction`: number, 0 to 1", "go to a share of the range"),
        Form(
            "next|previous gap|session",
            "`next` or `previous`: `gap` or `session`",
            "go to the nearest gap, or to the nearest start of a session",
        ),
        Form(
            "next|previous alert",
            "`next` or `previous`: `alert`",
            "go to where the nearest [alert](alerts.md) of the expressions that are set is raised",
        ),
        Form(
            "next|previous EVENT",
            "`next` or `previous`: `sweep`, `absorption`, `wall`, `divergence` or `large`",
            "go to where the nearest sweep, absorption, wall, divergence or large order becomes known",
        ),
    ),
    _from_words,
    _parse,
)

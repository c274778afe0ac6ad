"""`alerts`: the expressions that alerts are raised for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from msgspec import UnsetType

from processor.core.alerts.parser import all_parsed, parsed
from processor.errors import SettingError
from processor.replay.commands.base import CommandEntry, Form
from shared import commands as contract

if TYPE_CHECKING:
    from processor.replay.playback import Playback

_EXPECTED: Final = "add or remove and an expression, or clear"


@dataclass(frozen=True, slots=True)
class AddAlert:
    """Raise alerts for an expression, too."""

    text: str

    def carry_out(self, playback: Playback) -> None:
        """Raises SettingError where there are too many or it is one already, and Interrupted meanwhile."""
        before = playback.settings.alerts
        if self.text in before:
            raise SettingError("alert", self.text, "one that is not set yet")
        _set(playback, all_parsed([*before, self.text]))


@dataclass(frozen=True, slots=True)
class RemoveAlert:
    """Raise no more alerts for an expression."""

    text: str

    def carry_out(self, playback: Playback) -> None:
        """Raises SettingError where it is none of them, and Interrupted meanwhile."""
        before = playback.settings.alerts
        if self.text not in before:
            raise SettingError("alert", self.text, f"one that is set: {' | '.join(before) or 'there is none'}")
        _set(playback, tuple(each for each in before if each != self.text))


@dataclass(frozen=True, slots=True)
class ClearAlerts:
    """Raise no more alerts."""

    def carry_out(self, playback: Playback) -> None:
        """Raises Interrupted meanwhile."""
        _set(playback, ())


def _set(playback: Playback, alerts: tuple[str, ...]) -> None:
    playback.aggregate_as(replace(playback.settings, alerts=alerts))


def _from_words(words: list[str]) -> dict[str, Any]:
    if words == ["clear"]:
        return {"clear": True}
    if len(words) < 2 or words[0] not in {"add", "remove"}:  # noqa: PLR2004 - what to do, and an expression
        raise SettingError("alerts", " ".join(words), _EXPECTED)
    return {words[0]: " ".join(words[1:])}


def _parse(given: contract.Alerts) -> AddAlert | RemoveAlert | ClearAlerts:
    if not isinstance(given.add, UnsetType):
        return AddAlert(parsed(given.add).text)
    if not isinstance(given.remove, UnsetType):
        return RemoveAlert(" ".join(given.remove.split()))
    return ClearAlerts()


ENTRY: Final = CommandEntry(
    contract.Alerts,
    (
        Form(
            "add 'obi_10 > 0.6 for 5 s'",
            "`add`: text, an [expression](alerts.md)",
            "raise alerts for an expression, too",
        ),
        Form("remove 'EXPRESSION'", "`remove`: text, an expression that is set", "raise no more alerts for it"),
        Form("clear", "`clear`: `true`", "raise no more alerts"),
    ),
    _from_words,
    _parse,
)

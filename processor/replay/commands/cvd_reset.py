"""`cvd_reset`: when the cumulative volume delta restarts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, get_args

from processor.replay.commands.base import CommandEntry, Form
from processor.replay.commands.words import one_word
from processor.settings import one_of
from shared import commands as contract

if TYPE_CHECKING:
    from processor.replay.playback import Playback


@dataclass(frozen=True, slots=True)
class SetCvdReset:
    """Restart the CVD from 0 never, or each day when a session starts."""

    cvd_reset: contract.CvdResetAt

    def carry_out(self, playback: Playback) -> None:
        """Raises Interrupted while the bars are computed."""
        playback.aggregate_as(replace(playback.settings, cvd_reset=self.cvd_reset))


def _parse(given: contract.CvdReset) -> SetCvdReset:
    return SetCvdReset(given.cvd_reset)


ENTRY: Final = CommandEntry(
    contract.CvdReset,
    (
        Form(
            "none|day",
            "`cvd_reset`: `none` or `day`",
            "restart the CVD from 0 never, or each day when a session starts",
        ),
    ),
    one_word("cvd_reset", "none or day", lambda text: one_of("cvd-reset", text, get_args(contract.CvdResetAt))),
    _parse,
)

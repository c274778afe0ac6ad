"""`row`: how high the price rows of all views are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from processor.errors import SettingError
from processor.replay.commands.base import CommandEntry, Form
from processor.replay.commands.words import one_word
from processor.settings import row_height
from shared import commands as contract

if TYPE_CHECKING:
    from fractions import Fraction

    from processor.replay.playback import Playback

_MOST_STEPS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class SetRow:
    """Make price rows of another height; `row` as it was written."""

    row: str

    def carry_out(self, playback: Playback) -> None:
        """Raises SettingError where the height is no multiple of the price step, and Interrupted meanwhile."""
        height, step = row_height(self.row), playback.price_step()
        if height is not None and not _is_multiple(height, step):
            known = (
                "auto, as no price has been read" if step is None else f"a multiple of the price step {_decimal(step)}"
            )
            raise SettingError("row", self.row, known)
        playback.aggregate_as(replace(playback.settings, row=self.row))


def _is_multiple(height: Fraction, step: Fraction | None) -> bool:
    """Whether rows of that height hold whole price steps, and no more than any view needs."""
    return step is not None and height % step == 0 and height <= _MOST_STEPS * step


def _decimal(step: Fraction) -> str:
    return f"{Decimal(step.numerator) / Decimal(step.denominator):f}"


def _parse(given: contract.Row) -> SetRow:
    row_height(given.row)
    return SetRow(given.row)


ENTRY: Final = CommandEntry(
    contract.Row,
    (
        Form(
            "0.25 or auto",
            '`row`: text, a price like `"0.25"`, or `"auto"`',
            "make the price rows of all views that high, or as high as each of them needs",
        ),
    ),
    one_word("row", "the height of a price row, such as 0.25 or 10, or auto"),
    _parse,
)

"""What the views of the order flow have in common: the heights of their rows, and cells as they are published."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from processor.core.decimals import decimal_floats
from processor.core.flow.cells import LOTS
from processor.core.flow.frames import lot_floats

if TYPE_CHECKING:
    from processor.core.engine import Engine
    from processor.core.flow.cells import Cells


def price_step(engine: Engine) -> Fraction:
    """The price step so far; 1 where there is no price but 0."""
    return engine.price_step.height or Fraction(1)


def encodable(cells: Cells) -> list[tuple[float, float, float, float, int]]:
    """Each cell as `shared.views.footprint.FootprintCell` has it."""
    columns = (
        decimal_floats(cells.price_ticks, cells.price_decimals).tolist(),
        *(lot_floats(getattr(cells, name), cells.size_decimals).tolist() for name in LOTS),
        cells.trades.tolist(),
    )
    return list(zip(*columns, strict=True))

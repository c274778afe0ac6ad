"""Measures whose parameters a user gives: imbalances of any number of levels, and what it costs to trade a size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from decimal import Decimal

OBI_LEVELS: Final = (0, 1, 5, 10, 20)
"""Depths of which there is an imbalance always; 0 is the whole book."""


@dataclass(frozen=True, slots=True)
class OwnMeasures:
    """The numbers of levels of further imbalances, and sizes to buy and to sell, each ascending."""

    depths: tuple[int, ...] = ()
    sizes: tuple[Decimal, ...] = ()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.depths or self.sizes)

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called, in the order of their columns."""
        return (
            *(f"obi_{levels}" for levels in self.depths),
            *(f"cost_{side}_bp_{size:f}" for size in self.sizes for side in ("buy", "sell")),
        )


NO_OWN: Final = OwnMeasures()

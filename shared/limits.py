"""What may be asked of a replay, so that a page refuses what the processor would, in the same terms."""

from __future__ import annotations

from typing import Final

MIN_SPEED: Final = 0.1
MAX_SPEED: Final = 10_000.0
"""Times real time."""

INTERVAL_UNITS_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
MAX_INTERVAL_MS: Final = 7 * INTERVAL_UNITS_MS["d"]
ACTIVITY_UNITS: Final = {"t": "trades", "v": "volume", "q": "turnover"}
"""What is traded in a bar of activity, by the letter behind the amount; q is for the quote currency."""
OLD_TURNOVER_UNIT: Final = "d"
"""How a turnover was written before; a whole number of d up to MAX_DAYS_MEANT means days and is no turnover."""
MAX_DAYS_MEANT: Final = 366
MAX_ACTIVITY_DIGITS: Final = 15
"""Characters of such an amount, its decimal point among them."""

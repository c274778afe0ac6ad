"""Units of time, in nanoseconds."""

from __future__ import annotations

from typing import Final

NS_PER_MS: Final = 1_000_000
NS_PER_SECOND: Final = 1_000_000_000
NS_PER_HOUR: Final = 3_600 * NS_PER_SECOND
NS_PER_DAY: Final = 86_400 * NS_PER_SECOND
MS_PER_DAY: Final = NS_PER_DAY // NS_PER_MS

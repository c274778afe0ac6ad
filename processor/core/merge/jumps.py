"""Prices that cannot be of one market, or not in one unit: they jump; and prices below 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from processor.core.events import LocatedTrades
    from processor.core.report import Report

_TIMES: Final = 10
"""How many times the price before, or what part of it, is a jump."""


class Jumps:
    """Reports the jumps in the prices of one part's trades, in the order of its rows, and that they fall below 0."""

    def __init__(self, name: str, report: Report) -> None:
        self._name = name
        self._report = report
        self._last: tuple[int, int] | None = None
        """The last price above 0 and its decimals."""
        self._falls_below_zero = False

    def look(self, trades: LocatedTrades) -> None:
        """Look at the next trades, at least one."""
        prices = trades.price_ticks
        lowest, highest = int(prices.min()), int(prices.max())
        before = self._before(trades.price_decimals)
        if lowest > 0 and max(highest, before or highest) <= _TIMES * min(lowest, before or lowest):
            self._last = int(prices[-1]), trades.price_decimals
            return
        if lowest < 0 < max(highest, before or 0) and not self._falls_below_zero:
            self._falls_below_zero = True
            row = int(np.argmax(prices < 0))
            detail = (
                f"a price of {prices[row] / 10.0**trades.price_decimals:.12g}: below 0 and 0 are taken as prices here"
            )
            self._report.add("assumptions", self._name, trades.line_of(row), int(trades.time_ns[row]), detail)
        rows = np.flatnonzero(prices > 0)
        if not len(rows):
            return
        # Floats are exact enough to tell ten times from less, and have room for ten times any price.
        now = prices[rows].astype(np.float64)
        above = np.concatenate(([now[0] if before is None else before], now[:-1]))
        found = np.flatnonzero((now > _TIMES * above) | (above > _TIMES * now))
        unit = 10.0**trades.price_decimals
        told = (
            (
                trades.line_of(rows[at]),
                int(trades.time_ns[rows[at]]),
                f"{now[at] / unit:.12g} after {above[at] / unit:.12g}",
            )
            for at in found
        )
        self._report.add_all("price_jumps", self._name, told, len(found))
        self._last = int(prices[rows[-1]]), trades.price_decimals

    def _before(self, decimals: int) -> int | None:
        """The last price on this scale; None before the first. A scale only ever grows finer within a part."""
        if self._last is None:
            return None
        price, before = self._last
        found: int = price * 10 ** (decimals - before) if decimals >= before else price // 10 ** (before - decimals)
        return found

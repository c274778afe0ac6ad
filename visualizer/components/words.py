"""What the measures of the page are, in a sentence each: one list for the page and for docs/words.md.

`python -m visualizer.components.words` writes the table of that page.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_PAGE: Final = Path(__file__).resolve().parents[2] / "docs/words.md"
_HEAD: Final = "| word | meaning |\n|---|---|\n"

WORDS: Final = {
    "Bar": "the trades of one interval, or of one amount: its open, high, low and close price and its volume",
    "O": "open: the price of the bar's first trade",
    "H": "high: the highest price traded in the bar",
    "L": "low: the lowest price traded in the bar",
    "C": "close: the price of the bar's last trade",
    "V": "volume: the sizes of the bar's trades, summed up",
    "Volume": "the sizes of the trades, summed up",
    "Bought": "the volume of trades whose buyer took an offer",
    "Sold": "the volume of trades whose seller took a bid",
    "Best bid": "the highest price at which somebody in the order book wants to buy",
    "Best ask": "the lowest price at which somebody in the order book wants to sell",
    "Spread": "the best ask less the best bid",
    "Mid": "halfway between the best bid and the best ask",
    "Weighted mid": "between the best bid and the best ask, nearer to the side where less rests",
    "Depth": "what rests in the order book, summed up from the best price outwards",
    "OBI": "order-book imbalance: what rests to buy less what rests to sell, divided by both together; "
    "1 is buyers alone, -1 sellers alone",
    "Order flow imbalance": "what came to the best bid less what left it, less the same of the best ask",
    "Cost of buying": "the average price of buying a size at once, less the mid, in basis points of it",
    "Cost of selling": "the mid less the average price of selling a size at once, in basis points of it",
    "Trade flow": "what was bought less what was sold",
    "CVD": "cumulative volume delta: what buyers took less what sellers took, summed up from the start",
    "CVD by size": "the same for small and for large orders, each by itself",
    "Delta": "what buyers took less what sellers took in the bar",
    "Δ": "delta: what buyers took less what sellers took in the bar",
    "Delta %": "the delta as a share of the volume",
    "Max delta": "the highest delta while the bar ran",
    "Min delta": "the lowest delta while the bar ran",
    "Trades": "how many trades the bar has",
    "Duration": "how long the bar took",
    "VWAP": "volume-weighted average price: turnover divided by volume",
    "VWAP line": "the volume-weighted average price since the start of the session, or since where it was set",
    "Profile": "how much was traded at each price",
    "POC": "point of control: the price with the most volume",
    "VAH": "value area high: the upper end of the prices around the POC that hold 70 % of the volume",
    "VAL": "value area low: the lower end of the prices around the POC that hold 70 % of the volume",
    "Footprint": "a bar with what was sold and bought at each of its prices",
    "Heatmap": "what rested in the order book at each price over time, the brighter the more",
    "Ladder": "a row for each price: what rests there, what was traded, and what came and went",
    "Tape": "the newest orders, one by one",
    "Order": "trades of one time and side, which one order took",
    "Large orders": "orders that are larger than nearly all before them",
    "Sweeps": "orders that traded at three or more prices at once",
    "Absorption": "one side traded much at a price, and the price held",
    "Walls": "sizes in the book that are far larger than what rests around them",
    "Divergences": "the price made a new high or low and the CVD did not",
    "Session": "from when sessions start in a UTC day, or the first event after a silent hour, to the next one",
    "Gap": "a break in the vendor's sequence numbers: something is missing",
    "Silence": "more than a minute without any event",
}
"""By the names that the page shows, in the order of docs/words.md."""


def table() -> str:
    """The table of docs/words.md."""
    return _HEAD + "".join(f"| {word} | {meaning} |\n" for word, meaning in WORDS.items())


def main() -> None:
    """Rewrite the table of docs/words.md."""
    _PAGE.write_text(re.sub(re.escape(_HEAD) + r"(?:\|.*\n)*", lambda _: table(), _PAGE.read_text()))


if __name__ == "__main__":
    main()

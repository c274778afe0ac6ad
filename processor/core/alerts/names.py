"""What an expression may name: numbers of trades, measures of the book, and events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from processor.core.detected.found import Found, Kind

PRICE: Final = "price"
TRADED: Final = (PRICE, "size", "delta", "volume", "session_delta", "session_volume", "cvd")
"""What has a value after each trade."""
MEASURED: Final = (
    *("spread", "mid", "weighted_mid"),
    *("obi_1", "obi_5", "obi_10", "obi_20", "obi_0"),
    *("obi_bp_5", "obi_bp_10", "obi_bp_25", "obi_bp_100"),
    *("depth_bid_bp_5", "depth_bid_bp_10", "depth_bid_bp_25", "depth_bid_bp_100"),
    *("depth_ask_bp_5", "depth_ask_bp_10", "depth_ask_bp_25", "depth_ask_bp_100"),
)
"""What has a value after each sample of the book: MEASURES, without what is compiled to compute them."""


class Happening(NamedTuple):
    """The events that a name stands for: of a kind, and where that is not None of a side or with a detail."""

    kind: Kind
    side: str | None = None
    detail: str | None = None

    def holds(self, found: Found) -> bool:
        """Whether an event is one of them."""
        return (
            found.kind == self.kind
            and self.side in {None, found.side}
            and (self.detail is None or found.detail == self.detail)
        )


_SIDES: Final[dict[Kind, tuple[str, ...]]] = {
    "sweep": ("buy", "sell"),
    "absorption": ("buy", "sell"),
    "wall": ("bid", "ask"),
    "divergence": ("high", "low"),
    "large": ("buy", "sell"),
}
_WORDS: Final[dict[Kind, str]] = {"large": "large_order"}


def _happenings() -> dict[str, Happening]:
    found = {}
    for kind, sides in _SIDES.items():
        word = _WORDS.get(kind, kind)
        found[word] = Happening(kind)
        found |= {f"{word}_{side}": Happening(kind, side) for side in sides}
    return found | {f"wall_{how}": Happening("wall", None, how) for how in ("started", "faded", "consumed", "pulled")}


HAPPENINGS: Final = _happenings()
"""Per name of events what it stands for."""
NUMBERS: Final = (*TRADED, *MEASURED)
NAMES: Final = (*NUMBERS, *HAPPENINGS)

"""What a venue's websocket says, decoded: messages about the book and trades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from processor.core.events import BUY, SELL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Level: TypeAlias = tuple[str, str]
"""Price and size, as they were sent."""
Levels: TypeAlias = "Sequence[Any]"
"""Those of a side: each a Level, or where the venue has no checksum, anything that is written as one."""

_SIDES: Final = {"buy": BUY, "sell": SELL}


@dataclass(frozen=True, slots=True)
class BookMessage:
    """A snapshot of a book or an update of it, on one of the venue's channels.

    `previous_id` is the `last_id` of the message before it, where the venue says so; `depth` how many levels of a side
    the venue keeps, where it does not remove those beyond. A snapshot may come without a time. `received_ns` is the
    time of receipt where it stands in the message. `is_fetched`: the snapshots of the channel are fetched beside it, so
    that one may be older than updates that came before it.
    """

    channel: str
    time_ns: int | None
    is_snapshot: bool
    bids: Levels
    asks: Levels
    previous_id: int | None = None
    last_id: int | None = None
    checksum: int | None = None
    depth: int | None = None
    received_ns: int | None = None
    is_fetched: bool = False


@dataclass(frozen=True, slots=True)
class TradeMessage:
    """A trade; `previous_id` is the id of the one before it, where the venue counts them."""

    time_ns: int
    level: Level
    aggressor: int
    trade_id: int | str | None
    previous_id: int | None = None


Message: TypeAlias = BookMessage | TradeMessage
Decoder: TypeAlias = "Callable[[memoryview], Sequence[Message]]"


def side_of(name: str) -> int:
    """BUY for `buy`, SELL for `sell`, in any case.

    Raises:
        ValueError: it is neither.
    """
    side = _SIDES.get(name.lower())
    if side is None:
        msg = f"side {name[:40]!r} is neither buy nor sell"
        raise ValueError(msg)
    return side

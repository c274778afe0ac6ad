"""Decoded websocket messages: of the book and of trades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from processor.core.events import BUY, SELL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Level: TypeAlias = tuple[str, str]
"""Price and size, as they were sent."""
Levels: TypeAlias = "msgspec.Raw | list[Any]"
"""The levels of a side: JSON of `["price","size", ...]` as it was sent, or of a venue that sends another form, Levels.

Where there is no checksum, anything that encodes to a Level will do.
"""
NO_LEVELS: Final = msgspec.Raw(b"[]")

_SIDES: Final = {"buy": BUY, "sell": SELL}


@dataclass(frozen=True, slots=True)
class BookMessage:
    """A snapshot of a book or an update of it, on one of the venue's channels.

    `previous_id` is the `last_id` of the message before it, if the venue sends it; `depth` is how many levels per side
    the venue keeps, if it does not remove the others itself. A snapshot may have no time. `received_ns` is the
    time of receipt, if the message has it. `is_fetched`: the recorder fetches the snapshots of the channel separately,
    so one may be older than updates that came before it.
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
    """A trade; `previous_id` is the id of the trade before it, if the venue counts trades."""

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

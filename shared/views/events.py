"""events_data.json: sweeps, absorption, walls, divergences and large orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args

import msgspec

from shared.contract import Integer
from shared.views.base import View, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS_FILE: Final = "events_data.json"

EventName = Literal["absorption", "divergence", "large", "sweep", "wall"]
EVENT_NAMES: Final[tuple[EventName, ...]] = get_args(EventName)


class EventRow(msgspec.Struct, array_like=True, frozen=True):
    """One event: when it became known in ms since the Unix epoch, UTC, what it is, and when it started.

    `side` is `buy`, `sell` or `unknown`; of a wall `bid` or `ask`; of a divergence `high` or `low`. `detail` is a text.
    """

    timestamp_ms: Integer
    kind: EventName
    side: str
    price: float
    size: float
    from_ms: Integer
    detail: str


def _events_faults(rows: tuple[EventRow, ...]) -> Iterator[str]:
    yield from too_many(rows)
    for i, row in enumerate(rows):
        if row.from_ms > row.timestamp_ms:
            yield f"row {i}: it starts after it became known"
        if row.size < 0 and row.kind != "divergence":
            yield f"row {i}: size {row.size} is negative"


EVENTS: Final = View[tuple[EventRow, ...]](
    name="events",
    file=EVENTS_FILE,
    type=tuple[EventRow, ...],
    empty=(),
    presence="asked",
    is_rows=True,
    repeats=True,
    faults=_events_faults,
    content=(
        f"*added*: `[[{', '.join(EventRow.__struct_fields__)}], ...]`: the newest [events](events.md) and "
        "large orders, at most 200 of a kind, oldest first by the time at which they became known; several may have "
        "one time"
    ),
    bound="1000 rows; on request",
)

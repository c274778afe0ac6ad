"""alerts_data.json: when the expressions of alerts became true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from shared.commands import MAX_ALERT_LENGTH
from shared.contract import Integer
from shared.views.base import View, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

ALERTS_FILE: Final = "alerts_data.json"


class AlertRow(msgspec.Struct, array_like=True, frozen=True):
    """One alert: when it became known in ms since the Unix epoch, UTC, and since when its expression is true.

    `value` is that of the first number in the expression, or the size of the event that raised it; `price` that of the
    last trade. Both are null where there is none.
    """

    timestamp_ms: Integer
    from_ms: Integer
    expression: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ALERT_LENGTH)]
    value: float | None
    price: float | None


def _alerts_faults(rows: tuple[AlertRow, ...]) -> Iterator[str]:
    yield from too_many(rows)
    for i, row in enumerate(rows):
        if row.from_ms > row.timestamp_ms:
            yield f"row {i}: it is true only after it became known"


ALERTS: Final = View[tuple[AlertRow, ...]](
    name="alerts",
    file=ALERTS_FILE,
    type=tuple[AlertRow, ...],
    empty=(),
    presence="asked",
    is_rows=True,
    repeats=True,
    faults=_alerts_faults,
    content=(
        f"*added*: `[[{', '.join(AlertRow.__struct_fields__)}], ...]`: the newest [alerts](alerts.md), oldest first by "
        "the time at which they became known; several may have one time"
    ),
    bound="1000 rows; on request",
)

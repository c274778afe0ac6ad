"""What status.json says of a session as long as it lasts."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from processor.formats.exchange_zones import exchange_zone
from processor.names import printable
from processor.publish.moment import SessionInfo
from processor.replay.permitted import listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from processor.formats import Dataset
    from processor.settings import Settings


def session_info(
    path: Path,
    settings: Settings,
    dataset: Dataset | None = None,
    instrument: str = "",
    folders: Sequence[Path] = (),
) -> SessionInfo:
    """What status.json says of a new session; `folders` are those whose datasets commands may choose."""
    return SessionInfo(
        session=uuid.uuid4().hex,
        dataset=printable(settings.label or path.resolve().name),
        format=dataset.format if dataset else "",
        instrument=instrument,
        instruments=dataset.by_activity if dataset else (),
        interval=settings.provisional.interval,
        obi_levels=settings.obi_levels,
        depth_levels=settings.depth_levels,
        cvd_reset=settings.cvd_reset,
        session_start=settings.session_start,
        row=settings.row,
        alerts=settings.alerts,
        own_measures=settings.own.names,
        datasets=listed(folders),
        clock=settings.clock,
        timezone=settings.timezone or (exchange_zone(dataset.format) if dataset else None),
    )

"""Resuming a replay that was killed: what status.json says it was doing, if that is still what is asked for."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from processor.core.alerts.parser import all_parsed
from processor.errors import SettingError
from processor.names import printable
from processor.settings import CVD_RESETS, Settings, bar_length, one_of, row_height, session_start_ns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared import Status

_URI: Final = "file://"
_RESUMABLE: Final = ("loading", "playing", "paused")


@dataclass(frozen=True, slots=True)
class Resumed:
    """Where the last replay was: dataset, settings, event clock, whether it was paused, and the looped range (ns)."""

    path: Path
    settings: Settings
    at_ns: int
    paused: bool
    loop_ns: tuple[int, int] | None


def path_text(path: Path) -> str:
    """A dataset's path as status.json can hold it: as its URI where it is no Unicode."""
    name = str(path.resolve())
    return name if name == printable(name) else path.resolve().as_uri()


def path_from(text: str) -> Path:
    """The path that `path_text` made `text` of."""
    return Path(os.fsdecode(unquote_to_bytes(text.removeprefix(_URI)))) if text.startswith(_URI) else Path(text)


def digest_of_request(path: Path, settings: Settings) -> str:
    """The dataset and the settings of the command line, as one word."""
    return hashlib.sha256(f"{path.resolve()}\n{settings}".encode("utf-8", "surrogateescape")).hexdigest()[:32]


def digest_of_marks(root: Path, marks: Mapping[Path, tuple[int, int]]) -> str:
    """The files of a dataset and their times, as one word."""
    lines = sorted(f"{path.relative_to(root)}\0{size}\0{changed_ns}" for path, (size, changed_ns) in marks.items())
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def settings_for(path: Path, settings: Settings, requested_path: Path, requested: Settings) -> Settings:
    """`settings` for the dataset at `path`; some of those `requested` hold for that at `requested_path` alone."""
    own = requested if path_text(path) == path_text(requested_path) else Settings()
    return replace(
        settings,
        instrument=own.instrument,
        start=own.start,
        until=own.until,
        label=own.label,
        timezone=own.timezone,
        row=own.row,
    )


def resumable(before: Status | None, path: Path, settings: Settings) -> Resumed | str | None:
    """What status.json says can be resumed, why it cannot, or None where there is nothing to resume.

    The caller checks whether the dataset is still the same.
    """
    if before is None or before.resume is None or before.state not in _RESUMABLE:
        return None
    resume = before.resume
    if resume.wish != digest_of_request(path, settings):
        return "the dataset or the settings are not those of the last replay, so this replay starts from its beginning"
    try:
        bar_length(before.interval)
        row_height(before.row)
        session_start_ns(before.session_start)
        alerts = all_parsed(before.alerts)
        cvd_reset = one_of("cvd-reset", before.cvd_reset, CVD_RESETS)
    except SettingError:
        return None
    found = path_from(resume.path)
    then = replace(
        settings_for(found, settings, path, settings),
        interval=before.interval,
        obi_levels=before.obi_levels,
        cvd_reset=cvd_reset,
        session_start=before.session_start,
        row=before.row,
        alerts=alerts,
        speed=before.speed,
        instrument=before.instrument or None,
    )
    return Resumed(found, then, resume.event_ns, resume.paused, resume.loop_ns)

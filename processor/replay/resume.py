"""Coming back after a death: what status.json says a replay was doing, if that is still what is asked for."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from processor import settings as wanted
from processor.errors import SettingError
from processor.names import printable
from processor.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared import Status

_URI: Final = "file://"
_GOING: Final = ("loading", "playing", "paused")


@dataclass(frozen=True, slots=True)
class Resumed:
    """Where to go on: dataset, settings and event clock of then, whether it was paused, and the looped range."""

    path: Path
    settings: Settings
    at_ns: int
    paused: bool
    loop_ns: tuple[int, int] | None


def written(path: Path) -> str:
    """A dataset's path as status.json can hold it: as its URI where it is no Unicode."""
    name = str(path.resolve())
    return name if name == printable(name) else path.resolve().as_uri()


def path_of(name: str) -> Path:
    """The path that `written` has written so."""
    return Path(os.fsdecode(unquote_to_bytes(name.removeprefix(_URI)))) if name.startswith(_URI) else Path(name)


def digest_of_wish(path: Path, settings: Settings) -> str:
    """What was asked for on the command line, as one word."""
    return hashlib.sha256(f"{path.resolve()}\n{settings}".encode("utf-8", "surrogateescape")).hexdigest()[:32]


def digest_of_marks(root: Path, marks: Mapping[Path, tuple[int, int]]) -> str:
    """The files of a dataset and their times, as one word."""
    lines = sorted(f"{path.relative_to(root)}\0{size}\0{changed_ns}" for path, (size, changed_ns) in marks.items())
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def settings_for(path: Path, settings: Settings, asked_path: Path, asked: Settings) -> Settings:
    """`settings` for the dataset at `path`: what was asked for of the one at `asked_path` alone holds for that one."""
    own = asked if written(path) == written(asked_path) else Settings()
    return replace(settings, instrument=own.instrument, start=own.start, until=own.until, label=own.label)


def resumable(before: Status | None, path: Path, settings: Settings) -> Resumed | str | None:
    """What status.json says is to be gone on with, why it is not, or None where there is nothing to go on with.

    Whether the dataset is still the same is for the caller to see.
    """
    if before is None or before.resume is None or before.state not in _GOING:
        return None
    resume = before.resume
    if resume.wish != digest_of_wish(path, settings):
        return "the dataset or the settings are not those of the last replay, so this replay starts from its beginning"
    try:
        wanted.bar_length(before.interval)
        cvd_reset = wanted.one_of("cvd-reset", before.cvd_reset, wanted.CVD_RESETS)
    except SettingError:
        return None
    found = path_of(resume.path)
    then = replace(
        settings_for(found, settings, path, settings),
        interval=before.interval,
        obi_levels=before.obi_levels,
        cvd_reset=cvd_reset,
        speed=before.speed,
        instrument=before.instrument or None,
    )
    return Resumed(found, then, resume.event_ns, resume.paused, resume.loop_ns)

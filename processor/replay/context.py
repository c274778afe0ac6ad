"""What all sessions of a replay share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from processor.clock import WallClock
    from processor.replay.inbox import Inbox
    from processor.settings import Settings
    from processor.store.cache import Cache
    from shared import DirectoryWriter


class StopSignal:
    """Whether the replay is asked to stop (`requested`), and whether the next replay may resume it (`resumable`)."""

    def __init__(self) -> None:
        self.requested = False
        self.resumable = True


@dataclass(frozen=True, slots=True)
class ReplayContext:
    """What all sessions of a replay share.

    `path`, `requested` and `digest` are the dataset and the settings of the command line, and both in one word.
    `folders` are those whose datasets commands may choose. `inbox` is None where no commands are taken. `on_progress`
    gets the share of the files that is read while the replay is loading, 0 to 1, and None when it is not.
    `asked_views` returns the names of the views to write besides those that always are.
    """

    path: Path
    requested: Settings
    digest: str
    folders: tuple[Path, ...]
    writer: DirectoryWriter
    clock: WallClock
    stop: StopSignal
    cache: Cache | None
    inbox: Inbox | None
    on_progress: Callable[[float | None], None]
    asked_views: Callable[[], Collection[str]] = frozenset

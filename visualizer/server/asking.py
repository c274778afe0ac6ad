"""Tells the processor which views the open pages ask for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog

from shared import ON_REQUEST, WriteFailed, ask_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

_EVERY_S: Final = 2.0

_log = structlog.get_logger()


class Asking:
    """Asks for views in a control directory, each at most every two seconds; in none where that is None.

    Workers need not agree: a request says no more than that somebody wants the view.
    """

    def __init__(self, directory: Path | None, names: Collection[str] = ON_REQUEST) -> None:
        """Nothing is written before a page asks for one of the views `names`."""
        self._directory = directory
        self._names = names
        self._asked_s: dict[str, float] = {}
        self._failing = False

    def note(self, views: Iterable[str]) -> None:
        """A page asks for `views`; those that are always written need no request, and others are not asked for."""
        if self._directory is None:
            return
        now_s = time.monotonic()
        for name in views:
            if name in self._names and now_s - self._asked_s.get(name, -_EVERY_S) >= _EVERY_S:
                self._asked_s[name] = now_s
                self._ask(self._directory, name)

    def _ask(self, directory: Path, name: str) -> None:
        try:
            ask_for(directory, name)
        except WriteFailed as failure:
            if not self._failing:
                _log.warning("view_not_asked_for", view=name, reason=str(failure))
            self._failing = True
        else:
            self._failing = False

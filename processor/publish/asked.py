"""Which of the views that are not always written somebody wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processor.errors import SettingError
from processor.units import NS_PER_MS
from shared import ASKED_FOR_MS, ON_REQUEST, asked_ns

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from processor.clock import WallClock


def named_views(text: str, names: Collection[str] = ON_REQUEST) -> frozenset[str]:
    """The views that `text` names, with commas between; "all" is all of them.

    Raises:
        SettingError: one of them is no view that is written on request.
    """
    named = frozenset(word.strip() for word in text.split(",") if word.strip())
    if named == {"all"}:
        return frozenset(names)
    for name in sorted(named - {*names}):
        raise SettingError("views", name, f"all, or some of {', '.join(sorted(names))}")
    return named


class AskedViews:
    """The views that were named for good, and those asked for in a control directory until ten seconds ago.

    The time is the one that passes here since a request was first seen, as the clock of another machine may stand
    elsewhere. A request that is found at the start counts once.
    """

    def __init__(
        self,
        clock: WallClock,
        named: frozenset[str] = frozenset(),
        directory: Path | None = None,
        names: Collection[str] = ON_REQUEST,
    ) -> None:
        """Look into control directory `directory`, None for nowhere, for the views `names`."""
        self._clock = clock
        self._named = named
        self._directory = directory
        self._names = names
        self._seen_ns: dict[str, int | None] = {}
        self._until_ns: dict[str, int] = {}

    def __call__(self) -> frozenset[str]:
        """Their names now."""
        if self._directory is None:
            return self._named
        now_ns = self._clock.monotonic_ns()
        for name in self._names:
            touched_ns = asked_ns(self._directory, name)
            if touched_ns is not None and touched_ns != self._seen_ns.get(name):
                self._seen_ns[name] = touched_ns
                self._until_ns[name] = now_ns + ASKED_FOR_MS * NS_PER_MS
        return self._named | {name for name, until_ns in self._until_ns.items() if now_ns < until_ns}

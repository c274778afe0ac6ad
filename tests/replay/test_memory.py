"""What a replay holds on to: commands of all kinds leave nothing behind, without waiting for the garbage collector."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from processor.core.engine import Engine
from processor.replay.playback import Playback
from processor.replay.session import Session
from tests.core.markets import write
from tests.replay.steered import Steered
from tests.replay.test_switching import later

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def no_collector() -> Iterator[None]:
    """Without what looks for cycles: it counts objects and not their bytes, and so may come late."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def held() -> list[object]:
    return [each for each in gc.get_objects() if isinstance(each, Engine | Playback | Session)]


def test_a_session_that_is_over_is_not_held_and_neither_is_an_engine_that_is_shown_no_more(tmp_path: Path) -> None:
    datasets = [write(tmp_path / name, *later(days)) for days, name in enumerate(("one", "two"))]
    commands: list[tuple[str, dict[str, Any]]] = [
        *(("dataset", {"dataset": str(datasets[at % 2])}) for at in (1, 2, 3)),
        *(("seek", {"fraction": share}) for share in (0.9, 0.2)),
        *(("interval", {"interval": length}) for length in ("7s", "1m")),
        ("step", {"unit": "bar", "count": -1}),
        ("dataset", {"dataset": str(tmp_path / "none")}),
    ]
    with Steered(datasets[0], tmp_path) as steered, no_collector():
        before = held()
        for action, arguments in commands:
            steered.do(action, **arguments)
        known = {id(each) for each in before}
        new = sorted(type(each).__name__ for each in held() if id(each) not in known)
        assert new == ["Engine", "Playback", "Session"]

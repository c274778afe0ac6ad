"""Comparisons with a slow reference that are not made again while nothing that they depend on has changed.

What was compared is named by its content: the data, what was made of it, and the sources of the reference, of what
hands the data to it, and of the test. `passed.txt` lists the names of those that passed. `PASSED=again` compares all;
`PASSED=keep` does, and adds what passed to the list.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests import reference
from tests.formats import reading

if TYPE_CHECKING:
    from collections.abc import Callable

_LIST: Final = Path(__file__).with_suffix(".txt")
_SOURCES: Final = (Path(reference.__file__), Path(reading.__file__))
_HOW: Final = os.environ.get("PASSED", "")


def once(compare: Callable[[], None], *of: bytes | str | Path) -> None:
    """Call `compare` unless it has passed with the same contents: of files where a path is given."""
    digest = hashlib.sha256()
    for each in (*_SOURCES, *of):
        content = each.read_bytes() if isinstance(each, Path) else each.encode() if isinstance(each, str) else each
        digest.update(len(content).to_bytes(8, "little") + content)
    name = digest.hexdigest()
    if not _HOW and name in _LIST.read_text(encoding="utf-8").split():
        return
    compare()
    if _HOW == "keep":
        # One write of a whole line: several processes share the tests.
        with _LIST.open("a", encoding="utf-8") as kept:
            kept.write(f"{name}\n")

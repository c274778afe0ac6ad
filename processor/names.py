"""File names in a form that can be shown, and in a form that libraries can open."""

from __future__ import annotations

import tempfile
import unicodedata
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPED_BYTES: Final = "\udc80", "\udcff"
"""The range of characters that Python uses for bytes of a name that are not valid Unicode."""
_PATTERN: Final = frozenset("*?[")


def printable(text: str) -> str:
    r"""`text` in printable characters; a byte that is not valid Unicode becomes `\xe9`."""
    return text if text.isprintable() else "".join(map(_shown, text))


def printable_lines(text: str) -> str:
    """`printable` for each line of a text."""
    return "\n".join(map(printable, text.split("\n")))


def _shown(letter: str) -> str:
    if letter.isprintable() or unicodedata.category(letter) == "Zs":
        return letter
    if _ESCAPED_BYTES[0] <= letter <= _ESCAPED_BYTES[1]:
        return f"\\x{ord(letter) & 0xFF:02x}"
    return repr(letter)[1:-1] if letter.isascii() else letter.encode("ascii", "backslashreplace").decode()


@contextmanager
def openable(path: Path) -> Iterator[Path]:
    """The file under a name that Polars can open: a link if the name is not ASCII, or contains pattern characters."""
    name = str(path)
    if name.isascii() and _PATTERN.isdisjoint(name):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="processor-") as folder:
        link = Path(folder, "content")
        link.symlink_to(path.absolute())
        yield link

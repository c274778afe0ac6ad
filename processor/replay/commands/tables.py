"""The commands as tables: the help of `processor control`, and those of docs/, which this module rewrites.

`python -m processor.replay.commands.tables` writes them into docs/control.md and docs/commands.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from processor.replay.commands.registry import COMMANDS, as_word

if TYPE_CHECKING:
    from processor.replay.commands.base import Form

_DOCS: Final = Path(__file__).resolve().parents[3] / "docs"
_ROW_OF_HELP: Final = "{:<14}{:<30}{}"


def help_table() -> str:
    """A line for each form of each command: action, words, effect."""
    rows = [(as_word(action), form.words, form.effect) for action, form in _forms()]
    return "\n".join(_ROW_OF_HELP.format(*row) for row in [("ACTION", "WORDS", "what it does"), *rows])


def arguments_table() -> str:
    """The table of docs/control.md: the arguments of each action in the control file."""
    rows = [(f"`{action}`", form.arguments or "none", form.effect) for action, form in _forms()]
    return _markdown(("`action`", "arguments", "what it does"), rows)


def words_table() -> str:
    """The table of docs/commands.md: the words of each action on the command line."""
    rows = [(f"`{as_word(action)}`", form.words and f"`{form.words}`", form.effect) for action, form in _forms()]
    return _markdown(("ACTION", "WORDS", "what it does"), rows)


PAGES: Final = {_DOCS / "control.md": arguments_table, _DOCS / "commands.md": words_table}
"""Per page the table of the commands that stands in it."""


def replaced(page: str, table: str) -> str:
    """`page` with `table` in the place of the one that has the same head."""
    head = re.escape(table.partition("\n")[0])
    return re.sub(rf"^{head}\n(\|.*\n)*", lambda _: table, page, flags=re.MULTILINE)


def main() -> None:
    """Rewrite the table of each page."""
    for path, table in PAGES.items():
        path.write_text(replaced(path.read_text(), table()))


def _forms() -> list[tuple[str, Form]]:
    return [(action, form) for action, entry in COMMANDS.items() for form in entry.forms]


def _markdown(head: tuple[str, str, str], rows: list[tuple[str, str, str]]) -> str:
    lines = [head, ("---",) * 3, *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    main()

"""docs/architecture.md is true: it names every room, and rooms import only what stands below them in its table."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = (ROOT / "docs/architecture.md").read_text()


def rooms_of_the_processor() -> list[str]:
    """The processor's rooms in the order of the first table, from the top."""
    table = PAGE.partition("| room |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `processor/(\w+)/` \|", table, re.MULTILINE)


def imported_rooms(path: Path) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
    return {module.split(".")[1] for module in modules if module.startswith("processor.")}


def test_every_room_is_named() -> None:
    packages = [path.parent for top in ("processor", "visualizer") for path in (ROOT / top).glob("*/**/__init__.py")]
    names = [str(path.relative_to(ROOT)) for path in packages]

    assert len(names) > 10
    assert [name for name in names if f"`{name.replace('processor/formats/', 'formats/')}/`" not in PAGE] == []


def test_a_room_imports_only_rooms_below_it() -> None:
    rooms = rooms_of_the_processor()
    assert {"cli", "formats", "core"} <= set(rooms)
    upwards = [
        f"{path.relative_to(ROOT)} imports {other}"
        for rank, room in enumerate(rooms)
        for path in (ROOT / "processor" / room).rglob("*.py")
        for other in imported_rooms(path) & set(rooms[:rank])
    ]

    assert upwards == []


def test_every_path_on_the_page_exists() -> None:
    paths = set(re.findall(r"`((?:processor|visualizer|shared|tests|docs)/[\w/.]+)`", PAGE))

    assert len(paths) > 20
    assert [path for path in sorted(paths) if "NAME" not in path and not (ROOT / path).exists()] == []

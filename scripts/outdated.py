"""`make outdated`: which pinned dependency has a newer release. Reads the JSON of `pip list --outdated`."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parent.parent
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_NAME: Final = re.compile(r"^[A-Za-z0-9._-]+")


def main() -> int:
    """List them: those that pyproject.toml names first, with the range that it allows."""
    found = {_plain(each["name"]): each["latest_version"] for each in json.load(sys.stdin)}
    newer = sorted(set(found) & set(pins := _pinned()), key=lambda name: (name not in _named(), name))
    for name in newer:
        note = _named().get(name, "needed by others")
        print(f"{name:28} {pins[name]:14} -> {found[name]:14} {note}")
    print(f"{len(newer)} of {len(pins)} pinned packages have a newer release" if newer else "nothing is outdated")
    if newer:
        print("requirements/compile.sh pins the newest that pyproject.toml allows")
    return 0


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pinned() -> dict[str, str]:
    """Name and version of all packages that requirements/ pins."""
    texts = [path.read_text() for path in sorted((_ROOT / "requirements").glob("*.txt"))]
    return {_plain(name): version for text in texts for name, version in _PIN.findall(text)}


def _named() -> dict[str, str]:
    """What pyproject.toml says of each package that it names."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *(each for group in project["optional-dependencies"].values() for each in group)]
    return {_plain(found[0]): each for each in named if (found := _NAME.match(each))}


if __name__ == "__main__":
    sys.exit(main())

"""What the page's scripts hand to each other: every name is one that somebody else takes."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

_SCRIPTS = {path.name: path.read_text() for path in sorted((ROOT / "visualizer/assets").glob("*.js"))}
_TESTS = {str(path): path.read_text() for path in sorted((ROOT / "tests/browser").glob("*.py"))}
_HANDED = re.compile(r"^  orderflow\.(\w+) = \{(.*?)\};$", re.DOTALL | re.MULTILINE)


def exported() -> list[tuple[str, str, str]]:
    """Script, room on the one global, and name of everything that a script hands out."""
    found = []
    for script, text in _SCRIPTS.items():
        for room, names in _HANDED.findall(text):
            entries = re.findall(r"(?:^|,|\n)\s*(\w+)(?=\s*(?:,|:|$))", re.sub(r": [^,\n]+", "", names))
            found += [(script, room, name) for name in entries]
    return found


def taken(room: str, name: str, text: str) -> bool:
    """Whether a text takes `orderflow.room.name`, or unpacks it: `const { name } = orderflow.room`."""
    text = re.sub(r"\s*\n\s*\.", ".", text)
    unpacked = re.findall(rf"\{{([^{{}}]*)\}} = orderflow\.{room}\b", text)
    return bool(re.search(rf"\b{room}\.{name}\b", text)) or any(re.search(rf"\b{name}\b", part) for part in unpacked)


def test_the_names_that_scripts_hand_out_are_found() -> None:
    assert {("chart.js", "chart", "AXES"), ("steer.js", "steer", "reason"), ("when.js", "when", "parse")} <= {
        *exported()
    }


@pytest.mark.parametrize(("script", "room", "name"), exported())
def test_every_name_that_a_script_hands_out_is_taken_by_another_one_or_by_a_test(
    script: str, room: str, name: str
) -> None:
    others = {other: text for other, text in (_SCRIPTS | _TESTS).items() if other != script}
    assert any(taken(room, name, text) for text in others.values())

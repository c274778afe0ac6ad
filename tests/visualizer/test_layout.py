from __future__ import annotations

import json
import re

import pytest

from processor.errors import SettingError
from processor.settings import bar_length, speed
from shared import STALE_AFTER_MS
from tests.conftest import ROOT
from visualizer.components.header import VIEWS
from visualizer.components.keys import KEYS
from visualizer.components.layout import LIMITS, layout
from visualizer.server.settings import Settings

_PAGE = (ROOT / "docs/page.md").read_text()


@pytest.mark.parametrize(
    ("key", "meaning"),
    [entry for group, keys in KEYS if group in {"Replay", "Page", "Drawing by keys"} for entry in keys],
)
def test_every_key_is_documented(key: str, meaning: str) -> None:
    rows = [line for line in _PAGE.splitlines() if line.startswith("| `")]
    names = [name for name in re.split(r"[ +]+", key) if name]
    assert any(all(f"`{name}`" in row for name in names) and (meaning in row or key == "?") for row in rows)


def test_the_page_is_told_the_numbers_that_its_own_tests_work_with() -> None:
    told = getattr(layout(Settings()), "data-limits")
    assert json.loads(told) == json.loads((ROOT / "tests/page/limits.json").read_text())


def test_what_the_page_is_told_is_what_the_processor_accepts() -> None:
    assert LIMITS["stale_after_ms"] == STALE_AFTER_MS
    for text in (*LIMITS["intervals"], *LIMITS["activities"]):
        assert bar_length(text)
    for text in LIMITS["speeds"]:
        assert speed(text) or text == "max"
    for factor, bound in ((0.99, LIMITS["min_speed"]), (1.01, LIMITS["max_speed"])):
        assert speed(str(bound)) == bound
        with pytest.raises(SettingError):
            speed(str(factor * bound))
    assert bar_length(f"{LIMITS['max_interval_ms']}ms")
    with pytest.raises(SettingError):
        bar_length(f"{LIMITS['max_interval_ms'] + 1}ms")


def test_no_script_names_a_number_that_the_page_is_told() -> None:
    scripts = {path.name: path.read_text() for path in ROOT.glob("visualizer/page/**/*.js")}
    names = re.compile(
        r"\b(?:STALE|GONE)_AFTER_MS\b|\b(?:LONGEST|LARGEST)_MS\b|\b604_?800_?000\b|[<>]= ?10_?000\b|[<>]= ?0\.1\b"
    )
    assert [name for name, text in scripts.items() if names.search(text)] == []


def test_the_views_of_the_header_are_the_presets_as_the_page_calls_them() -> None:
    script = (ROOT / "visualizer/page/options.js").read_text()
    labels = re.search(r"LABELS = Object\.freeze\(\{(.*)\}\)", script)
    assert labels
    assert dict(re.findall(r'(\w+): "([^"]+)"', labels[1])) == VIEWS

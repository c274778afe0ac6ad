from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from visualizer.components.layout import KEYS

_PAGE = (ROOT / "docs/page.md").read_text()


@pytest.mark.parametrize(
    ("key", "meaning"), [entry for group, keys in KEYS if group in {"Replay", "Page"} for entry in keys]
)
def test_every_key_is_documented(key: str, meaning: str) -> None:
    rows = [line for line in _PAGE.splitlines() if line.startswith("| `")]
    names = [name for name in re.split(r"[ +]+", key) if name]
    assert any(all(f"`{name}`" in row for name in names) and (meaning in row or key == "?") for row in rows)

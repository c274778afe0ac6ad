"""The words of the page and those of the documentation are the same."""

from __future__ import annotations

import json

from tests.conftest import ROOT
from visualizer.components import words
from visualizer.components.layout import layout
from visualizer.server.settings import Settings


def test_the_page_is_told_the_words_that_the_documentation_lists() -> None:
    told = json.loads(getattr(layout(Settings()), "data-words"))
    assert told == words.WORDS
    assert (ROOT / "docs/words.md").read_text().endswith(words.table()), "python -m visualizer.components.words"


def test_what_the_read_out_and_the_statistics_say_has_a_meaning() -> None:
    """Their labels stand in the page's modules."""
    known = {word.lower() for word in words.WORDS}
    shown = ("O", "H", "L", "C", "V", "Δ", "OBI", "CVD", "VWAP line", "Delta %", "Max delta", "POC", "VAH", "VAL")
    assert {name for name in shown if name.lower() not in known} == set()

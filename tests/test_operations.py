"""The settings of docker-compose.yml and of the Makefile against the programs' own, and against the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from processor.cli.main import known_variables
from visualizer.server.settings import PREFIX, Settings

ROOT: Final = Path(__file__).resolve().parent.parent
COMPOSE: Final = (ROOT / "docker-compose.yml").read_text()
DOCUMENTED: Final = (ROOT / "docs/operations.md").read_text()

REPLAYED: Final = known_variables() - {
    "PROCESSOR_OUT",  # where the container mounts it
    "PROCESSOR_HOURS",  # the demo's own
    "PROCESSOR_SEED",
    "PROCESSOR_EVENTS",
}
SHOWN: Final = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("name", sorted(REPLAYED | SHOWN))
def test_every_option_reaches_its_container(name: str) -> None:
    assert re.search(rf"^      {name}: ", COMPOSE, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))))
def test_everything_that_compose_reads_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCUMENTED


def test_every_target_of_the_makefile_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    for target in phony[1].split():
        assert re.search(rf"^{target}:.*## \w", makefile, re.MULTILINE), target

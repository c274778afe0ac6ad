"""The settings of docker-compose.yml and of the Makefile against the programs' own, and against the documentation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
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


def test_the_visualizer_is_told_of_the_address_that_it_is_published_at() -> None:
    published = re.search(r"VISUALIZER_PUBLISHED: (\S+)\n", COMPOSE)
    ports = re.search(r"- (\S+?):\$\{VISUALIZER_PORT:-8050\}:8050\n", COMPOSE)
    assert published
    assert ports
    assert published[1] == ports[1] == "${VISUALIZER_HOST:-127.0.0.1}"


def test_every_target_of_the_makefile_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    for target in phony[1].split():
        assert re.search(rf"^{target}:.*## \w", makefile, re.MULTILINE), target


def test_of_the_packages_with_a_newer_release_the_pinned_ones_are_listed_and_those_we_name_come_first() -> None:
    listed = [
        {"name": name, "version": "0", "latest_version": "99.0"}
        for name in ("annotated_types", "no-package-of-ours", "Msgspec")
    ]
    command = [sys.executable, str(ROOT / "scripts/outdated.py")]
    said = subprocess.run(command, input=json.dumps(listed), check=True, capture_output=True, text=True).stdout

    first, second, summary, _ = said.splitlines()
    assert re.fullmatch(r"msgspec +\S+ +-> 99\.0 +msgspec>=.*", first)
    assert re.fullmatch(r"annotated-types +\S+ +-> 99\.0 +needed by others", second)
    assert re.fullmatch(r"2 of \d+ pinned packages have a newer release", summary)
    nothing = subprocess.run(command, input="[]", check=True, capture_output=True, text=True).stdout
    assert nothing == "nothing is outdated\n"

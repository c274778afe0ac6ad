"""The engine, the images and the dataset that the container tests share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.containers.stack import ROOT, Stack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def engine() -> None:
    """A Docker engine with Compose; REQUIRE_DOCKER=1 insists on it."""
    for command in (["docker", "info"], ["docker", "compose", "version"]):
        if shutil.which("docker") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            if os.environ.get("REQUIRE_DOCKER") == "1":
                pytest.fail(f"REQUIRE_DOCKER=1, and '{' '.join(command)}' does not answer")
            pytest.skip("no Docker engine with Compose here; REQUIRE_DOCKER=1 makes this a failure")


@pytest.fixture(scope="session")
def images(engine: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Both images, built from this checkout."""
    Stack(tmp_path_factory.mktemp("build"), {}).compose("build")


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small dataset that any uid may read."""
    folder = tmp_path_factory.mktemp("dataset") / "small-market"
    command = [sys.executable, "-m", "processor", "demo", "--out", str(folder), "--events", "50000"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder

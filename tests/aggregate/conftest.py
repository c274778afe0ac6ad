"""Recordings that many tables are made of, each converted once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from processor.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def converted(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder of the shared data in the project's own layout."""
    known: dict[str, Path] = {}

    def store(folder: str) -> Path:
        if folder not in known:
            out = tmp_path_factory.mktemp("converted") / "store"
            done = CliRunner().invoke(app, ["convert", str(shared_data / folder), "--out", str(out)])
            assert done.exit_code == 0, done.output
            known[folder] = out
        return known[folder]

    return store

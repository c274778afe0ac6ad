"""What docs/control.md prints is run as it is printed, against a real processor over recorded data."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROOT: Final = Path(__file__).resolve().parent.parent
_DOCUMENTED: Final = (_ROOT / "docs/control.md").read_text()
_MINUTE_MS: Final = 60_000


class Checkout:
    """A folder whose `data` a paused processor replays into, as the examples have it."""

    def __init__(self, folder: Path, dataset: Path) -> None:
        self.folder = folder
        # The commands as they are installed beside this Python.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        clean = {
            name: value for name, value in os.environ.items() if name == "PROCESSOR_CACHE" or "PROCESSOR_" not in name
        }
        self.environment = clean | {"PATH": path, "PYTHONPATH": str(_ROOT)}
        replay = [
            "replay",
            str(dataset),
            "--out",
            "data/ipc",
            "--control",
            "data/control",
            "--interval",
            "1m",
            "--paused",
        ]
        self.processor = subprocess.Popen(
            [sys.executable, "-m", "processor", *replay, "--interval", "1m"],
            cwd=folder,
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )

    def run(self, *command: str) -> str:
        """What a command that succeeds prints."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def until(self, reached: Callable[[dict[str, Any]], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not reached(status := self.status()):
            assert self.processor.poll() is None, "the processor has ended"
            assert time.monotonic() < deadline, status
            time.sleep(0.02)

    def status(self) -> dict[str, Any]:
        with suppress(FileNotFoundError):
            found: dict[str, Any] = json.loads((self.folder / "data/ipc/status.json").read_bytes())
            return found
        return {"state": "missing"}


@pytest.fixture(scope="module")
def checkout(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """Eleven minutes across a midnight, with the moment in it that the examples name."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"), shared_data / "binance-raw/btcusdt")
    try:
        checkout.until(lambda status: status["state"] == "paused" and status["cache"] == "complete")
        yield checkout
    finally:
        checkout.processor.terminate()
        checkout.processor.wait(PATIENCE_S)


def printed(language: str) -> str:
    """The one block of a language that writes or reads the files."""
    blocks = re.findall(rf"```{language}\n(.*?)```", _DOCUMENTED, re.DOTALL)
    return str(next(block for block in blocks if "data/" in block))


def test_the_notebook_example_goes_on_bar_by_bar_and_reads_what_each_shows(
    checkout: Checkout, shared_data: Path
) -> None:
    with gzip.open(shared_data / "expected/binance-btcusdt_60s_obi10.json.gz") as file:
        expected = json.load(file)["metrics"]
    checkout.run("processor", "control", "data/control", "seek", "0%")
    shown = [line.split() for line in checkout.run(sys.executable, "-c", printed("python")).splitlines()]
    for (clock_ms, obi_close, cvd_close), bar in zip(shown, expected[:10], strict=True):
        assert int(clock_ms) == bar[0] + _MINUTE_MS - 1
        assert float(obi_close) == pytest.approx(bar[4], rel=0, abs=1e-12)
        assert float(cvd_close) == bar[8]


def test_the_commands_are_carried_out(checkout: Checkout) -> None:
    commands = re.findall(r"^    (processor control data/.*)$", _DOCUMENTED, re.MULTILINE)
    said = [checkout.run(*shlex.split(command)) for command in commands]
    assert said[-1].startswith("paused at 2024-08-09T00:00:59.999Z: BTCUSDT 1m")


def test_a_line_of_shell_pauses_the_replay(checkout: Checkout) -> None:
    checkout.run("processor", "control", "data/control", "play")
    assert checkout.status()["state"] == "playing"
    checkout.run("sh", "-c", printed("sh"))
    checkout.until(lambda status: bool(status["state"] == "paused"))

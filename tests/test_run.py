"""What `make run` starts: the two real processes, without Docker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil
import pytest

from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

ROOT: Final = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


class Run:
    """One `scripts/run.py` with everything it started."""

    def __init__(self, dataset: Path, ipc: Path, log: Path) -> None:
        self.port = free_port()
        self.ipc = ipc
        self.log = log
        environment = os.environ | {
            "DATASET": str(dataset),
            "SPEED": "20",
            "VISUALIZER_IPC_DIR": str(ipc),
            "VISUALIZER_PORT": str(self.port),
        }
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "scripts/run.py"], cwd=ROOT, env=environment, stdout=output, stderr=output
            )

    def family(self) -> list[psutil.Process]:
        found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return found

    def one(self, module: str) -> psutil.Process:
        """The first of the processes that runs `module`."""
        return next(process for process in self.family() if module in process.cmdline())

    def status(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.ipc / "status.json").read_bytes())
        except FileNotFoundError:
            return {}
        return found

    def is_served(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:  # refused, reset, or accepted by a server that is still starting
            return False

    def wait_until(self, what: str, holds: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > deadline_s or self.process.poll() is not None:
                pytest.fail(f"not within {PATIENCE_S} s: {what}\n{self.log.read_text()}")
            time.sleep(0.1)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "small-market"
    command = [sys.executable, "-m", "processor", "demo", "--out", str(folder), "--events", "50000"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture
def run(dataset: Path, tmp_path: Path) -> Generator[Run]:
    started = Run(dataset, tmp_path / "ipc", tmp_path / "log")
    try:
        started.wait_until("both work", lambda: started.is_served() and started.status().get("state") == "playing")
        yield started
    finally:
        if started.process.poll() is None:
            started.process.send_signal(signal.SIGTERM)
            started.process.wait(PATIENCE_S)


def test_one_interrupt_ends_both_and_counts_as_success(run: Run) -> None:
    family = run.family()
    assert len(family) >= 3
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(PATIENCE_S) == 0
    assert psutil.wait_procs(family, timeout=PATIENCE_S)[1] == []
    assert f"http://127.0.0.1:{run.port}" in run.log.read_text()
    assert "Traceback" not in run.log.read_text()


def test_the_page_steers_the_processor(run: Run) -> None:
    # An instrument that is not there: whoever replays refuses it, and nothing changes.
    body = json.dumps({"action": "instrument", "instrument": "NOPE"}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{run.port}/control", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own loopback address
        sent = json.load(answer)["id"]
    assert (run.ipc.with_name("control") / "control.json").exists()
    run.wait_until("it is answered", lambda: run.status()["control"]["last_id"] == sent)
    assert "NOPE" in run.status()["control"]["error"]


@pytest.mark.parametrize("module", ["processor", "visualizer"])
def test_when_one_dies_the_other_is_ended_and_the_exit_code_says_so(run: Run, module: str) -> None:
    family = run.family()
    victim = {"processor": "processor", "visualizer": "gunicorn"}[module]
    run.one(victim).kill()
    assert run.process.wait(PATIENCE_S) == 128 + signal.SIGKILL
    assert psutil.wait_procs(family, timeout=PATIENCE_S)[1] == []
    assert f"the {module} ended by itself" in run.log.read_text()


def test_a_refused_setting_ends_both_with_the_reason(dataset: Path, tmp_path: Path) -> None:
    environment = os.environ | {"DATASET": str(dataset), "SPEED": "fast", "VISUALIZER_IPC_DIR": str(tmp_path / "ipc")}
    ended = subprocess.run(
        [sys.executable, "scripts/run.py"],
        cwd=ROOT,
        env=environment | {"VISUALIZER_PORT": str(free_port())},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ended.returncode == 1
    assert "invalid speed 'fast': expected" in ended.stderr

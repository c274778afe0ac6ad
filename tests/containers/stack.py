"""The real containers as `docker compose up` starts them; a stack has a directory, a port and a volume of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

ROOT: Final = Path(__file__).resolve().parents[2]
_TAG: Final = "tests"
_IFA_F_TENTATIVE: Final = 0x40


class Stack:
    """One Compose project."""

    def __init__(self, ipc: Path, settings: dict[str, str]) -> None:
        self.ipc = ipc
        self.control = ipc.with_name(f"{ipc.name}-control")
        self.project = f"orderflow-test-{uuid.uuid4().hex[:8]}"
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.environment = _clean_environment() | {
            "IMAGE_TAG": _TAG,
            "IPC_DIR": str(ipc),
            "CONTROL_DIR": str(self.control),
            "VISUALIZER_PORT": str(self.port),
            **settings,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def compose(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = ["docker", "compose", "--project-name", self.project, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=600
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done

    def up(self) -> None:
        self.compose("up", "--detach", "--no-build")

    def down(self, *options: str) -> None:
        self.compose("down", *options)

    def logs(self, service: str) -> str:
        return self.compose("logs", "--no-color", "--no-log-prefix", service).stdout

    def inside(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """What a command does in the service's container, as root with the container's own limits."""
        return self.compose("exec", "--no-TTY", service, *command, check=False)

    def status(self) -> dict[str, Any]:
        """status.json as it is on disk; empty before the first."""
        try:
            found: dict[str, Any] = json.loads((self.ipc / "status.json").read_bytes())
        except FileNotFoundError:
            return {}
        return found

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 - our own loopback address
            body: bytes = answer.read()
        return body

    def is_served(self) -> bool:
        """Whether the page can be opened: Chromium drops what it is loading when an interface gets its address."""
        return self.get("/health") != b"" and not _is_address_tried_out()

    def identity(self, service: str) -> dict[str, str]:
        """What the kernel says of the service's first process."""
        text = self.inside(service, "cat", "/proc/1/status").stdout
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def uids(self, service: str) -> set[str]:
        """Who runs the service's processes, all of them."""
        container = self.compose("ps", "--quiet", service).stdout.strip()
        listing = subprocess.run(
            ["docker", "top", container, "-eo", "pid,uid"], capture_output=True, text=True, check=True
        ).stdout
        return {line.split()[1] for line in listing.splitlines()[1:]}

    def health(self, service: str) -> str:
        return self._inspected(service, "{{.State.Health.Status}}")

    def pid(self, service: str) -> int:
        """The process id outside of the container of the service's first process."""
        return int(self._inspected(service, "{{.State.Pid}}"))

    def _inspected(self, service: str, wanted: str) -> str:
        container = self.compose("ps", "--quiet", service).stdout.strip()
        command = ["docker", "inspect", "--format", wanted, container]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def wait_until(self, what: str, holds: Callable[[], bool], every_s: float = 0.25) -> None:
        """Look every so many seconds until it holds; where it never does, fail with the logs of both."""
        deadline_s = time.monotonic() + PATIENCE_S

        def holds_by_now() -> bool:
            # A port is open before anybody behind it answers.
            try:
                return holds()
            except OSError:
                return False

        while not holds_by_now():
            if time.monotonic() > deadline_s:
                logs = self.compose("logs", "--no-color", check=False).stdout
                pytest.fail(f"not within {PATIENCE_S} s: {what}\n{self.compose('ps').stdout}\n{logs}")
            time.sleep(every_s)

    def wait_until_moving(self) -> None:
        """Until the event time of one session has gone on."""
        first: dict[str, int] = {}

        def is_moving() -> bool:
            status = self.status()
            now_ms = status.get("event_time_ms")
            return now_ms is not None and now_ms > first.setdefault(status["session"], now_ms)

        self.wait_until("the event time goes on", is_moving, every_s=0.05)


def _is_address_tried_out() -> bool:
    """Whether an interface, such as that of a container just started, has an IPv6 address that is not yet in use."""
    listed = Path("/proc/net/if_inet6")
    lines = listed.read_text().splitlines() if listed.exists() else []
    return any(int(line.split()[4], 16) & _IFA_F_TENTATIVE for line in lines)


def _clean_environment() -> dict[str, str]:
    ours = ("PROCESSOR_", "VISUALIZER_", "COMPOSE_")
    short = ("DATASET", "SPEED", "INTERVAL")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours) and name not in short}


@contextmanager
def running(ipc: Path, **settings: str) -> Generator[Stack]:
    """A stack that is up, and gone afterwards with its volume."""
    stack = Stack(ipc, settings)
    try:
        stack.up()
        yield stack
    finally:
        stack.down("--volumes", "--timeout", "5")

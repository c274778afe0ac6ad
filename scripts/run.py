"""Runs the processor and the visualizer as two processes; ends both when one ends or when it is told to end itself.

DATASET, SPEED and INTERVAL are short for PROCESSOR_DATASET, PROCESSOR_SPEED and PROCESSOR_INTERVAL; every other
PROCESSOR_* and VISUALIZER_* variable reaches its process as it is. Commands travel in `control`, beside the IPC
directory, unless VISUALIZER_CONTROL_DIR names another place. Exits with 0 when told to end, otherwise with the exit
code of the process that ended by itself (128 + the signal's number where one ended it).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType

_ROOT: Final = Path(__file__).resolve().parent.parent
_SHORT: Final = ("DATASET", "SPEED", "INTERVAL")
_GRACE_S: Final = 15
_STOPPED: Final = 0


def main() -> int:
    """Start both, wait for whatever comes first, end what still runs."""
    environment = _environment()
    directory = environment["VISUALIZER_IPC_DIR"]
    Path(directory).mkdir(parents=True, exist_ok=True)
    commands = {
        "processor": ["sh", str(_ROOT / "scripts/replay.sh"), str(_ROOT / "data/demo"), directory],
        "visualizer": [sys.executable, "-m", "visualizer"],
    }
    told_to_end = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # Blocked rather than handled: `sigwait` below takes whichever comes, even while the processes are being started.
    signal.pthread_sigmask(signal.SIG_BLOCK, {*told_to_end, signal.SIGCHLD})
    for number in (*told_to_end, signal.SIGCHLD):
        signal.signal(number, _nothing)
    running = {name: _start(command, environment) for name, command in commands.items()}
    host, port = environment["VISUALIZER_HOST"], environment["VISUALIZER_PORT"]
    print(f"\n  http://{host}:{port}    Ctrl-C ends it\n", flush=True)
    told = signal.SIGTERM
    try:
        while not (ended := {name: process for name, process in running.items() if process.poll() is not None}):
            heard = signal.sigwait({*told_to_end, signal.SIGCHLD})
            if heard in told_to_end:
                # The processor minds whether somebody has ended it by hand.
                told = signal.SIGINT if heard == signal.SIGINT else signal.SIGTERM
                return _STOPPED
    finally:
        _end(list(running.values()), told)
    name, process = next(iter(ended.items()))
    code = _exit_code(name, process)
    print(f"the {name} ended by itself with exit code {code}; the other was ended too", file=sys.stderr)
    return code


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    for name in _SHORT:
        if value := environment.pop(name, ""):
            environment[f"PROCESSOR_{name}"] = value
    if dataset := environment.get("PROCESSOR_DATASET"):
        environment["PROCESSOR_DATASET"] = str(Path(dataset).expanduser().absolute())
    environment.setdefault("VISUALIZER_IPC_DIR", str(_ROOT / "data/ipc"))
    environment.setdefault("VISUALIZER_CONTROL_DIR", str(Path(environment["VISUALIZER_IPC_DIR"]).with_name("control")))
    environment.setdefault("PROCESSOR_CONTROL", str(Path(environment["VISUALIZER_CONTROL_DIR"]).absolute()))
    environment.setdefault("VISUALIZER_HOST", "127.0.0.1")
    environment.setdefault("VISUALIZER_PORT", "8050")
    return environment | {"PYTHON": sys.executable}


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own: the terminal's Ctrl-C reaches this program alone, which then ends both in good order.
    return subprocess.Popen(
        command,
        cwd=_ROOT,
        env=environment,
        start_new_session=True,
        preexec_fn=_unblock,  # noqa: PLW1509
    )


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


def _nothing(_signal: int, _frame: FrameType | None) -> None:
    """Make a signal one that can be waited for: an ignored one is dropped even while it is blocked."""


def _end(processes: list[subprocess.Popen[bytes]], told: signal.Signals) -> None:
    """Ask each to end; whoever is still there after the grace period is killed with its children."""
    for process in processes:
        process.send_signal(told)
    for process in processes:
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _exit_code(name: str, process: subprocess.Popen[bytes]) -> int:
    code = process.returncode
    if code < 0:
        return 128 - code
    # A replay may end (--at-end exit); a server has no reason to.
    return code if name == "processor" else code or 1


if __name__ == "__main__":
    sys.exit(main())

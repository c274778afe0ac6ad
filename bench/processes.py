"""The project's own programs as a user starts them, and what becomes of them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import psutil

from processor.cli.main import known_variables
from shared import DATA_FILES, STATUS_FILE, ContractError, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from shared import Status

ROOT: Final = Path(__file__).resolve().parent.parent
_CACHE: Final = "PROCESSOR_CACHE"
CACHES: Final = _CACHE in known_variables()
"""Whether the processor keeps what it has read of a vendor's files."""
_PATIENCE_S: Final = 120.0
_LOOK_AGAIN_S: Final = 0.002
_LOOK_NOW_AND_THEN_S: Final = 0.05


class NotServed(Exception):
    """A program did not come up, or ended too early."""


def run(*arguments: str, **environment: str) -> float:
    """Run `python -m ARGUMENTS` to its end; return the seconds it took, its start included.

    Raises:
        NotServed: it failed; its output is the message.
    """
    begun = time.perf_counter()
    ended = subprocess.run(
        _command(arguments), cwd=ROOT, env=_environment(environment), capture_output=True, text=True, check=False
    )
    if ended.returncode:
        msg = f"{' '.join(arguments)} failed with {ended.returncode}:\n{ended.stderr}"
        raise NotServed(msg)
    return time.perf_counter() - begun


def running(log: Path, *arguments: str, **environment: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """`python -m ARGUMENTS` in the background until the block ends; its output goes to `log`."""
    return running_of(ROOT, log, *arguments, **environment)


def started(tree: Path, output: BinaryIO, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    """`python -m ARGUMENTS` in the background, as the files in the folder `tree` have it; it writes to `output`."""
    return subprocess.Popen(
        _command(arguments), cwd=tree, env=_environment(environment), stdout=output, stderr=subprocess.STDOUT
    )


@contextmanager
def running_of(tree: Path, log: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """The same, as the files in another folder have it."""
    with log.open("wb") as output:
        process = started(tree, output, *arguments, **environment)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def replaying(cache: Path, folder: Path, *options: str, tree: Path = ROOT) -> Iterator[Path]:
    """A replay of `folder` that has published its first picture; where it publishes, emptied before."""
    directory, log = cache / "ipc", cache / "replay.log"
    shutil.rmtree(directory, ignore_errors=True)
    command = ("processor", "replay", str(folder), "--out", str(directory), *options)
    with running_of(tree, log, *command) as replay:
        until(lambda: plays(directory), replay, log)
        yield directory


@contextmanager
def serving(log: Path, directory: Path, *, tree: Path = ROOT, **settings: str) -> Iterator[str]:
    """The address of a page over what is published in `directory`, with these settings of the visualizer."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {"VISUALIZER_IPC_DIR": str(directory), "VISUALIZER_PORT": str(port)} | settings
    with running_of(tree, log, "visualizer", **environment) as page:
        until(lambda: answers(f"{url}/health"), page, log)
        yield url


@contextmanager
def steered_page(cache: Path, folder: Path, *options: str, tree: Path = ROOT) -> Iterator[str]:
    """The address of a page over a replay with a control directory, in which it asks for what its panels show."""
    control = cache / "control"
    control.mkdir(exist_ok=True)
    with (
        replaying(cache, folder, *options, "--control", str(control), tree=tree) as directory,
        serving(cache / "visualizer.log", directory, tree=tree, VISUALIZER_CONTROL_DIR=str(control)) as url,
    ):
        yield url


def until(done: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> float:
    """Wait until `done`; return the seconds it took.

    Raises:
        NotServed: the process has ended, or it takes too long; its output is the message.
    """
    begun = time.perf_counter()
    while not done():
        if process.poll() is not None or time.perf_counter() - begun > _PATIENCE_S:
            msg = f"no sign of life:\n{log.read_text(errors='replace')[-4000:]}"
            raise NotServed(msg)
        time.sleep(_LOOK_AGAIN_S)
    return time.perf_counter() - begun


def to_the_end(ended: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until `ended`, asked some twenty times a second, however long it takes.

    Raises:
        NotServed: the process has failed; its output is the message.
    """
    while not ended():
        time.sleep(_LOOK_NOW_AND_THEN_S)
    if process.returncode:
        msg = f"failed with {process.returncode}:\n{log.read_text(errors='replace')[-4000:]}"
        raise NotServed(msg)


def family(process: subprocess.Popen[bytes]) -> list[int]:
    """The process and what it has started, as far as they live."""
    try:
        return [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def read_so_far(process: subprocess.Popen[bytes], folder: Path) -> dict[str, int]:
    """How far a process is in each file of `folder` that it has open, in bytes; empty where there is no /proc."""
    read: dict[str, int] = {}
    for pid in family(process):
        for opened in Path(f"/proc/{pid}/fd").glob("*"):
            with suppress(OSError, ValueError):
                path = opened.readlink()
                if path.parent == folder.resolve():
                    at = Path(f"/proc/{pid}/fdinfo/{opened.name}").read_text(encoding="utf-8")
                    read[path.name] = max(int(at.split()[1]), read.get(path.name, 0))
    return read


def published(directory: Path) -> Status | None:
    """What a replay into `directory` says of itself; None where it says nothing yet."""
    try:
        status: Status = decode(STATUS_FILE, (directory / STATUS_FILE).read_bytes())
    except (OSError, ContractError):
        return None
    return status


def is_playing(directory: Path) -> bool:
    """Whether a replay into `directory` plays."""
    status = published(directory)
    return status is not None and status.state == "playing"


def pictures(directory: Path) -> bool:
    """Whether a replay into `directory` has published anything to look at, be it still reading."""
    status = published(directory)
    return status is not None and status.files.keys() >= set(DATA_FILES)


def plays(directory: Path) -> bool:
    """Whether a replay into `directory` has published its first whole picture."""
    status = published(directory)
    return status is not None and status.state in {"playing", "finished"} and bool(status.files)


def answers(url: str) -> bool:
    """Whether something answers there with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def keeping_in(folder: Path | str) -> dict[str, str]:
    """The variable that makes the processor keep what it reads of a vendor's files in `folder`, "off" for nowhere.

    Empty where it CACHES nothing.
    """
    return {_CACHE: str(folder)} if CACHES else {}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", *arguments]


def _environment(more: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROCESSOR_", "VISUALIZER_"))}
    return kept | keeping_in("off") | more

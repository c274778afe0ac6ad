"""What every test can ask for: the recorded data, a browser; and what a skipped test means."""

from __future__ import annotations

import os
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import settings

from tests.scheduling import Scheduling, in_order

ROOT: Final = Path(__file__).resolve().parent.parent

_SOURCES: Final = [file.read_bytes() for file in sorted(ROOT.glob("processor/**/*.py"))]
_KERNELS: Final = zlib.crc32(b"".join(source for source in _SOURCES if b"numba" in source.lower()))
# Set before anything imports Numba: kernels compiled by one run serve the next, until one of them changes (Makefile).
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / f".venv/numba-cache/tests-{_KERNELS}"))

# A publication waits for its disk several times, and no test is about that wait: where there is memory enough, all
# temporary files are in it.
_MEMORY: Final = Path("/dev/shm")
_ENOUGH_BYTES: Final = 4 * 2**30
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ENOUGH_BYTES:
    # For the processes that tests start, and for this one.
    os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)

# Datasets that tests read are kept no longer than the tests themselves; a process of several has a cache of its own,
# because an entry that another one is filling cannot be used.
_CACHE: Final = tempfile.TemporaryDirectory(prefix="orderflow-cache-")
if "PROCESSOR_CACHE" not in os.environ or "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["PROCESSOR_CACHE"] = _CACHE.name

# A busy machine is no fault of the code, and CI must fail twice on the same example: so it has the same few each time,
# and whoever works here has others and more.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True, max_examples=25)
settings.load_profile("ci" if os.environ.get("CI") else "local")

_BROWSERS: Final = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_BROWSER_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-quic",
    "--disable-component-update",
    "--disable-sync",
)


if "PYTEST_XDIST_WORKER" in os.environ:
    # Not before NUMBA_CACHE_DIR is set: Numba reads it when it is imported.
    from tests.compiling import compile_in_turn

    compile_in_turn()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After pytest has sorted them by the parameters of their fixtures."""
    in_order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Where several processes share the tests, say who gets which, in the order above."""
    config.option.loadscopereorder = False
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded market data with expected results; SHARED_DATA says where it lies."""
    folder = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared/data"))
    if not folder.is_dir():
        pytest.skip("the recorded market data is not here; SHARED_DATA can name its folder")
    return folder


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright's launch arguments, for the Chromium installed on this machine; CHROMIUM can name it."""
    found = next(filter(None, map(shutil.which, filter(None, (os.environ.get("CHROMIUM"), *_BROWSERS)))), None)
    if found is None:
        pytest.skip("no Chromium here; install it, or name it in CHROMIUM")
    return browser_type_launch_args | {"executable_path": found, "args": list(_BROWSER_ARGUMENTS)}


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where REQUIRE_ALL=1, a run that skipped a test has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if _all_required() and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why a run without a failed test fails."""
    skipped = terminalreporter.stats.get("skipped", [])
    if _all_required() and skipped:
        terminalreporter.write_line(f"REQUIRE_ALL=1, and {len(skipped)} tests were skipped", red=True)


def _all_required() -> bool:
    return os.environ.get("REQUIRE_ALL") == "1"

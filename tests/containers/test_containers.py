"""What `docker compose up` promises, held by real containers and a real browser."""

from __future__ import annotations

import json
import os
import stat
import urllib.request
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import expect

from tests.containers.stack import Stack, running
from tests.patience import PATIENCE_MS

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator
    from pathlib import Path

    from playwright.sync_api import ConsoleMessage, Page

pytestmark = pytest.mark.containers
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to somebody else")

SERVICES: Final = ("processor", "visualizer")
SOMEBODY: Final = 1234
UNPRIVILEGED: Final = "10001"
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - nothing is served there


@pytest.fixture(scope="module")
def owner() -> int:
    """Whoever the exchange directory of the demo belongs to; somebody else where we may give it away."""
    return SOMEBODY if os.geteuid() == 0 else os.geteuid()


@pytest.fixture(scope="module")
def demo(images: None, owner: int, tmp_path_factory: pytest.TempPathFactory) -> Generator[Stack]:
    """`docker compose up` with no dataset given, on a private directory that has an owner."""
    ipc = tmp_path_factory.mktemp("owned")
    ipc.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(ipc, owner, owner)
    with running(ipc) as stack:
        yield stack


@pytest.fixture(scope="module")
def given(images: None, dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Stack]:
    """`DATASET=... docker compose up`, on a directory that belongs to whoever made it."""
    with running(tmp_path_factory.mktemp("made"), DATASET=str(dataset), SPEED="20", PROCESSOR_AT_END="loop") as stack:
        yield stack


def complaints(log: str) -> list[str]:
    """The lines that are no event, or one that somebody should look at."""
    levels = {line: json.loads(line)["level"] if line.startswith("{") else "none" for line in log.splitlines()}
    return [line for line, level in levels.items() if level not in {"debug", "info"}]


def test_without_a_dataset_the_page_shows_the_demo_moving(demo: Stack, page: Page) -> None:
    faults: list[str] = []

    def keep(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            faults.append(message.text)

    page.on("console", keep)
    page.on("pageerror", lambda error: faults.append(str(error)))
    demo.wait_until_moving()
    page.goto(demo.url)
    expect(page.locator("#state-name")).to_have_text("playing", timeout=PATIENCE_MS)
    clock = page.locator("#clock")
    for _ in range(3):
        expect(clock).not_to_have_text(clock.inner_text(), timeout=PATIENCE_MS)
    candles = page.evaluate("orderflow.chart.drawn().panels.price.rows.length")
    assert candles > 30
    assert faults == []


def test_both_run_as_whoever_owns_the_directory(demo: Stack, owner: int) -> None:
    demo.wait_until_moving()
    for service in SERVICES:
        assert demo.identity(service)["Uid"].split() == [str(owner)] * 4
        assert demo.identity(service)["Groups"].strip() == ""
        assert demo.uids(service) == {str(owner)}
    assert {path.stat().st_uid for path in demo.ipc.iterdir()} == {owner}


@pytest.mark.parametrize("service", SERVICES)
def test_no_capability_is_left_and_none_can_be_gained(demo: Stack, service: str) -> None:
    identity = demo.identity(service)
    sets = {name: int(value, 16) for name, value in identity.items() if name.startswith("Cap")}
    assert sets == dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), 0)
    assert identity["NoNewPrivs"] == "1"


@pytest.mark.parametrize("service", SERVICES)
def test_the_root_file_system_is_read_only(demo: Stack, service: str) -> None:
    for place in ("/app/new", "/usr/local/new", "/etc/passwd"):
        assert "Read-only file system" in demo.inside(service, "touch", place).stderr


def test_the_visualizer_cannot_write_into_the_exchange(demo: Stack, owner: int) -> None:
    refused = demo.compose("exec", "--no-TTY", "--user", str(owner), "visualizer", "touch", "/ipc/new", check=False)
    assert "Read-only file system" in refused.stderr


def test_the_page_writes_commands_that_the_processor_can_only_read(demo: Stack, owner: int) -> None:
    demo.wait_until("the page is served", lambda: demo.get("/health") != b"")
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{demo.url}/control", b'{"action": "play"}', {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own loopback address
        assert answer.status == 202
    written = demo.control / "control.json"
    assert json.loads(written.read_bytes())["action"] == "play"
    assert {written.stat().st_uid, demo.control.stat().st_uid} == {owner}
    as_owner = ("exec", "--no-TTY", "--user", str(owner), "processor")
    assert '"play"' in demo.compose(*as_owner, "cat", "/control/control.json").stdout
    assert "Read-only file system" in demo.compose(*as_owner, "touch", "/control/new", check=False).stderr


def test_the_visualizers_image_holds_neither_polars_nor_numba(demo: Stack) -> None:
    code = "import importlib.util as u; print([n for n in ('polars', 'numba', 'processor') if u.find_spec(n)])"
    assert demo.inside("visualizer", "python", "-c", code).stdout.strip() == "[]"
    demo.wait_until("bars are published", lambda: demo.get("/tables/ohlc.csv").count(b"\n") > 1)
    assert demo.get("/tables/ohlc.parquet")[:4] == b"PAR1"  # which it writes without them


def test_the_kernels_are_compiled_in_the_image_and_not_again(demo: Stack) -> None:
    demo.wait_until_moving()
    listing = "cd {} && find . -name '*.nb?' | sort"
    shipped = demo.inside("processor", "sh", "-c", listing.format("/app/.numba_cache")).stdout
    used = demo.inside("processor", "sh", "-c", listing.format("/tmp/numba-cache")).stdout
    assert shipped
    assert used == shipped


@pytest.mark.parametrize("service", SERVICES)
def test_the_health_check_turns_healthy(demo: Stack, service: str) -> None:
    demo.wait_until(f"{service} is healthy", lambda: demo.health(service) == "healthy")


def test_down_and_up_again_continues_without_complaint(demo: Stack) -> None:
    demo.wait_until_moving()
    before = demo.status()
    demo.down()
    assert demo.status()["heartbeat_ms"] >= before["heartbeat_ms"]
    demo.up()
    demo.wait_until("a new session is published", lambda: demo.status()["session"] != before["session"])
    demo.wait_until_moving()
    assert "demo dataset" not in demo.logs("processor")
    for service in SERVICES:
        assert complaints(demo.logs(service)) == []


@as_root
def test_up_again_after_the_directory_changed_hands_continues_as_the_new_owner(demo: Stack) -> None:
    demo.wait_until_moving()
    demo.down()
    os.chown(demo.ipc, 4321, 4322)
    demo.up()
    demo.wait_until("the new owner runs it", lambda: demo.identity("processor").get("Uid", "").startswith("4321"))
    demo.wait_until_moving()
    assert demo.identity("visualizer")["Uid"].split() == ["4321"] * 4
    assert {path.stat().st_uid for path in demo.ipc.iterdir()} == {4321}


def test_a_given_dataset_is_replayed_and_mounted_read_only(given: Stack, dataset: Path) -> None:
    given.wait_until_moving()
    assert given.status()["speed"] == 20
    assert "Read-only file system" in given.inside("processor", "touch", "/dataset/new").stderr
    mounted = given.inside("processor", "ls", "/dataset").stdout.split()
    assert mounted == sorted(path.name for path in dataset.iterdir())
    assert given.inside("processor", "ls", "/data").stdout == ""
    assert given.status()["dataset"] == dataset.name


@as_root
def test_a_directory_that_root_owns_is_handed_to_an_unprivileged_uid(given: Stack) -> None:
    given.wait_until_moving()
    assert (given.ipc.stat().st_uid, given.ipc.stat().st_gid) == (int(UNPRIVILEGED), int(UNPRIVILEGED))
    assert {path.stat().st_uid for path in given.ipc.iterdir()} == {int(UNPRIVILEGED)}
    for service in SERVICES:
        assert given.uids(service) == {UNPRIVILEGED}


def test_the_published_files_can_be_read_by_everyone(given: Stack) -> None:
    given.wait_until_moving()
    for path in given.ipc.glob("*.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_the_page_is_served_on_loopback_alone(given: Stack) -> None:
    published = given.compose("port", "visualizer", "8050").stdout.strip()
    assert published == f"127.0.0.1:{given.port}"
    assert b"orderflow" in given.get("/")


def test_a_stop_is_heard_and_ends_with_a_last_publication(given: Stack) -> None:
    given.wait_until_moving()
    given.compose("stop", "processor")
    code = given.compose("ps", "--all", "--format", "{{.ExitCode}}", "processor").stdout.strip()
    assert code == "0"
    assert given.status()["published_at_ms"] > 0


def alone(stack: Stack, service: str, *command: str) -> subprocess.CompletedProcess[str]:
    """What a service, or another command in its container, says until it ends; nothing of it stays."""
    try:
        return stack.compose("run", "--rm", "--no-deps", service, *command, check=False)
    finally:
        stack.down("--volumes")


def test_a_port_that_others_can_reach_is_not_served_without_a_token(images: None, tmp_path: Path) -> None:
    (tmp_path / "ipc").mkdir()
    refused = alone(Stack(tmp_path / "ipc", {"VISUALIZER_HOST": EVERYWHERE}), "visualizer")
    assert refused.returncode == 2
    assert f"others can reach the page at {EVERYWHERE} (VISUALIZER_HOST): set VISUALIZER_TOKEN" in refused.stderr


def test_a_token_may_be_in_a_file_that_only_the_owner_of_the_exchange_directory_can_read(
    images: None, owner: int, tmp_path: Path
) -> None:
    (tmp_path / "ipc").mkdir()
    token = tmp_path / "token"
    token.write_text("a-token-of-24-characters\n")
    token.chmod(0o600)
    for path in (tmp_path / "ipc", token):
        os.chown(path, owner, -1)
    given = {"VISUALIZER_HOST": EVERYWHERE, "VISUALIZER_TOKEN_FILE": str(token)}
    said = "from visualizer.server.settings import load; print(load().tokens)"
    shown = alone(Stack(tmp_path / "ipc", given), "visualizer", "python", "-c", said)
    assert "{'steer': 'a-token-of-24-characters'}" in shown.stdout

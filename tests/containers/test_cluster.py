"""What `docker compose --profile cluster up --scale worker=2` promises, held by real containers."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.containers.stack import ROOT, Stack

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.containers


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small market over three days."""
    folder = tmp_path_factory.mktemp("dataset") / "days"
    processor("demo", "--out", str(folder), "--hours", "60", "--events", "40000")
    return folder


@pytest.fixture(scope="module")
def cluster(images: None, days: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Stack]:
    """Scheduler and two workers, and nothing else of the stack."""
    ipc, out = tmp_path_factory.mktemp("ipc"), tmp_path_factory.mktemp("out")
    stack = Stack(ipc, {"DATASET": str(days), "OUT_DIR": str(out), "COMPOSE_PROFILES": "cluster,aggregate"})
    try:
        stack.compose("up", "--detach", "--no-build", "--scale", "worker=2", "scheduler", "worker")
        yield stack
    finally:
        stack.down("--volumes", "--timeout", "1")


def processor(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "processor", *arguments], cwd=ROOT, check=True, capture_output=True)


def test_two_workers_give_the_table_of_one_process_to_the_last_byte(cluster: Stack, days: Path, tmp_path: Path) -> None:
    local = tmp_path / "local.parquet"
    processor("aggregate", str(days), "--out", str(local), "--interval", "7h", "--cache", "off")
    for name in ("filling", "cluster"):
        cluster.compose("run", "--rm", "aggregate", "--interval", "7h", "--out", f"/out/{name}.parquet")
        table = cluster.environment["OUT_DIR"] + f"/{name}.parquet"
        assert local.read_bytes() == (tmp_path / table).read_bytes()
    # Only what is in the cache goes to the workers.
    assert cluster.logs("scheduler").count("Receive client connection") == 1


def test_scheduler_and_workers_may_read_the_store_and_nothing_more(cluster: Stack) -> None:
    for service in ("scheduler", "worker"):
        identity = cluster.identity(service)
        assert {int(value, 16) for name, value in identity.items() if name.startswith("Cap")} == {0}
        assert identity["NoNewPrivs"] == "1"
        assert "0" not in identity["Uid"].split()
        for place in ("/app/new", "/cache/new"):
            assert "Read-only file system" in cluster.inside(service, "touch", place).stderr
    assert "Read-only file system" in cluster.inside("worker", "touch", "/dataset/new").stderr


def test_no_port_of_the_cluster_is_published_and_there_is_no_way_out_of_it(cluster: Stack) -> None:
    assert cluster.compose("ps", "--format", "{{.Publishers}}").stdout.split() == ["[]"] * 3
    inspected = ["docker", "network", "inspect", "--format", "{{.Internal}}", f"{cluster.project}_cluster"]
    assert subprocess.run(inspected, check=True, capture_output=True, text=True).stdout.strip() == "true"

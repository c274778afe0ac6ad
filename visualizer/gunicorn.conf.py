"""How gunicorn serves the page; every value comes from the settings (`python -m visualizer --help`)."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.server import logs
from visualizer.server.settings import SettingError, load

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped] # gunicorn has no types
    from gunicorn.workers.base import Worker  # type: ignore[import-untyped] # gunicorn has no types

try:
    settings = load()
except SettingError as error:
    raise SystemExit(str(error)) from None

wsgi_app = "visualizer.server.app:server"
bind = f"{settings.host}:{settings.port}"
# Loaded once and forked: a worker that dies is replaced at once.
preload_app = True
worker_class = "gthread"
workers = settings.workers
threads = settings.threads
# Longer than the polling interval, so that a page keeps its connection.
keepalive = max(5, 2 * settings.poll_ms // 1000)
graceful_timeout = 5
# The heartbeat of a worker is a file: on a disk, a busy one would look like a dead worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - its own file is made in it
control_socket_disable = True
logconfig_dict = logs.config(settings.log_level, access=settings.access_log)

# The counters of all workers meet in files of this directory; it must be named before anyone imports the client.
_metrics_dir = tempfile.mkdtemp(prefix="visualizer-metrics-", dir=worker_tmp_dir)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = _metrics_dir


def when_ready(server: Arbiter) -> None:
    """Drop the master's own figures, made while it loaded the application: it serves nobody."""
    _forget(server.pid)


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Forget the memory of a worker that is gone; its counters still count."""
    _forget(worker.pid)


def on_exit(_server: Arbiter) -> None:
    """Remove the counters."""
    shutil.rmtree(_metrics_dir, ignore_errors=True)


def _forget(pid: int) -> None:
    from prometheus_client import multiprocess  # noqa: PLC0415 - not before its directory is named

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call] # prometheus_client types only a part

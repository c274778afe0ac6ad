"""How gunicorn serves the page; every value comes from the settings (`python -m visualizer --help`)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from shared import CONTROL_FILE, discard_leftovers
from visualizer.metrics import folder
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
_is_bare_ipv6 = ":" in settings.host and not settings.host.startswith("[")
bind = f"[{settings.host}]:{settings.port}" if _is_bare_ipv6 else f"{settings.host}:{settings.port}"
forwarded_allow_ips = settings.proxies
# Without the query: a link to sign in holds the token.
access_log_format = '%(h)s %(l)s %(u)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s "%(a)s"'
# Loaded once and forked: a worker that dies is replaced at once.
preload_app = True
worker_class = "visualizer.server.worker.PatientWorker"
workers = settings.workers
threads = settings.threads
# Files are sent like all else, by a socket that knows clients who do not read.
sendfile = False
# Longer than the polling interval, so that a page keeps its connection.
keepalive = max(5, 2 * settings.poll_ms // 1000)
graceful_timeout = 5
# The heartbeat of a worker is a file: on a disk, a busy one would look like a dead worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - its own file is made in it
control_socket_disable = True
logconfig_dict = logs.config(settings.log_level, access=settings.access_log)

# The counters of all workers meet in files of this folder; it must be named before anyone imports the client. The
# server that is told to read its settings again (SIGHUP) has it already.
_metrics = folder.claimed(worker_tmp_dir)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)


def on_starting(_server: Arbiter) -> None:
    """Clear away what killed workers have left in the control directory."""
    if settings.control == "on":
        discard_leftovers(settings.control_dir / CONTROL_FILE)


def post_fork(_server: Arbiter, worker: Worker) -> None:
    """Hand the settings on."""
    worker.settings = settings


def when_ready(server: Arbiter) -> None:
    """Drop the master's own figures, made while it loaded the application: it serves nobody."""
    folder.sum_up(_metrics, server.pid)


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Forget the memory of a worker that is gone, and add up its counters, which still count."""
    folder.sum_up(_metrics, worker.pid)


def on_exit(_server: Arbiter) -> None:
    """Remove the counters."""
    shutil.rmtree(_metrics, ignore_errors=True)

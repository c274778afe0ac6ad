"""The WSGI entry, `visualizer.server.app:server`: the dashboard as the environment sets it."""

from __future__ import annotations

import structlog

from visualizer.server import logs
from visualizer.server.dashboard import create
from visualizer.server.settings import load

_settings = load()
logs.configure(_settings.log_level, access=_settings.access_log)
server = create(_settings).server
structlog.get_logger().info("application_loaded", ipc_dir=str(_settings.ipc_dir.absolute()))

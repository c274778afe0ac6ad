"""The WSGI entry, `visualizer.server.app:server`: the dashboard as the environment sets it."""

from __future__ import annotations

import structlog

from visualizer.server import logs
from visualizer.server.dashboard import create
from visualizer.server.settings import load
from visualizer.server.tokens import is_loopback

_settings = load()
logs.configure(_settings.log_level, access=_settings.access_log)
server = create(_settings).server
_log = structlog.get_logger()
if _settings.login == "off" and not is_loopback(_settings.reached_at):
    _log.warning("open_to_all", address=_settings.reached_at, reason="VISUALIZER_LOGIN is off")
_log.info("application_loaded", ipc_dir=str(_settings.ipc_dir.absolute()))

"""Structured logs: one event a line, JSON, on standard error; the server's own messages included."""

from __future__ import annotations

import logging.config
from typing import Any

import structlog


def config(level: str, *, access: bool) -> dict[str, Any]:
    """The `logging` configuration that turns whatever any library logs into the same lines; requests if `access`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared_steps(),
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "gunicorn.error": {"handlers": [], "propagate": True, "level": level.upper()},
            # With a configuration of its own, gunicorn logs requests whatever its `accesslog` says.
            "gunicorn.access": {"handlers": [], "propagate": True, "level": "INFO" if access else "CRITICAL"},
        },
    }


def configure(level: str, *, access: bool) -> None:
    """Send structlog's events through `logging`, so that both come out alike."""
    logging.config.dictConfig(config(level, access=access))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_steps(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _shared_steps() -> list[Any]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]

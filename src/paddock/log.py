"""Structured logs: one sentence that can be read alone, plus fields.

Logs carry ids, sizes and durations; never a body, a token or a password. Everything goes to
standard error, as text on a terminal and as one JSON object a line elsewhere.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict

_SECRET_FIELDS = ("token", "password", "secret", "authorization", "body", "key_pem")


def configure(level: str = "info", form: str = "auto") -> None:
    """Set up logging for this process; called once by a command that runs long."""
    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_secrets,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose lines carry ``room=name``."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(room=name)
    return logger


def _without_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A field that should never have been logged loses its value rather than the line."""
    for name in event.keys() & set(_SECRET_FIELDS):
        event[name] = "[withheld]"
    return event

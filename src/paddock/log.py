"""Structured logs: one sentence that can be read alone, plus fields.

Logs carry ids, sizes and durations; never a body, a token or a password. Everything goes to
standard error, as text on a terminal and as one JSON object a line elsewhere.

The library behind it is imported with the first line: most commands log nothing, and do not wait.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from structlog.stdlib import BoundLogger
    from structlog.typing import EventDict

_SECRET_FIELDS = ("token", "password", "secret", "authorization", "body", "key_pem")


class _Wanted(NamedTuple):
    level: int
    form: str


_wanted: list[_Wanted] = []  # at most one: what ``configure`` was told before the first line
_setting_up = threading.Lock()


def configure(level: str = "info", form: str = "auto") -> None:
    """Set up logging for this process; called once by a command that runs long."""
    _wanted[:] = [_Wanted(logging.getLevelNamesMapping()[level.upper()], form)]
    if "structlog" in sys.modules:
        _set_up()


def get_logger(name: str) -> BoundLogger:
    """A logger whose lines carry ``room=name``."""
    return cast("BoundLogger", _Logger(name))


class _Logger:
    """Becomes structlog's when it is first asked to log."""

    def __init__(self, room: str) -> None:
        self._room = room
        self._logger: BoundLogger | None = None

    def __getattr__(self, method: str) -> Any:
        if self._logger is None:
            import structlog

            self._logger = structlog.get_logger(room=self._room)
        if _wanted:
            _set_up()
        return getattr(self._logger, method)


def _set_up() -> None:
    with _setting_up:  # nobody logs by the library's own rules meanwhile
        for wanted in _wanted:
            _configure(wanted)
        _wanted.clear()


def _configure(wanted: _Wanted) -> None:
    import structlog

    form = wanted.form
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
        wrapper_class=structlog.make_filtering_bound_logger(wanted.level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _without_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A field that should never have been logged loses its value rather than the line."""
    for name in event.keys() & set(_SECRET_FIELDS):
        event[name] = "[withheld]"
    return event

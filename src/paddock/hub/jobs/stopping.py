"""How a long job learns that its worker is about to stop.

A handler that works for more than a few seconds calls ``stop_here_if_asked()`` wherever it could
begin again without loss. The job then goes back into the queue, and the attempt does not count.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar

asked_to_stop: ContextVar[threading.Event | None] = ContextVar("paddock_job_stop", default=None)


class HandedBack(Exception):
    """The handler stopped because it was asked to."""


def is_asked_to_stop() -> bool:
    """Whether the worker that runs this job is stopping."""
    asked = asked_to_stop.get()
    return asked is not None and asked.is_set()


def stop_here_if_asked() -> None:
    """Raise HandedBack when the worker that runs this job is stopping; else do nothing."""
    if is_asked_to_stop():
        raise HandedBack

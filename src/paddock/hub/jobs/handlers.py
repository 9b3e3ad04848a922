"""Which function does which kind of job, and which kinds are due again and again.

Knows names and functions; does not know when they run. A handler opens its own transactions, may
run twice, and raises to be tried again later (``queue.GiveUp``: not again). Modules with handlers
are named in ``MODULES`` and imported by whoever works, so that nobody else pays for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import import_module
from typing import Any

from paddock.hub.context import Hub

MODULES: tuple[str, ...] = (
    "paddock.hub.advisories.recipients",
    "paddock.hub.attachments.keeping",
    "paddock.hub.audit_log.checkpoints",
    "paddock.hub.audit_log.erasing",
    "paddock.hub.gates.response",
    "paddock.hub.gates.retaining",
    "paddock.hub.download_log.forgetting",
    "paddock.hub.mail.jobs",
    "paddock.hub.sessions.resetting",
    "paddock.hub.tags.counting",
    "paddock.hub.jobs.sweeping",
    "paddock.hub.catalogue.upkeep",
    "paddock.hub.webhooks.delivering",
    "paddock.hub.mirror.cleaning",
    "paddock.hub.scans.scanning",
    "paddock.hub.scans.comparing",
    "paddock.hub.lifecycle.reading",
    "paddock.hub.releases.indexing",
    "paddock.hub.large.viewing",
    "paddock.hub.xet.indexing",
    "paddock.hub.large.folding",
    "paddock.hub.garbage.collecting",
    "paddock.hub.git_http.packing",
)

Handler = Callable[[Hub, dict[str, Any]], None]

_handlers: dict[str, Handler] = {}
_periods: dict[str, timedelta] = {}


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Decorator: this function does jobs of this kind."""

    def register(function: Handler) -> Handler:
        known = _handlers.setdefault(kind, function)
        if known is not function:
            raise ValueError(f"two handlers for jobs of kind {kind!r}")
        return function

    return register


def every(seconds: float) -> Callable[[str], None]:
    """``every(3600)("kind")``: a job of this kind, without payload, that often; once for all
    servers of a hub."""

    def register(kind: str) -> None:
        _periods[kind] = timedelta(seconds=seconds)

    return register


def load_handlers() -> Mapping[str, Handler]:
    """Every handler by its kind, after importing ``MODULES``."""
    for name in MODULES:
        import_module(name)
    return _handlers


def load_periods() -> Mapping[str, timedelta]:
    """How often periodic work is due, by kind."""
    load_handlers()
    return _periods

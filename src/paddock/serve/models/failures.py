"""Models that could not be loaded: what callers are told of it, and when it is tried again.

Why is for the log and the operator: sentences about files name their paths, which are nobody
else's business. A caller gets the code, which ``docs/errors.md`` explains; and what the operator
decided about trust, in a sentence.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from paddock.errors import NotFound, PaddockError
from paddock.log import get_logger
from paddock.serve.errors import (
    ModelNotFound,
    ModelRejected,
    ModelUnavailable,
    NoMemory,
    UnknownSigner,
    UnsignedModel,
    UntrustedModel,
)

log = get_logger("serve")

MAX_BACKOFF_SECONDS: Final = 60.0
MAX_KEPT: Final = 1024
_HINT: Final = "the server's log says why"
_ASK: Final = "its operator can change that: docs/serving.md says how"
# What stands against running it, the first that fits, with the next step.
_REFUSED: Final[tuple[tuple[type[PaddockError], str, str], ...]] = (
    (
        UnknownSigner,
        "was signed with a key that the operator of this server has not decided to trust",
        _ASK,
    ),
    (UnsignedModel, "is not signed, and this server runs signed releases alone", _ASK),
    (UntrustedModel, "is not what its publisher signed, or may not be used any more", _HINT),
    (ModelRejected, "was found harmful by the scan before it is loaded", _HINT),
)


@dataclass(slots=True)
class _Failure:
    error: PaddockError
    until: float
    times: int


class Failures:
    """What failed lately, by source: tried again only after a while, longer each time."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._failures: dict[str, _Failure] = {}

    def note(self, key: str, error: PaddockError) -> None:
        """It failed again; ``error`` is what callers are told meanwhile."""
        before = self._failures.get(key)
        times = before.times + 1 if before else 1
        wait = min(MAX_BACKOFF_SECONDS, 2.0 ** (times - 1))
        if before is None and len(self._failures) >= MAX_KEPT:
            del self._failures[next(iter(self._failures))]
        self._failures[key] = _Failure(error, self.now() + wait, times)

    def refuse(self, key: str) -> None:
        """Raise what was noted, until it is time to try again."""
        failure = self._failures.get(key)
        if failure is None:
            return
        now = self.now()
        if now < failure.until:
            raise type(failure.error)(failure.error.message, hint=failure.error.hint)
        if now > failure.until + 2 * MAX_BACKOFF_SECONDS:
            del self._failures[key]  # long ago: it may fail once again as if for the first time


def told_to_callers(name: str, error: Exception) -> PaddockError:
    """What a caller may know of why a model cannot be loaded; ours of serving are so already."""
    if isinstance(error, ModelUnavailable | NoMemory):
        return error
    if isinstance(error, NotFound):
        return ModelNotFound(f"{name} is not where it is loaded from", hint=_HINT)
    for kind, what, hint in _REFUSED:
        if isinstance(error, kind):
            return kind(f"{name} is not run here: it {what}", hint=hint)
    if isinstance(error, MemoryError):
        return NoMemory(f"there is too little memory for {name}")
    if isinstance(error, PaddockError):
        return ModelUnavailable(f"{name} cannot be loaded: {error.code}", hint=_HINT)
    if isinstance(error, OSError):
        why = error.strerror or type(error).__name__
        return ModelUnavailable(f"{name} cannot be loaded: {why}", hint=_HINT)
    log.error("loading failed unforeseen", model=name, exc_info=error)
    return ModelUnavailable(f"{name} cannot be loaded: {type(error).__name__}", hint=_HINT)

"""A backend for one caller: requests are counted, and kept apart from everybody else's.

The engine gets the caller's name here and nowhere else. By it turns are fair among callers, and
nobody learns from what is in the cache what others asked.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from paddock.engine.errors import EngineFull
from paddock.engine.request import Output, Request
from paddock.serve import metrics
from paddock.serve.backend import Backend
from paddock.serve.callers import Caller
from paddock.serve.errors import TooManyRequests
from paddock.serve.limiter import Limiter

_QUEUE_SECONDS = 5.0  # until a full queue is likely to have room


class Metered:
    """A ``Backend`` for one caller's requests to one model."""

    def __init__(self, backend: Backend, model: str, caller: Caller, limiter: Limiter) -> None:
        self._backend, self._model = backend, model
        self._caller, self._limiter = caller, limiter

    @asynccontextmanager
    async def outputs(self, request: Request) -> AsyncIterator[AsyncIterator[Output]]:
        watch = _Watch(self._model, request)
        name = self._caller.name
        request = replace(request, user=name, cache_salt=f"{name}\n{request.cache_salt}")
        try:
            async with self._backend.outputs(request) as outputs:
                yield watch.over(outputs)
        except EngineFull as e:
            raise TooManyRequests(e.message, retry_after_seconds=_QUEUE_SECONDS) from e
        finally:
            self._limiter.charge(self._caller, watch.end())


class _Watch:
    """One request's clock and its counts."""

    def __init__(self, model: str, request: Request) -> None:
        self._model, self._prompt_tokens = model, len(request.prompt)
        self._started = self._last = time.perf_counter()
        self._generated = 0
        self._cached = 0
        self._finish: str | None = None
        self._is_admitted = False

    async def over(self, outputs: AsyncIterator[Output]) -> AsyncIterator[Output]:
        self._is_admitted = True
        async for output in outputs:
            self._note(output)
            yield output

    def _note(self, output: Output) -> None:
        now, count = time.perf_counter(), len(output.token_ids)
        self._cached = max(self._cached, output.cached_tokens)
        if count and not self._generated:
            metrics.first_token.labels(self._model).observe(now - self._started)
            metrics.queue_time.labels(self._model).observe(output.queue_seconds)
        elif count:
            each = (now - self._last) / count
            for _ in range(count):
                metrics.between_tokens.labels(self._model).observe(each)
        if count:
            self._last = now
            self._generated += count
        if output.finish is not None:
            self._finish = str(output.finish)

    def end(self) -> int:
        """Count the request; tokens that it took."""
        if not self._is_admitted:
            return 0
        seconds = time.perf_counter() - self._started
        metrics.end_to_end.labels(self._model).observe(seconds)
        metrics.prompt_tokens.labels(self._model).inc(self._prompt_tokens)
        metrics.cached_tokens.labels(self._model).inc(self._cached)
        metrics.generated_tokens.labels(self._model).inc(self._generated)
        metrics.finished.labels(self._model, self._finish or "left").inc()
        return self._prompt_tokens + self._generated

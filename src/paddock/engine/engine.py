"""The engine: requests in, tokens out, step after step. (Being written: the surface is settled.)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.options import EngineOptions
from paddock.engine.request import Output, Request
from paddock.engine.stats import EngineStats
from paddock.engine.step import Runner


class Engine:
    """Runs requests on one runner; ``stop`` closes the runner (and the draft's)."""

    config: LlamaConfig
    context: int  # tokens of a prompt and its output together, at most

    def __init__(
        self,
        runner: Runner,
        options: EngineOptions,
        on_outputs: Callable[[list[Output]], None],
        draft: Runner | None = None,
    ) -> None:
        """Reserve the KV cache; raises EngineOutOfMemory."""
        raise NotImplementedError

    def submit(self, request: Request) -> None:
        """Queue a request. Any thread. Raises EngineFull, EngineStopped, UnknownAdapter, BadInput leaves.

        A grammar is compiled here, on the caller's thread, and the prompt is hashed here.
        ``max_tokens`` beyond the context is cut: such a request ends with LENGTH.
        """
        raise NotImplementedError

    def cancel(self, request_id: str) -> None:
        """End a request before the next step, with Finish.CANCELLED. Any thread; unknown ids are nothing."""
        raise NotImplementedError

    def put_adapter(self, name: str, adapter: Any) -> None:
        """Offer a LoRA adapter under a name, from the next step on. Any thread; waits for it."""
        raise NotImplementedError

    def drop_adapter(self, name: str) -> None:
        """Offer it no more; it is freed when the last request that uses it has ended. Any thread."""
        raise NotImplementedError

    def adapters(self) -> tuple[str, ...]:
        """Names of the adapters on offer."""
        raise NotImplementedError

    def stats(self) -> EngineStats:
        """What is in hand now, and what has been done. Any thread."""
        raise NotImplementedError

    def step(self) -> bool:
        """Take what was submitted and compute one step; False where there was nothing to do."""
        raise NotImplementedError

    def start(self) -> None:
        """Run steps in a thread of the engine's own; idle, it sleeps."""
        raise NotImplementedError

    def drain(self, seconds: float) -> bool:
        """Refuse new requests, and wait for those in hand; False where some are left."""
        raise NotImplementedError

    def stop(self) -> None:
        """End everything now, what is left with Finish.ERROR, and close the runners. Idempotent."""
        raise NotImplementedError

"""One model in this process, as whoever answers with it needs it; no server, no callers, no port.

The same loader, engine and text layer as behind the API. PyTorch is imported only where it is what
computes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paddock.checkpoint.opening import open_checkpoint
from paddock.config import Settings
from paddock.engine.opening import OpenOptions, packed_folder
from paddock.engine.precision import Precision
from paddock.llama.chat import load_chat_format
from paddock.serve.models.budget import default_budget_bytes
from paddock.serve.models.native import NativeLoader, NativeOptions
from paddock.serve.models.residents import ResidentLimits, Residents
from paddock.serve.policy.loading import Bench, PolicedLoader
from paddock.serve.served import Served

if TYPE_CHECKING:
    from paddock.serve.models.naming import Find
    from paddock.serve.models.sources import Source

# Below this size float32 costs little, and logits that bfloat16 would make equal stay apart.
FLOAT32_PARAMETERS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Alone:
    """How the model is opened."""

    precision: Precision = Precision.AUTO
    device: str = "auto"
    policy: str = ""  # a policy.yaml in place of the model's own; ``none`` for no policy
    context: int | None = None  # at most the model's own, which it is without
    draft: Path | None = None  # a small model of the same vocabulary, that proposes
    prompt_lookup: bool = False


@asynccontextmanager
async def opened(path: Path, name: str, alone: Alone, settings: Settings) -> AsyncIterator[Served]:
    """The model at ``path`` until the block ends; raises what stands against loading it."""
    opening = OpenOptions(
        precision=alone.precision,
        device=alone.device,
        threads=settings.serve_threads,
        packed=packed_folder(settings),
    )
    loader = NativeLoader(
        NativeOptions(
            opening,
            context=alone.context,
            max_sequences=1,
            draft=alone.draft,
            prompt_lookup=alone.prompt_lookup,
        )
    )
    budget = settings.serve_memory or default_budget_bytes()
    bench = Bench(NativeLoader(NativeOptions(opening, max_sequences=1)), _finding(settings))
    policed = PolicedLoader(loader, bench, alone.policy or settings.serve_policy)
    bench.residents = Residents(policed, ResidentLimits(budget))
    need = await asyncio.to_thread(policed.need, path, (), budget)
    loaded = await policed.load(path, (), need)
    try:
        yield Served.of(name, loaded)
    finally:
        await bench.residents.close()
        await asyncio.to_thread(loaded.close)


def _finding(settings: Settings) -> Find:
    """Where a policy's judges come from; the hub's client is imported when one is asked for."""

    def find(model: str) -> Source:
        from paddock.release.publishing.hub_client import Hub
        from paddock.serve.models.sources import source_of
        from paddock.serve.models.verifying import Rules

        return source_of(model, Hub(settings.hub_url, settings.token), Rules.of(settings))

    return find


def exact_precision(path: Path) -> Precision:
    """float32 for models up to a billion parameters, others as they are stored."""
    small = open_checkpoint(path).config.parameter_count() <= FLOAT32_PARAMETERS
    return Precision.FLOAT32 if small else Precision.AUTO


def with_template(served: Served) -> Served:
    """The model, where it was trained for conversations; raises BadTemplate."""
    if served.chat is None:
        load_chat_format(served.folder, served.tokenizer)
    return served

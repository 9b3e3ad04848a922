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

from paddock.checkpoint.opening import open_checkpoint
from paddock.config import Settings
from paddock.engine.opening import OpenOptions, packed_folder
from paddock.engine.precision import Precision
from paddock.llama.chat import load_chat_format
from paddock.serve.models.budget import default_budget_bytes
from paddock.serve.models.native import NativeLoader, NativeOptions
from paddock.serve.served import Served

# Below this size float32 costs little, and logits that bfloat16 would make equal stay apart.
FLOAT32_PARAMETERS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Alone:
    """How the model is opened."""

    precision: Precision = Precision.AUTO
    device: str = "auto"
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
            opening, max_sequences=1, draft=alone.draft, prompt_lookup=alone.prompt_lookup
        )
    )
    budget = settings.serve_memory or default_budget_bytes()
    need = await asyncio.to_thread(loader.need, path, budget)
    loaded = await loader.load(path, (), need)
    try:
        yield Served(
            name=name,
            backend=loaded.backend,
            tokenizer=loaded.tokenizer,
            chat=loaded.chat,
            config=loaded.config,
            context=loaded.context,
            vocabulary=loaded.vocabulary,
            adapter=None,
            folder=path,
            created=0,
            guard=loaded.guard,
        )
    finally:
        await asyncio.to_thread(loaded.close)


def exact_precision(path: Path) -> Precision:
    """float32 for models up to a billion parameters, others as they are stored."""
    small = open_checkpoint(path).config.parameter_count() <= FLOAT32_PARAMETERS
    return Precision.FLOAT32 if small else Precision.AUTO


def with_template(served: Served) -> Served:
    """The model, where it was trained for conversations; raises BadTemplate."""
    if served.chat is None:
        load_chat_format(served.folder, served.tokenizer)
    return served

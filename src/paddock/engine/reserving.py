"""The runners of an engine before its first step: whether they go together, and their KV cache."""

from __future__ import annotations

from paddock.engine.errors import EngineOutOfMemory
from paddock.engine.step import Runner
from paddock.errors import BadInput


def reserved(runner: Runner, draft: Runner | None, blocks: int) -> list[Runner]:
    """The runners, each with so many blocks; raises BadInput, EngineOutOfMemory."""
    if draft is None:
        runners = [runner]
    elif draft.config.vocab_size == runner.config.vocab_size:
        runners = [runner, draft]
    else:
        raise BadInput(
            f"the draft model knows {draft.config.vocab_size} tokens, the model "
            f"{runner.config.vocab_size}",
            hint="a draft model needs the model's own tokenizer",
        )
    for each in runners:
        try:
            each.reserve(blocks)
        except MemoryError as e:
            raise EngineOutOfMemory(
                f"there is no room for a KV cache of {blocks} blocks "
                f"({blocks * each.block_bytes} bytes)",
                hint="give the engine fewer blocks",
            ) from e
    return runners

"""Embeddings: the model's final state after a text's last token, at length one."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddock.engine.request import Finish, Request
from paddock.errors import shown
from paddock.serve.served import Served
from paddock.serve.text.completing import RawPrompt
from paddock.serve.text.errors import AnswerCutOff, BadDimensions, GenerationFailed, TextRefused

_TINY: Final = 1e-30


class Embedded(NamedTuple):
    """A vector of length one, and the tokens that were read for it."""

    vector: NDArray[np.float32]
    prompt_tokens: int


async def embed(served: Served, request_id: str, prompt: RawPrompt) -> Embedded:
    """The embedding of one prompt.

    Raises what the engine's ``submit`` raises, TextRefused, AnswerCutOff and GenerationFailed.
    """
    refusal = await served.guard.check_prompt(prompt.text) if served.guard else None
    if refusal is not None:
        raise TextRefused(refusal.text)
    ids = prompt.token_ids
    asked = Request(id=request_id, prompt=ids, max_tokens=0, adapter=served.adapter, embed=True)
    async with served.backend.outputs(asked) as outputs:
        async for output in outputs:
            if output.finish is Finish.CANCELLED:
                raise AnswerCutOff(f"the embedding was cut off: {output.error or 'cancelled'}")
            if output.finish is Finish.ERROR or (output.finish and output.embedding is None):
                raise GenerationFailed(output.error or "the model gave no embedding")
            if output.embedding is not None:
                return Embedded(_unit(np.asarray(output.embedding, np.float32)), len(ids))
    raise GenerationFailed("the model gave no embedding")


def shortened(vector: NDArray[np.float32], dimensions: int | None) -> NDArray[np.float32]:
    """The first dimensions alone, at length one again; raises BadDimensions."""
    if dimensions is None:
        return vector
    if not 1 <= dimensions <= len(vector):
        raise BadDimensions(
            f"dimensions is {shown(dimensions)}; this model's embeddings have {len(vector)}"
        )
    return _unit(vector[:dimensions])


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.sqrt(np.square(vector, dtype=np.float64).sum()))
    return (vector / max(length, _TINY)).astype(np.float32)

"""One step of a mixed batch, and what a runner of such steps must offer.

A step holds chunks of prompts and single new tokens alike: each sequence brings one or more tokens
that follow what its blocks already hold. Letters: T new tokens of all sequences, S sequences,
B blocks, R rows whose result is wanted, V vocabulary, D model width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.request import Sampling, TokenLogprob

BLOCK_TOKENS: Final = 16  # positions of a block of the KV cache

Int32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Step:
    """What is computed at once. Keys and values of all new tokens are written before any is read.

    The position of a sequence's new token ``i`` is ``lengths_S[s] - new + i``, where ``new`` is
    ``starts_S[s + 1] - starts_S[s]``; position ``p`` is in block ``tables_SB[s, p // 16]``.
    """

    tokens_T: Int32
    starts_S: Int32  # [S + 1], where each sequence's tokens begin; the last is T
    lengths_S: Int32  # tokens of each sequence after this step, those in its blocks included
    tables_SB: Int32  # block numbers, row-major; what is beyond a sequence's length is not read
    adapters_S: Int32  # the slot of each sequence's adapter, -1 for none
    wanted_R: Int32  # indices into T, ascending


@dataclass(slots=True)
class Row:
    """How the token of one wanted row is chosen, or which one is scored instead."""

    sampling: Sampling
    position: int  # of the token to choose: with the seed it decides the draw
    prompt: Sequence[int] = ()  # what penalties count
    output: Sequence[int] = ()
    forbidden: frozenset[int] = frozenset()  # stop tokens before min_tokens
    mask_V: NDArray[np.uint32] | None = None  # 32 tokens a word, low bit first: 1 is allowed
    logprobs: int | None = None
    score: int | None = None  # the token that stands here: only its logprob is wanted


class Runner(Protocol):
    """Runs steps of one model. One thread calls it; a step that raises leaves blocks undefined."""

    config: LlamaConfig

    @property
    def block_bytes(self) -> int:
        """Bytes that one block of the KV cache takes over all layers."""

    def reserve(self, blocks: int) -> None:
        """Make room for the KV cache; raises MemoryError. Once, before any step."""

    def logits(self, step: Step) -> Any:
        """Logits of the wanted rows, ``[R, V]``; wherever and in whatever type the runner likes."""

    def hidden(self, step: Step) -> NDArray[np.float32]:
        """The final, normalised states of the wanted rows instead, ``[R, D]``."""

    def choose(self, logits: Any, rows: Sequence[Row]) -> list[TokenLogprob | None]:
        """The token of each row; None where the model gave no number (NaN) or nothing is allowed.

        ``logprob`` is that of the model at temperature 1, before penalties, bias and masks.
        """

    def put_adapter(self, slot: int, adapter: Any) -> None:
        """Have a LoRA adapter (``paddock.engine.adapters``) at a slot, replacing what is there."""

    def drop_adapter(self, slot: int) -> None:
        """Free the slot's memory."""

    def close(self) -> None:
        """Free everything."""

"""A request while it is in hand: its tokens, and what of them is computed.

Changed by the engine's thread alone. ``tokens`` is the prompt and the output; ``computed`` of them,
from the first, have keys and values in ``table``'s blocks. What is left, at least one token, is
pending. Preemption sets ``computed`` to 0 and keeps the tokens: nothing is chosen twice.
"""

from __future__ import annotations

import time
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paddock.engine.request import Request, TokenLogprob
from paddock.engine.step import BLOCK_TOKENS

if TYPE_CHECKING:
    from paddock.engine.adapter_slots import LoadedAdapter
    from paddock.engine.grammar.matching import Matcher

WAITING, RUNNING, ENDED = range(3)


@dataclass(slots=True, eq=False)
class Sequence:
    """One request in hand."""

    request: Request
    arrival: int  # a number that grows from request to request
    limit: int  # new tokens at most, the context's end included
    stop_ids: frozenset[int]
    tokens: array[int]
    root: bytes  # what its first block's digest begins from
    chain: list[bytes]  # digests of full blocks, the prompt's at first
    adapter: LoadedAdapter | None = None
    matcher: Matcher | None = None
    state: int = WAITING
    is_cancelled: bool = False  # asked for, by another thread
    slot: int = -1  # its row of the block tables, while it runs
    computed: int = 0
    published: int = 0  # blocks from the first that the prefix cache has been told of
    drafted: int = 0  # tokens that the draft model has computed
    table: list[int] = field(default_factory=list)
    output: list[int] = field(default_factory=list)
    scores: list[TokenLogprob | None] = field(default_factory=list)  # of the prompt's tokens
    cached_tokens: int = -1  # of the prompt, when it first ran; -1 before
    submitted_at: float = field(default_factory=time.monotonic)
    queue_seconds: float = 0.0  # until it first ran
    acceptance: float = 0.5  # of proposals, lately
    quiet_steps: int = 0  # since one was made

    @property
    def pending(self) -> int:
        """Tokens without keys and values."""
        return len(self.tokens) - self.computed

    @property
    def is_decoding(self) -> bool:
        """Whether one token is pending and it follows the prompt."""
        return bool(self.output) and len(self.tokens) - self.computed == 1

    @property
    def wants_scores(self) -> bool:
        """Whether tokens of its prompt are still to be scored."""
        request = self.request
        return request.prompt_logprobs is not None and len(self.scores) < len(request.prompt)

    @property
    def shareable_blocks(self) -> int:
        """Blocks that may come from the cache: the last token, and rows to score, are computed."""
        tokens = len(self.tokens) - 1
        if self.wants_scores:
            # The row of position i scores the token after it.
            tokens = min(tokens, max(0, len(self.scores) - 1))
        return min(tokens // BLOCK_TOKENS, len(self.chain))

    def blocks_for(self, tokens: int) -> int:
        """Blocks that are missing before ``tokens`` more can be computed."""
        return -(-(self.computed + tokens) // BLOCK_TOKENS) - len(self.table)

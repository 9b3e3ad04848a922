"""How large an engine is, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from paddock.errors import BadInput

if TYPE_CHECKING:
    from paddock.engine.grammar.matching import Vocabulary


_AT_LEAST_ONE: Final = (
    "blocks", "max_sequences", "max_waiting", "max_forms", "context", "logits_bytes", "free_rows",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """The engine's limits; ``blocks`` times the runner's ``block_bytes`` is the KV cache."""

    blocks: int  # of the KV cache; with a draft model, as many of its own
    max_sequences: int = 64  # computed at once
    max_step_tokens: int = 512  # of one step: decoding first, prompts with the rest
    max_waiting: int = 1024  # requests beyond those that are computed
    max_forms: int = 128  # different grammars of all in hand: each may take some megabytes
    context: int | None = None  # shorter than the model's
    logits_bytes: int = 64 << 20  # bounds the rows of a step, where a prompt is scored
    prefix_cache: bool = True
    prompt_lookup: bool = False  # propose what followed the same tokens before
    max_proposals: int = 8  # of a sequence and step, whoever proposes
    # What proposals cost; None: measured once, where anybody but a grammar proposes.
    free_rows: int | None = None  # tokens that a step computes in twice the time of one
    draft_cost: float | None = None  # time of a draft model's step, in steps of the model
    max_adapters: int = 8
    vocabulary: Vocabulary | None = None  # None: grammars are refused

    def __post_init__(self) -> None:
        for name in _AT_LEAST_ONE:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise BadInput(f"{name} is {value}; it must be at least 1")
        if self.max_step_tokens < self.max_sequences:
            raise BadInput(
                f"a step of {self.max_step_tokens} tokens cannot hold one "
                f"of each of {self.max_sequences} sequences"
            )
        if self.max_proposals < 0 or self.max_adapters < 0 or (self.draft_cost or 0) < 0:
            raise BadInput("max_proposals, max_adapters and draft_cost must not be negative")

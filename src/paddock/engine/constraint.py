"""A grammar's say in a step: which tokens it allows, there and after each proposal."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.matching import Matcher, Vocabulary
from paddock.engine.scheduler import Chunk


def constrain(chunk: Chunk, matcher: Matcher) -> None:
    """Give the chunk its masks, and cut its proposals where one is not allowed.

    The matcher is afterwards where it was. Raises BadGrammar where the grammar became too costly;
    where it would after a proposal, the proposal is cut, for the model may draw another token.
    """
    masks = [matcher.mask()]
    accepted = 0
    with suppress(BadGrammar):
        for token_id in chunk.proposals:
            ends = token_id in chunk.sequence.stop_ids
            if ends or not _allows(masks[-1], token_id) or not matcher.accept(token_id):
                break
            accepted += 1
            masks.append(matcher.mask())
    matcher.rollback(accepted)
    chunk.proposals = chunk.proposals[: len(masks) - 1]
    chunk.masks = masks


def is_at_end(matcher: Matcher, vocabulary: Vocabulary) -> bool:
    """Whether the text is whole and nothing can follow it; raises BadGrammar."""
    return matcher.is_complete() and bool(np.array_equal(matcher.mask(), vocabulary.eos_mask))


def _allows(mask_V: NDArray[np.uint32], token_id: int) -> bool:
    return bool(int(mask_V[token_id // 32]) >> (token_id % 32) & 1)

"""How many proposals are worth checking.

A step of T tokens takes about ``1 + T / free_rows`` times what one of few tokens takes: weights are
read once for all of them, and then arithmetic counts. So T tokens of which each brings one result
give ``T / (free_rows + T)`` results per unit of cost, and one proposal more is worth checking where
its chance to be accepted is above that; a proposal of a draft model must earn the draft's step
besides. With many sequences, or on long prompts, hardly any proposal is.
"""

from __future__ import annotations

from typing import Final

from paddock.engine.sequence import Sequence

_WEIGHT: Final = 0.15  # of a new observation in the running mean
_MOST: Final = 64
_TRY_EVERY: Final = 32  # steps after which one proposal is tried where none seems worth it


def worthwhile(sequence: Sequence, step_tokens: int, free_rows: int, extra_cost: float) -> int:
    """How many proposals to ask for: each one is accepted only if all before it are."""
    threshold = step_tokens / (free_rows + step_tokens) + extra_cost
    chance, count = sequence.acceptance, 0
    while chance > threshold and count < _MOST:
        chance *= sequence.acceptance
        count += 1
    if count:
        return count
    sequence.quiet_steps += 1
    # A try costs a row: where rows are what a step's time goes to, it is left out.
    if sequence.quiet_steps >= _TRY_EVERY and step_tokens <= free_rows:
        sequence.quiet_steps = 0
        return 1
    return 0


def learn(sequence: Sequence, proposed: int, accepted: int) -> None:
    """Take note of how many of the proposals were right; those after a wrong one say nothing."""
    seen = min(proposed, accepted + 1)
    for index in range(seen):
        right = 1.0 if index < accepted else 0.0
        sequence.acceptance += _WEIGHT * (right - sequence.acceptance)
    sequence.acceptance = min(sequence.acceptance, 0.98)

"""A small model that guesses, in the same blocks as the model that decides.

It has a KV cache of its own with as many blocks, and uses the sequence's own block table: prefixes
that are shared, and blocks that are taken away, are so for both. What it has not computed of a text
(because it was not asked for a while) it computes before it guesses. It draws with the request's
own seed and position, so the two agree often at any temperature. Adapters are the big model's only.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from paddock.engine.scheduler import Chunk
from paddock.engine.sequence import Sequence
from paddock.engine.step import Row, Runner, Step

_CATCH_UP_TOKENS: Final = 512  # of texts that the draft model has not seen, in one step


@dataclass(slots=True, eq=False)
class Guess:
    """Proposals for one chunk, as they grow."""

    chunk: Chunk
    count: int  # wanted
    tokens: list[int] = field(default_factory=list)


class Draft:
    """Proposals from a draft model's runner."""

    def __init__(self, runner: Runner, tables_SB: NDArray[np.int32]) -> None:
        self.runner = runner
        self._tables_SB = tables_SB

    def guess(self, guesses: list[Guess]) -> None:
        """Fill in the proposals; the blocks for them must be in the tables."""
        active = self._caught_up(guesses)
        while active:
            step, rows = self._step(active)
            choices = self.runner.choose(self.runner.logits(step), rows)
            going_on = []
            for guess, choice in zip(active, choices, strict=True):
                sequence = guess.chunk.sequence
                sequence.drafted = len(sequence.tokens) + len(guess.tokens)
                if choice is None:
                    continue
                guess.tokens.append(choice.token_id)
                if len(guess.tokens) < guess.count and self._fits(sequence, len(guess.tokens)):
                    going_on.append(guess)
            active = going_on

    def _fits(self, sequence: Sequence, guessed: int) -> bool:
        return len(sequence.tokens) + guessed < self.runner.config.context

    def _caught_up(self, guesses: list[Guess]) -> list[Guess]:
        """Those whose text the draft model has seen but for the last tokens, in bounded work."""
        ready, left = [], _CATCH_UP_TOKENS
        behind: list[tuple[Sequence, int]] = []
        for guess in guesses:
            sequence = guess.chunk.sequence
            missing = len(sequence.tokens) - sequence.drafted
            if not self._fits(sequence, 0):
                continue
            if missing <= left:
                left -= missing
                ready.append(guess)
            elif left:
                behind.append((sequence, left))
                left = 0
        for sequence, tokens in behind:
            self.runner.logits(self._catching_up(sequence, tokens))
            sequence.drafted += tokens
        return ready

    def _catching_up(self, sequence: Sequence, tokens: int) -> Step:
        first, end = sequence.drafted, sequence.drafted + tokens
        return Step(
            np.array(sequence.tokens[first:end], np.int32),
            np.array([0, tokens], np.int32),
            np.array([end], np.int32),
            self._tables_SB[[sequence.slot], : len(sequence.table)],
            np.array([-1], np.int32),
            np.zeros(0, np.int32),
        )

    def _step(self, active: list[Guess]) -> tuple[Step, list[Row]]:
        """The next token of each; in the first round, with what the draft model has missed."""
        tokens, starts, lengths, slots = array("i"), array("i", [0]), array("i"), array("i")
        rows, width = [], 1
        for guess in active:
            sequence = guess.chunk.sequence
            if guess.tokens:
                tokens.append(guess.tokens[-1])
            else:
                tokens.extend(sequence.tokens[sequence.drafted :])
            starts.append(len(tokens))
            lengths.append(len(sequence.tokens) + len(guess.tokens))
            slots.append(sequence.slot)
            width = max(width, len(sequence.table))
            rows.append(_row(guess))
        starts_S = np.array(starts, np.int32)
        tables = self._tables_SB[np.array(slots, np.int32), :width]
        step = Step(
            np.array(tokens, np.int32), starts_S, np.array(lengths, np.int32), tables,
            np.full(len(active), -1, np.int32), starts_S[1:] - 1,
        )  # fmt: skip
        return step, rows


def _row(guess: Guess) -> Row:
    sequence = guess.chunk.sequence
    request = sequence.request
    guessed = len(guess.tokens)
    output = sequence.output + guess.tokens if guessed else sequence.output
    row = Row(request.sampling, len(sequence.tokens) + guessed, request.prompt, output)
    if len(sequence.output) + guessed < request.min_tokens:
        row.forbidden = sequence.stop_ids
    return row

"""Who guesses for which sequence of a planned step: the grammar, the text itself, a draft model.

A draft model that fails is given up; requests go on without it.
"""

from __future__ import annotations

from paddock.engine.errors import BadGrammar
from paddock.engine.options import EngineOptions
from paddock.engine.scheduler import Chunk, Scheduler
from paddock.engine.sequence import Sequence
from paddock.engine.speculation.costs import Costs
from paddock.engine.speculation.draft import Draft, Guess
from paddock.engine.speculation.lookup import look_up
from paddock.engine.speculation.pace import worthwhile
from paddock.engine.step import Runner
from paddock.log import get_logger

_log = get_logger("engine")


class Proposer:
    """Adds proposals to the decoding sequences of planned steps."""

    def __init__(
        self, options: EngineOptions, scheduler: Scheduler, draft: Runner | None, costs: Costs
    ) -> None:
        self._options = options
        self._scheduler = scheduler
        self._costs = costs
        self._draft = None if draft is None else Draft(draft, scheduler.paging.tables_SB)

    def propose(self, chunks: list[Chunk]) -> None:
        """Add proposals where they are worth their cost and room is left."""
        guesses: list[Guess] = []
        step_tokens = sum(chunk.tokens for chunk in chunks)
        for chunk in chunks:
            sequence = chunk.sequence
            # The last token needs no proposals, and nothing is proposed beyond it.
            most = min(self._options.max_proposals, sequence.limit - len(sequence.output) - 1)
            if most > 0 and sequence.is_decoding and not self._propose_forced(chunk, most):
                self._propose_free(chunk, most, step_tokens, guesses)
        if guesses and self._draft is not None:
            self._ask_draft(self._draft, guesses)

    def _propose_forced(self, chunk: Chunk, most: int) -> bool:
        matcher = chunk.sequence.matcher
        if matcher is None:
            return False
        try:
            forced = matcher.forced()[:most]
        except BadGrammar:  # found again, and told, when the mask is made
            return True
        if forced:
            self._scheduler.propose(chunk, forced)
            chunk.is_forced = True
        return bool(forced)

    def _propose_free(
        self, chunk: Chunk, most: int, step_tokens: int, guesses: list[Guess]
    ) -> None:
        sequence = chunk.sequence
        if self._options.prompt_lookup:
            count = min(most, self._count(sequence, step_tokens, 0.0))
            found = look_up(sequence.tokens, count) if count else []
            if found:
                self._scheduler.propose(chunk, found)
                return
        if self._draft is not None:
            count = min(most, self._count(sequence, step_tokens, self._costs.draft_cost))
            if count and self._scheduler.paging.grow(sequence, 1 + count):
                guesses.append(Guess(chunk, count))

    def _count(self, sequence: Sequence, step_tokens: int, extra_cost: float) -> int:
        return worthwhile(sequence, step_tokens, self._costs.free_rows, extra_cost)

    def _ask_draft(self, draft: Draft, guesses: list[Guess]) -> None:
        try:
            draft.guess(guesses)
        except Exception as e:
            _log.error("the draft model failed and is used no more", error=repr(e))
            self._draft = None
            return
        for guess in guesses:
            self._scheduler.propose(guess.chunk, guess.tokens)

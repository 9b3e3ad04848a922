"""A planned step through the runner: logits, choices, and what they mean for each sequence.

Knows no waiting and no threads. Whatever the runner raises passes through.
"""

from __future__ import annotations

import numpy as np

from paddock.engine.batch import rows_of, step_of
from paddock.engine.constraint import constrain
from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.matching import Vocabulary
from paddock.engine.outcome import NO_NUMBER, Outcome, advance, output_of, refusal_of
from paddock.engine.request import Finish
from paddock.engine.scheduler import Chunk, Scheduler
from paddock.engine.speculation.pace import learn
from paddock.engine.step import Row, Runner

Results = list[tuple[Chunk, Outcome]]


class Computing:
    """Runs planned steps on a runner. One thread uses it."""

    def __init__(self, runner: Runner, scheduler: Scheduler, vocabulary: Vocabulary | None) -> None:
        self._runner = runner
        self._scheduler = scheduler
        self._vocabulary = vocabulary

    def run(self, chunks: list[Chunk]) -> Results:
        """Compute the chunks; each one's outcome, its sequence advanced."""
        results: Results = []
        texts, embeddings = [], []
        for chunk in chunks:
            if chunk.sequence.request.embed:
                embeddings.append(chunk)
            elif (refused := _constrained(chunk)) is not None:
                results.append((chunk, refused))
            else:
                texts.append(chunk)
        if texts:
            results += self._texts(texts)
        if embeddings:
            results += self._embeddings(embeddings)
        return results

    def _texts(self, chunks: list[Chunk]) -> Results:
        step = step_of(chunks, self._scheduler.paging.tables_SB)
        rows: list[Row] = []
        ends = []
        for chunk in chunks:
            rows += rows_of(chunk)
            ends.append(len(rows))
        logits = self._runner.logits(step)
        choices = self._runner.choose(logits, rows) if rows else []
        results, begin = [], 0
        for chunk, end in zip(chunks, ends, strict=True):
            outcome = advance(chunk, choices[begin:end], self._vocabulary)
            begin = end
            self._settle(chunk, outcome)
            results.append((chunk, outcome))
        return results

    def _embeddings(self, chunks: list[Chunk]) -> Results:
        step = step_of(chunks, self._scheduler.paging.tables_SB)
        states_RD = self._runner.hidden(step)
        results: Results = []
        row = 0
        for chunk in chunks:
            outcome = Outcome(None)
            if chunk.tokens == chunk.sequence.pending:
                outcome = _embedding(chunk, states_RD[row])
                row += 1
            self._settle(chunk, outcome)
            results.append((chunk, outcome))
        return results

    def _settle(self, chunk: Chunk, outcome: Outcome) -> None:
        """Count what is computed now, and let others share it if it is sound."""
        sequence, accepted = chunk.sequence, outcome.accepted
        if outcome.output is not None and outcome.output.finish is Finish.ERROR:
            if outcome.output.error == NO_NUMBER:
                self._scheduler.paging.forget(sequence)
            return
        sequence.drafted = min(sequence.drafted, sequence.computed + chunk.tokens + accepted)
        self._scheduler.computed(chunk, chunk.tokens + accepted)
        if chunk.proposals:
            counters = self._scheduler.counters
            counters.proposed_tokens += len(chunk.proposals)
            counters.accepted_tokens += accepted
            if not chunk.is_forced:
                learn(sequence, len(chunk.proposals), accepted)


def _constrained(chunk: Chunk) -> Outcome | None:
    """Give the chunk its grammar's masks; an outcome where the grammar cannot be followed."""
    matcher = chunk.sequence.matcher
    if matcher is None or chunk.tokens < chunk.sequence.pending:
        return None
    try:
        constrain(chunk, matcher)
    except BadGrammar as e:
        return Outcome(refusal_of(chunk.sequence, e))
    return None


def _embedding(chunk: Chunk, state_D: np.ndarray) -> Outcome:
    if not np.isfinite(state_D).all():
        return Outcome(output_of(chunk.sequence, Finish.ERROR, NO_NUMBER))
    output = output_of(chunk.sequence, Finish.LENGTH)
    output.embedding = state_D.tolist()
    return Outcome(output)

"""Step after step: what is in hand is planned, guessed ahead and computed, and requests end.

Knows no threads and nobody who asks: ``engine`` brings requests and takes what they came to. What
goes wrong with one request ends that one. Where the runner fails, all that ran end, and what their
blocks hold is shared with nobody; after three failures in a row, all that wait end too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from paddock.engine.adapter_slots import AdapterSlots
from paddock.engine.computing import Computing, Results
from paddock.engine.outcome import output_of
from paddock.engine.request import Finish, Output
from paddock.engine.scheduler import Chunk, Scheduler
from paddock.engine.sequence import ENDED, Sequence
from paddock.engine.speculation.proposer import Proposer
from paddock.engine.stats import EngineStats
from paddock.log import get_logger

_MAX_FAILURES: Final = 3  # steps that fail one after another before the engine gives up
_log = get_logger("engine")


class News(NamedTuple):
    """What steps came to that nobody was told yet."""

    outputs: list[Output]
    ended: list[Sequence]


class Stepping:
    """Sequences in hand, from the first step to their end. One thread uses it."""

    def __init__(
        self,
        scheduler: Scheduler,
        proposer: Proposer,
        computing: Computing,
        adapters: AdapterSlots,
    ) -> None:
        self.given_up: str | None = None  # why no step will be computed any more
        self._scheduler = scheduler
        self._proposer = proposer
        self._computing = computing
        self._adapters = adapters
        self._counters = scheduler.counters
        self._news = News([], [])
        self._failures = 0  # in a row
        self._last_step = (0, 0)  # tokens, sequences

    def add(self, sequence: Sequence) -> None:
        """A new request."""
        self._scheduler.add(sequence)

    def cancel(self, sequence: Sequence) -> None:
        """End it, if it has not ended."""
        if sequence.state != ENDED:
            self._end(sequence, output_of(sequence, Finish.CANCELLED))

    def step(self) -> bool:
        """Compute one step; False where nothing is in hand."""
        chunks = self._scheduler.plan()
        if not chunks:
            if self._scheduler.has_work:
                raise RuntimeError("requests are in hand and nothing can be computed")
            return False
        try:
            self._proposer.propose(chunks)
            results = self._computing.run(chunks)
        except Exception as e:
            self._fail(e)
        else:
            self._settle(chunks, results)
        return True

    def take_news(self) -> News:
        """What there is to tell; it is told once."""
        news, self._news = self._news, News([], [])
        return news

    def stats(self, arriving: int) -> EngineStats:
        """What is in hand, with those that have not been added yet. Any thread."""
        pool = self._scheduler.paging.pool
        free, idle = pool.free, pool.idle
        tokens, sequences = self._last_step
        return EngineStats(
            waiting=len(self._scheduler.queue) + arriving,
            running=len(self._scheduler.running),
            blocks_used=pool.total - free - idle,
            blocks_free=free,
            blocks_cached=idle,
            last_step_tokens=tokens,
            last_step_sequences=sequences,
            counters=replace(self._counters),
        )

    def abandon(self, left: list[Sequence], why: str) -> None:
        """End these but for those that ended in the last step; asks nothing of the scheduler."""
        ended = {*self._news.ended}
        for sequence in left:
            if sequence not in ended:
                self._counters.count_end(Finish.ERROR)
                self._news.outputs.append(output_of(sequence, Finish.ERROR, why))
        self._news.ended.clear()

    def clear(self) -> None:
        """Forget every sequence, and free all blocks."""
        self._scheduler.clear()

    def let_go_of_adapter(self, sequence: Sequence) -> None:
        """It needs its adapter no more."""
        if sequence.adapter is not None:
            self._adapters.let_go(sequence.adapter)
            sequence.adapter = None

    def _settle(self, chunks: list[Chunk], results: Results) -> None:
        """The step is computed: tell what it brought, and count."""
        self._failures = 0
        tokens = 0
        for chunk, outcome in results:
            tokens += chunk.tokens + len(chunk.proposals)
            if outcome.output is None:
                continue
            self._counters.generated_tokens += len(outcome.output.token_ids)
            if outcome.output.finish is None:
                self._news.outputs.append(outcome.output)
            else:
                self._end(chunk.sequence, outcome.output)
        self._counters.steps += 1
        self._counters.step_tokens += tokens
        self._last_step = (tokens, len(chunks))

    def _fail(self, error: Exception) -> None:
        """The runner failed: what ran is lost, and what the blocks hold is not to be trusted."""
        _log.error("a step failed", error=repr(error), failures=self._failures + 1)
        self._failures += 1
        self._counters.failed_steps += 1
        what = "memory ran out" if isinstance(error, MemoryError) else "the model could not be run"
        for sequence in self._scheduler.running.copy():
            self._end(sequence, output_of(sequence, Finish.ERROR, what))
        self._scheduler.paging.forget_all()
        if self._failures < _MAX_FAILURES:
            return
        self.given_up = f"the engine has failed: {what}"
        while (waiting := self._scheduler.queue.first()) is not None:
            self._end(waiting, output_of(waiting, Finish.ERROR, what))

    def _end(self, sequence: Sequence, output: Output) -> None:
        self._counters.count_end(output.finish)
        self._news.outputs.append(output)
        self._news.ended.append(sequence)
        self._scheduler.end(sequence)
        self.let_go_of_adapter(sequence)
